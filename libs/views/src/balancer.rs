//! A balancer: which route table is live in it.

use gantry_events::{BalancerId, Seq, TableApplied, Time, Writer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{DocKey, Documents, Entry, Standing};

/// A balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BalancerDoc {
    /// Its id.
    #[schema(value_type = String)]
    pub id: BalancerId,
    /// How far it is.
    pub state: BalancerState,
    /// Since when it is so far, and what it waits for.
    #[serde(flatten)]
    pub standing: Standing,
    /// Sequence that its live table rests on; zero before the first.
    #[schema(value_type = u64)]
    pub table: Seq,
    /// When it said so.
    #[schema(value_type = String, format = DateTime)]
    pub applied: Time,
    /// How many hosts it routes.
    pub hosts: u32,
    /// How many replicas it routes to.
    pub routed: u32,
}

/// How far a balancer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BalancerState {
    /// It is about to be given its first table.
    Joining,
    /// It has a table.
    Live,
}

impl BalancerDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::balancer(&self.id)
    }
}

/// A balancer's table is live.
pub(crate) fn applied(entry: &Entry<'_>, fact: &TableApplied, documents: &mut Documents) {
    if *entry.writer != Writer::Balancer(fact.balancer.clone()) {
        return;
    }
    let before = documents.find::<BalancerDoc>(&DocKey::balancer(&fact.balancer));
    let state = match fact.is_none_yet() {
        true => BalancerState::Joining,
        false => BalancerState::Live,
    };
    let standing = match (state, before) {
        (BalancerState::Joining, _) => {
            Standing::waiting(entry.time, "its first table", None::<Time>)
        }
        (BalancerState::Live, Some(doc)) if doc.state == state => doc.standing.clone(),
        (BalancerState::Live, _) => Standing::at_rest(entry.time),
    };
    documents.write(BalancerDoc {
        id: fact.balancer.clone(),
        state,
        standing,
        table: fact.table,
        applied: entry.time,
        hosts: fact.hosts,
        routed: u32::try_from(fact.routed.len()).unwrap_or(u32::MAX),
    });
}
