//! Bodies of answers, as far as they are no documents of `gantry-views`.

use std::collections::BTreeMap;

use gantry_events::{
    LogId, NodeId, ProjectName, ReleaseNumber, ReplicaId, Scope, Seq, ServiceName, Time,
};
use gantry_spec::{Change, Turnover};
use gantry_views::why::Link;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::FieldError;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct List<T> {
    /// The entities, sorted by id; operations by their place in the log.
    pub items: Vec<T>,
    /// Where the next page begins, to be passed as `cursor`; none on the last page.
    pub next: Option<String>,
    /// The sequence that every page of this list reflects.
    #[schema(value_type = u64)]
    pub seq: Seq,
}

/// What a file would change, as far as files tell. Nothing is stored and nothing is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// The project.
    #[schema(value_type = String)]
    pub project: ProjectName,
    /// The release it is compared with, with the numbers of replicas that are wanted now; none for a new
    /// project.
    #[schema(value_type = Option<u32>)]
    pub release: Option<ReleaseNumber>,
    /// What differs, service by service; empty where nothing does.
    #[schema(value_type = Vec<Object>)]
    pub changes: Vec<Change>,
    /// What that does to the replicas of each service that differs.
    #[schema(value_type = Object)]
    pub replicas: BTreeMap<ServiceName, Turnover>,
    /// What is valid but doubtful in the file.
    pub warnings: Vec<FieldError>,
    /// The sequence that this reflects.
    #[schema(value_type = u64)]
    pub seq: Seq,
}

/// Why an entity is as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Why {
    /// What it is: `replica`.
    pub kind: String,
    /// Its project, or `cluster`.
    #[schema(value_type = String)]
    pub scope: Scope,
    /// Its id.
    pub id: String,
    /// How it is now, in a sentence.
    pub says: String,
    /// What led to that, the newest first; the last is what was asked for, where that is known.
    pub links: Vec<Link>,
    /// The sequence that this reflects.
    #[schema(value_type = u64)]
    pub seq: Seq,
}

/// One version of an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Past {
    /// First sequence at which it was so.
    #[schema(value_type = u64)]
    pub from: Seq,
    /// First sequence at which it was so no more; none for the current version.
    #[schema(value_type = Option<u64>)]
    pub to: Option<Seq>,
    /// When it became so.
    #[schema(value_type = String, format = DateTime)]
    pub time: Time,
    /// The entity as it was.
    #[schema(value_type = Object)]
    pub doc: serde_json::Value,
}

/// What a node needs besides its own key to take part in the bus. The credential is the token and the
/// key's secret half together; that half never leaves the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JoinAnswer {
    /// The node it is.
    #[schema(value_type = String)]
    pub node: NodeId,
    /// Name of the cluster.
    pub cluster: String,
    /// The log it takes part in.
    #[schema(value_type = String, format = Uuid)]
    pub log: LogId,
    /// Its identity on the bus: a NATS user JWT for its public key, with its permissions.
    pub jwt: String,
    /// What checks the control plane's answers: an Ed25519 public key as hexadecimal digits.
    pub answer_public: String,
}

/// One line of a replica's output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// The replica.
    #[schema(value_type = String)]
    pub replica: ReplicaId,
    /// `stdout` or `stderr`; `notice` where no replica wrote it: whether its lines can be read.
    pub stream: String,
    /// When the engine read it.
    #[schema(value_type = String, format = DateTime)]
    pub time: Time,
    /// The line, without its end.
    pub line: String,
    /// Names the line, for `since`.
    pub cursor: String,
}

/// What answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// Version of the program.
    pub version: String,
    /// Name of the cluster.
    pub cluster: String,
    /// The log it serves.
    #[schema(value_type = String, format = Uuid)]
    pub log: LogId,
    /// The sequence its read model has reached.
    #[schema(value_type = u64)]
    pub seq: Seq,
}
