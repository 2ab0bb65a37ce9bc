//! A pool: so many machines of one provider.

use std::collections::BTreeMap;

use gantry_events::{
    OperationId, PoolClosing, PoolCreated, PoolName, PoolRemoved, PoolScaled, Time,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::machine::MachineState;
use crate::node::fold::fitting;
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
    /// Labels of its nodes, beside `pool` and `provider`.
    pub labels: BTreeMap<String, String>,
    /// How many machines it should have.
    pub size: u32,
    /// How many machines it has, those on their way in or out included.
    pub machines: u32,
    /// How many of them have joined and stay.
    pub ready: u32,
    /// How many of them are on their way out.
    pub leaving: u32,
    /// How far it is.
    pub state: PoolState,
    /// Since when, waiting for what, until when.
    #[serde(flatten)]
    pub standing: Standing,
    /// The operation of its last change.
    #[schema(value_type = String, format = Uuid)]
    pub operation: OperationId,
}

/// How far a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolState {
    /// Machines are missing.
    Filling,
    /// It has as many machines as it should, and all have joined.
    Ready,
    /// Machines are too many; they leave.
    Shrinking,
    /// It should be no more; its machines leave.
    Closing,
    /// It is no more.
    Removed,
}

impl PoolState {
    /// Whether it is no more.
    pub fn is_final(self) -> bool {
        match self {
            Self::Filling | Self::Ready | Self::Shrinking | Self::Closing => false,
            Self::Removed => true,
        }
    }
}

impl PoolDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::pool(&self.id)
    }

    /// How many machines have still to join or to leave.
    pub(crate) fn missing(&self) -> u32 {
        let too_many = self.machines.saturating_sub(self.size);
        too_many + self.size.saturating_sub(self.ready)
    }
}

/// A pool should have so many machines.
pub(crate) fn created(entry: &Entry<'_>, fact: &PoolCreated, documents: &mut Documents) {
    let before = documents.find::<PoolDoc>(&DocKey::pool(&fact.pool));
    let mut doc = PoolDoc {
        id: fact.pool.clone(),
        provider: short(&fact.provider, 100),
        labels: fitting(&fact.labels),
        size: fact.size,
        machines: before.map_or(0, |doc| doc.machines),
        ready: before.map_or(0, |doc| doc.ready),
        leaving: before.map_or(0, |doc| doc.leaving),
        state: PoolState::Filling,
        standing: Standing::waiting(entry.time, "", fact.until),
        operation: fact.operation,
    };
    settle(entry, &mut doc);
    documents.write(doc);
}

/// A pool should have another number of machines.
pub(crate) fn scaled(entry: &Entry<'_>, fact: &PoolScaled, documents: &mut Documents) {
    change(&fact.pool, documents, |doc| {
        doc.size = fact.size;
        order(entry, doc, fact.operation, fact.until);
    });
}

/// A pool should be no more.
pub(crate) fn closing(entry: &Entry<'_>, fact: &PoolClosing, documents: &mut Documents) {
    change(&fact.pool, documents, |doc| {
        doc.size = 0;
        doc.state = PoolState::Closing;
        doc.standing.since = entry.time;
        order(entry, doc, fact.operation, fact.until);
    });
}

/// Its last machine has left.
pub(crate) fn removed(entry: &Entry<'_>, fact: &PoolRemoved, documents: &mut Documents) {
    change(&fact.pool, documents, |doc| {
        doc.state = PoolState::Removed;
        doc.standing = Standing::at_rest(entry.time);
    });
}

/// A machine of the pool has changed.
pub(crate) fn follow_machine(
    entry: &Entry<'_>,
    before: Option<&MachineDoc>,
    after: &MachineDoc,
    documents: &mut Documents,
) {
    change(&after.pool, documents, |doc| {
        let count = |number: &mut u32, is: fn(MachineState) -> bool| {
            let was = before.is_some_and(|doc| is(doc.state));
            let without = number.saturating_sub(u32::from(was));
            *number = without + u32::from(is(after.state));
        };
        count(&mut doc.machines, |state| !state.is_final());
        count(&mut doc.ready, |state| state == MachineState::Ready);
        count(&mut doc.leaving, MachineState::is_leaving);
        if after.standing.until.is_some() {
            doc.standing.until = doc.standing.until.max(after.standing.until);
        }
        settle(entry, doc);
    });
}

fn order(entry: &Entry<'_>, doc: &mut PoolDoc, operation: OperationId, until: Time) {
    doc.operation = operation;
    doc.standing.until = Some(until);
    settle(entry, doc);
}

fn change(pool: &PoolName, documents: &mut Documents, act: impl FnOnce(&mut PoolDoc)) {
    if let Some(doc) = documents.change::<PoolDoc>(&DocKey::pool(pool))
        && !doc.state.is_final()
    {
        act(doc);
    }
}

fn settle(entry: &Entry<'_>, doc: &mut PoolDoc) {
    let state = if doc.state == PoolState::Closing {
        PoolState::Closing
    } else if doc.ready < doc.size {
        PoolState::Filling
    } else if doc.machines > doc.size {
        PoolState::Shrinking
    } else {
        PoolState::Ready
    };
    let until = doc.standing.until;
    if doc.state != state {
        doc.state = state;
        doc.standing.since = entry.time;
    }
    match state {
        PoolState::Ready | PoolState::Removed => {
            doc.standing = Standing::at_rest(doc.standing.since);
        }
        PoolState::Filling => {
            let missing = machines(doc.size - doc.ready);
            doc.standing.wait(format!("{missing} to join"), until);
        }
        PoolState::Shrinking => {
            let surplus = machines(doc.machines - doc.size);
            doc.standing.wait(format!("{surplus} to leave"), until);
        }
        PoolState::Closing => {
            let last = machines(doc.machines);
            doc.standing.wait(format!("{last} to leave"), until);
        }
    }
}

pub(crate) fn machines(count: u32) -> String {
    match count {
        1 => "1 machine".to_owned(),
        count => format!("{count} machines"),
    }
}
