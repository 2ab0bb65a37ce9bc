//! A machine: what a provider made, or should make.

use gantry_events::{
    MachineCreated, MachineId, MachineOverdue, MachineReady, MachineRequested, MachineStarted,
    NodeId, PoolName,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::short::short;
use crate::{DocKey, Documents, Entry, Standing, node, pool};

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
    /// How often it has been asked for, from 1.
    pub attempt: u32,
    /// How often it was started again after it had stopped.
    pub starts: u32,
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
        attempt: fact.attempt,
        starts: 0,
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
        doc.state = MachineState::Ready;
        doc.standing = Standing::at_rest(entry.time);
    });
}

/// A deadline has passed; another runs.
pub(crate) fn overdue(entry: &Entry<'_>, fact: &MachineOverdue, documents: &mut Documents) {
    change(entry, &fact.machine, documents, |doc| {
        doc.standing.wait(&fact.waiting_for, fact.until);
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
    node::follow_machine(after, documents);
    let was_ready = before.is_some_and(|doc| doc.state == MachineState::Ready);
    pool::follow_machine(entry, was_ready, after, documents);
}
