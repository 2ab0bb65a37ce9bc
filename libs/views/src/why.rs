//! Why an entity is as it is: from event to event, back to what was asked for.
//!
//! Pure: [`begins`] says where the chain of an entity begins, [`leads`] what to look for behind each
//! event, [`sentence`] what an event says to people. Leaves to others: finding events in the log.

mod leads;
mod words;

use gantry_events::{
    Actor, Evidence, Explanation, Fact, Kind, OperationId, Place, Scope, Seq, Time,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use leads::{Lead, Sought, begins, leads};
pub use words::sentence;

use crate::Said;

/// The longest chain that is told.
pub const LONGEST: usize = 24;

/// One event as the chain sees it.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// Where it stands.
    pub place: Place,
    /// When it was decided, or accepted.
    pub time: Time,
    /// Who caused it.
    pub actor: &'a Actor,
    /// The operation it belongs to.
    pub operation: Option<OperationId>,
    /// What its writer says led to it.
    pub cause: Option<Place>,
    /// Readings that decided it.
    pub evidence: &'a [Evidence],
    /// What it says.
    pub said: Said<'a>,
}

/// One link of a chain: what happened, and what it has to do with the link before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// What it is to the link before.
    pub relation: Relation,
    /// What happened, in a sentence.
    pub says: String,
    /// Sequence of its message.
    #[schema(value_type = u64)]
    pub seq: Seq,
    /// Index in its message, from 0.
    pub index: u32,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub time: Time,
    /// Who caused it.
    #[schema(value_type = String)]
    pub actor: Actor,
    /// Type and version of the event; a command is `operation.accepted.v1`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// What it is about: `service/web`.
    pub subject: String,
    /// A project, or `cluster`.
    #[schema(value_type = String)]
    pub scope: Scope,
    /// The operation it belongs to, if any.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub operation: Option<OperationId>,
    /// Readings of the world that decided it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub evidence: Vec<Evidence>,
    /// Why there, or why nowhere, of a placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub explanation: Option<Explanation>,
}

/// What a link is to the one before it, which is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The first: what made the entity as it is.
    Latest,
    /// It came before, on the same entity.
    Before,
    /// It led to it.
    Because,
    /// It asked for it.
    Asked,
}

impl Told<'_> {
    /// Type and version; a command is `operation.accepted.v1`.
    pub fn type_name(&self) -> &'static str {
        match &self.said {
            Said::Command(_) => leads::ACCEPTED,
            Said::Fact(fact) => fact.type_name(),
        }
    }

    fn subject(&self) -> (Kind, String) {
        match &self.said {
            Said::Command(command) => (Kind::Operation, command.operation.to_string()),
            Said::Fact(fact) => (fact.subject().kind, fact.subject().id),
        }
    }

    /// The event as a link; `after` is the one that it leads to.
    pub fn link(&self, after: Option<&Link>) -> Link {
        let (kind, id) = self.subject();
        let subject = format!("{}/{id}", kind.as_str());
        let relation = match (after, &self.said) {
            (None, _) => Relation::Latest,
            (Some(_), Said::Command(_)) => Relation::Asked,
            (Some(after), Said::Fact(_)) if after.subject == subject => Relation::Before,
            (Some(_), Said::Fact(_)) => Relation::Because,
        };
        Link {
            relation,
            says: sentence(&self.said),
            seq: self.place.seq,
            index: self.place.index,
            time: self.time,
            actor: self.actor.clone(),
            type_name: self.type_name().to_owned(),
            subject,
            scope: match &self.said {
                Said::Command(command) => command.intent.scope(),
                Said::Fact(fact) => fact.scope(),
            },
            operation: self.operation,
            evidence: self.evidence.to_vec(),
            explanation: explanation(&self.said),
        }
    }
}

fn explanation(said: &Said<'_>) -> Option<Explanation> {
    match said {
        Said::Fact(Fact::ReplicaPlaced(d)) => Some(d.explanation.clone()),
        Said::Fact(Fact::ServiceUnplaced(d)) => Some(d.explanation.clone()),
        // foreign: nothing else is a placement.
        Said::Fact(_) | Said::Command(_) => None,
    }
}
