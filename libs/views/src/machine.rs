//! A machine: what a provider made, or should make, or should remove.

use std::collections::BTreeMap;

use gantry_events::{
    MachineCreated, MachineGone, MachineId, MachineKept, MachineLeaving, MachineOverdue,
    MachineReady, MachineRemoved, MachineRemoving, MachineRequested, MachineStarted, NodeId,
    PoolName,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::node::fold::{self as node, fitting};
use crate::short::short;
use crate::{DocKey, Documents, Entry, NodeState, Standing, pool};

/// A machine of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MachineDoc {
    /// Its id.
    #[schema(value_type = String)]
    pub id: MachineId,
    /// The node it is, or will be.
    #[schema(value_type = String)]
    pub node: NodeId,
    /// The pool it belongs to.
    #[schema(value_type = String)]
    pub pool: PoolName,
    /// What its provider calls it, once it is made.
    pub provider_id: Option<String>,
    /// Labels of its node, `pool` and `provider` among them.
    pub labels: BTreeMap<String, String>,
    /// How often it has been asked for, from 1.
    pub attempt: u32,
    /// How often it was started again after it had stopped.
    pub starts: u32,
    /// Whether its node has joined.
    pub joined: bool,
    /// How far it is.
    pub state: MachineState,
    /// Since when, waiting for what, until when.
    #[serde(flatten)]
    pub standing: Standing,
}

/// How far a machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MachineState {
    /// Its provider should make it.
    Requested,
    /// It is made; its node should join.
    Created,
    /// Its node has joined.
    Ready,
    /// Its node is to be drained; then it is removed.
    Leaving,
    /// Its provider should remove it.
    Removing,
    /// It was removed.
    Removed,
    /// It is no more, unasked; another takes its place.
    Gone,
}

impl MachineState {
    /// Whether it is no more.
    pub fn is_final(self) -> bool {
        self.end_of_its_node().is_some()
    }

    /// Whether it is on its way out.
    pub fn is_leaving(self) -> bool {
        matches!(self, Self::Leaving | Self::Removing)
    }

    /// What its node is once the machine is no more.
    pub(crate) fn end_of_its_node(self) -> Option<NodeState> {
        match self {
            Self::Removed => Some(NodeState::Removed),
            Self::Gone => Some(NodeState::Gone),
            Self::Requested | Self::Created | Self::Ready | Self::Leaving | Self::Removing => None,
        }
    }
}

impl MachineDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::machine(&self.id)
    }
}

/// A machine should exist.
pub(crate) fn requested(entry: &Entry<'_>, fact: &MachineRequested, documents: &mut Documents) {
    let key = DocKey::machine(&fact.machine);
    let before = documents.find::<MachineDoc>(&key).cloned();
    let after = MachineDoc {
        id: fact.machine.clone(),
        node: fact.node.clone(),
        pool: fact.pool.clone(),
        provider_id: None,
        labels: fitting(&fact.labels),
        attempt: fact.attempt,
        starts: 0,
        joined: false,
        state: MachineState::Requested,
        standing: Standing::waiting(entry.time, "its provider to make it", fact.until),
    };
    documents.write(after.clone());
    spread(entry, before.as_ref(), &after, documents);
}

/// The provider made the machine.
pub(crate) fn created(entry: &Entry<'_>, fact: &MachineCreated, documents: &mut Documents) {
    change(entry, &fact.machine, documents, |doc| {
        doc.provider_id = Some(short(&fact.provider_id, 300));
        doc.state = MachineState::Created;
        let what = format!("its node {} to join", doc.node);
        doc.standing = Standing::waiting(entry.time, what, fact.until);
    });
}

/// A machine that had stopped was started again.
pub(crate) fn started(entry: &Entry<'_>, fact: &MachineStarted, documents: &mut Documents) {
    change(entry, &fact.machine, documents, |doc| doc.starts += 1);
}

/// The machine's node has joined.
pub(crate) fn ready(entry: &Entry<'_>, fact: &MachineReady, documents: &mut Documents) {
    change(entry, &fact.machine, documents, |doc| {
        doc.joined = true;
        if !doc.state.is_leaving() {
            doc.state = MachineState::Ready;
            doc.standing = Standing::at_rest(entry.time);
        }
    });
}

/// A deadline has passed; another runs.
pub(crate) fn overdue(entry: &Entry<'_>, fact: &MachineOverdue, documents: &mut Documents) {
    change(entry, &fact.machine, documents, |doc| {
        doc.standing.wait(&fact.waiting_for, fact.until);
    });
}

/// A machine should leave.
pub(crate) fn leaving(entry: &Entry<'_>, fact: &MachineLeaving, documents: &mut Documents) {
    change(entry, &fact.machine, documents, |doc| {
        doc.state = MachineState::Leaving;
        let what = format!("its node {} to be empty", doc.node);
        doc.standing = Standing::waiting(entry.time, what, fact.until);
    });
}

/// It stays after all.
pub(crate) fn kept(entry: &Entry<'_>, fact: &MachineKept, documents: &mut Documents) {
    change(entry, &fact.machine, documents, |doc| {
        let (made, until) = (doc.provider_id.is_some(), doc.standing.until);
        (doc.state, doc.standing) = match (doc.joined, made) {
            (true, _) => (MachineState::Ready, Standing::at_rest(entry.time)),
            (false, true) => {
                let what = format!("its node {} to join", doc.node);
                (
                    MachineState::Created,
                    Standing::waiting(entry.time, what, until),
                )
            }
            (false, false) => {
                let what = "its provider to make it";
                (
                    MachineState::Requested,
                    Standing::waiting(entry.time, what, until),
                )
            }
        };
    });
}

/// Its node is empty, or never joined.
pub(crate) fn removing(entry: &Entry<'_>, fact: &MachineRemoving, documents: &mut Documents) {
    change(entry, &fact.machine, documents, |doc| {
        doc.state = MachineState::Removing;
        doc.standing = Standing::waiting(entry.time, "its provider to remove it", fact.until);
    });
}

/// It is no more, as it should be.
pub(crate) fn removed(entry: &Entry<'_>, fact: &MachineRemoved, documents: &mut Documents) {
    end(entry, &fact.machine, MachineState::Removed, documents);
}

/// It is no more, unasked.
pub(crate) fn gone(entry: &Entry<'_>, fact: &MachineGone, documents: &mut Documents) {
    end(entry, &fact.machine, MachineState::Gone, documents);
}

fn end(entry: &Entry<'_>, machine: &MachineId, state: MachineState, documents: &mut Documents) {
    change(entry, machine, documents, |doc| {
        doc.state = state;
        doc.standing = Standing::at_rest(entry.time);
    });
}

fn change(
    entry: &Entry<'_>,
    machine: &MachineId,
    documents: &mut Documents,
    act: impl FnOnce(&mut MachineDoc),
) {
    let Some(doc) = documents.change::<MachineDoc>(&DocKey::machine(machine)) else {
        return;
    };
    if doc.state.is_final() {
        return;
    }
    let before = doc.clone();
    act(doc);
    let after = doc.clone();
    spread(entry, Some(&before), &after, documents);
}

/// What a machine's change means for its node and its pool.
fn spread(
    entry: &Entry<'_>,
    before: Option<&MachineDoc>,
    after: &MachineDoc,
    documents: &mut Documents,
) {
    node::follow_machine(entry, after, documents);
    pool::follow_machine(entry, before, after, documents);
}
