//! A pool: so many machines of one provider.

use gantry_events::{OperationId, PoolCreated, PoolName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::machine::MachineState;
use crate::short::short;
use crate::{DocKey, Documents, Entry, MachineDoc, Standing};

/// A pool of machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PoolDoc {
    /// Its name.
    #[schema(value_type = String)]
    pub id: PoolName,
    /// Who makes its machines: `local`.
    pub provider: String,
    /// How many machines it should have.
    pub size: u32,
    /// How many of them have joined.
    pub ready: u32,
    /// How far it is.
    pub state: PoolState,
    /// Since when, waiting for what, until when.
    #[serde(flatten)]
    pub standing: Standing,
    /// The operation that asked for it.
    #[schema(value_type = String, format = Uuid)]
    pub operation: OperationId,
}

/// How far a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolState {
    /// Machines are missing.
    Filling,
    /// All its machines have joined.
    Ready,
}

impl PoolDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::pool(&self.id)
    }
}

/// A pool should have so many machines.
pub(crate) fn created(entry: &Entry<'_>, fact: &PoolCreated, documents: &mut Documents) {
    let before = documents.find::<PoolDoc>(&DocKey::pool(&fact.pool));
    let mut doc = PoolDoc {
        id: fact.pool.clone(),
        provider: short(&fact.provider, 100),
        size: fact.size,
        ready: before.map_or(0, |doc| doc.ready),
        state: PoolState::Filling,
        standing: Standing::waiting(entry.time, "", fact.until),
        operation: fact.operation,
    };
    settle(entry, &mut doc);
    documents.write(doc);
}

/// A machine of the pool has changed.
pub(crate) fn follow_machine(
    entry: &Entry<'_>,
    was_ready: bool,
    machine: &MachineDoc,
    documents: &mut Documents,
) {
    let Some(doc) = documents.change::<PoolDoc>(&DocKey::pool(&machine.pool)) else {
        return;
    };
    let is_ready = machine.state == MachineState::Ready;
    let without = doc.ready.saturating_sub(u32::from(was_ready));
    doc.ready = without + u32::from(is_ready);
    if !is_ready {
        doc.standing.until = doc.standing.until.max(machine.standing.until);
    }
    settle(entry, doc);
}

fn settle(entry: &Entry<'_>, doc: &mut PoolDoc) {
    let full = doc.ready >= doc.size;
    let state = if full {
        PoolState::Ready
    } else {
        PoolState::Filling
    };
    let until = doc.standing.until;
    if doc.state != state {
        doc.state = state;
        doc.standing.since = entry.time;
    }
    match state {
        PoolState::Ready => doc.standing = Standing::at_rest(doc.standing.since),
        PoolState::Filling => {
            let what = format!("{} more machines to join", doc.size - doc.ready);
            doc.standing.wait(what, until);
        }
    }
}
