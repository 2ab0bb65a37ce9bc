//! Steps of an operation on nodes, pools and machines, each with how much of it is done.

use gantry_events::{Fact, MachineId, NodeId, PoolName, Time};

use super::OperationDoc;
use crate::node::fold::replicas;
use crate::pool::machines;
use crate::steps::StepState;
use crate::{DocKey, Documents, Entry, MachineDoc, NodeDoc, PoolDoc};

/// What the step of a fact is counted from.
#[derive(Default)]
pub(super) struct Place {
    pool: Option<PoolDoc>,
    /// Replicas that the node has.
    replicas: u32,
}

/// Where a fact happened, as it is after it.
pub(super) fn place_of(fact: &Fact, documents: &Documents) -> Place {
    let pool = |name: &PoolName| documents.find::<PoolDoc>(&DocKey::pool(name)).cloned();
    let of_machine = |id: &MachineId| {
        let machine = documents.find::<MachineDoc>(&DocKey::machine(id));
        machine.and_then(|machine| pool(&machine.pool))
    };
    let on = |node: &NodeId| {
        documents
            .find::<NodeDoc>(&DocKey::node(node))
            .map(|doc| doc.replicas)
    };
    let pool = match fact {
        Fact::PoolCreated(d) => pool(&d.pool),
        Fact::PoolScaled(d) => pool(&d.pool),
        Fact::PoolClosing(d) => pool(&d.pool),
        Fact::MachineRequested(d) => pool(&d.pool),
        Fact::MachineReady(d) => of_machine(&d.machine),
        Fact::MachineLeaving(d) => of_machine(&d.machine),
        Fact::MachineKept(d) => of_machine(&d.machine),
        Fact::MachineRemoved(d) => of_machine(&d.machine),
        Fact::MachineGone(d) => of_machine(&d.machine),
        Fact::NodeDraining(d) => {
            return Place {
                pool: None,
                replicas: on(&d.node).unwrap_or(0),
            };
        }
        // foreign: the steps of other facts count nothing.
        _ => None,
    };
    Place { pool, replicas: 0 }
}

/// Steps the operation that a fact about a node, pool or machine belongs to.
pub(super) fn step(doc: &mut OperationDoc, entry: &Entry<'_>, fact: &Fact, place: &Place) {
    let now = entry.time;
    match fact {
        Fact::NodeCordoned(d) => at_once(doc, entry, &format!("node/{}", d.node)),
        Fact::NodeUncordoned(d) => at_once(doc, entry, &format!("node/{}", d.node)),
        Fact::NodeDraining(d) => {
            doc.changed = Some(true);
            let step = format!("node/{}", d.node);
            let what = format!(
                "{} of {} to move elsewhere",
                replicas(place.replicas),
                d.node
            );
            doc.begin(entry, (&step, &what), d.until);
            doc.steps.leave(&step, place.replicas);
            doc.wait_for_steps();
        }
        Fact::NodeOverdue(d) => {
            doc.begin(
                entry,
                (&format!("node/{}", d.node), &d.waiting_for),
                d.until,
            );
        }
        Fact::NodeDrained(d) => {
            doc.steps
                .end(&format!("node/{}", d.node), StepState::Done, now, None);
            doc.wait_for_steps();
        }
        Fact::PoolCreated(d) => begin_pool(doc, entry, place, d.until),
        Fact::PoolScaled(d) => begin_pool(doc, entry, place, d.until),
        Fact::PoolClosing(d) => begin_pool(doc, entry, place, d.until),
        Fact::PoolRemoved(d) => {
            doc.steps
                .end(&format!("pool/{}", d.pool), StepState::Done, now, None);
            doc.wait_for_steps();
        }
        Fact::MachineRequested(d) => {
            let what = format!("machine {} to join", d.machine);
            doc.begin(entry, (&machine(&d.machine), &what), d.until);
        }
        Fact::MachineCreated(d) => doc.until(d.until),
        Fact::MachineOverdue(d) => doc.until(d.until),
        Fact::MachineReady(d) => end_machine(doc, entry, &d.machine, StepState::Done),
        Fact::MachineLeaving(d) => {
            let what = format!("node {} to be empty", d.node);
            doc.begin(entry, (&machine(&d.machine), &what), d.until);
        }
        Fact::MachineRemoving(d) => {
            let what = format!("machine {} to be removed", d.machine);
            doc.begin(entry, (&machine(&d.machine), &what), d.until);
        }
        Fact::MachineKept(d) => at_once(doc, entry, &machine(&d.machine)),
        Fact::MachineRemoved(d) => end_machine(doc, entry, &d.machine, StepState::Done),
        Fact::MachineGone(d) => end_machine(doc, entry, &d.machine, StepState::Failed),
        // foreign: releases and services have their steps apart; nothing else is a step.
        _ => {}
    }
    if let Some(pool) = &place.pool {
        doc.steps
            .leave(&format!("pool/{}", pool.id), pool.missing());
        doc.wait_for_steps();
    }
}

fn at_once(doc: &mut OperationDoc, entry: &Entry<'_>, step: &str) {
    doc.changed = Some(true);
    doc.taken_on(entry);
    doc.steps.done(step, entry.time);
    doc.wait_for_steps();
}

fn begin_pool(doc: &mut OperationDoc, entry: &Entry<'_>, place: &Place, until: Time) {
    doc.changed = Some(true);
    doc.taken_on(entry);
    let Some(pool) = &place.pool else {
        return;
    };
    let what = match pool.machines.checked_sub(pool.size) {
        Some(surplus) if surplus > 0 => format!("{} to leave", machines(surplus)),
        Some(_) | None => format!("{} to join", machines(pool.missing())),
    };
    if pool.missing() > 0 || pool.size == 0 {
        doc.begin(entry, (&format!("pool/{}", pool.id), &what), until);
    }
}

fn end_machine(doc: &mut OperationDoc, entry: &Entry<'_>, id: &MachineId, state: StepState) {
    doc.steps.end(&machine(id), state, entry.time, None);
    doc.wait_for_steps();
}

fn machine(id: &MachineId) -> String {
    format!("machine/{id}")
}
