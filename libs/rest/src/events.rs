//! Events as users meet them: CloudEvents 1.0, one for each fact and one for each accepted command.

use gantry_events::{Actor, OperationId, Place, Scope, Seq, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CloudEvent {
    /// Always `1.0`.
    pub specversion: String,
    /// `LOG:SEQ.INDEX`; also what a stream is resumed by.
    pub id: String,
    /// The writer: `scheduler`, `node/n1`.
    pub source: String,
    /// Type and version: `release.created.v1`; a command is `operation.accepted.v1`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// What it is about: `service/web`.
    pub subject: String,
    /// When it was decided, or accepted.
    #[schema(value_type = String, format = DateTime)]
    pub time: Time,
    /// Sequence of its message.
    #[schema(value_type = u64)]
    pub seq: Seq,
    /// Index in its message, from 0.
    pub index: u32,
    /// Who caused it.
    #[schema(value_type = String)]
    pub actor: Actor,
    /// The operation it belongs to, if any.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub operation: Option<OperationId>,
    /// Place of what led to it, if known.
    #[schema(value_type = Option<String>)]
    pub cause: Option<Place>,
    /// The trace it belongs to, if any.
    pub traceparent: Option<String>,
    /// A project, or `cluster`.
    #[schema(value_type = String)]
    pub scope: Scope,
    /// What it says.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

/// A page of events. It ends between commits, unless one alone is longer than the limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventPage {
    /// The events, in the log's order.
    pub items: Vec<CloudEvent>,
    /// What to pass as `after` for the rest; none when the page reaches `seq`.
    pub next: Option<String>,
    /// The sequence up to which the page was looked for.
    #[schema(value_type = u64)]
    pub seq: Seq,
}
