//! What replicas count for at their service and their node, and for the drain of that node.

use super::{ReplicaDoc, ReplicaState};
use crate::node::fold as node;
use crate::operation::fold as operation;
use crate::{DocKey, Documents, ServiceDoc};

/// Takes what the replica counted for before out of its service's and node's counts, and puts in what
/// it counts for now.
pub(super) fn recount(before: Option<&ReplicaDoc>, after: &ReplicaDoc, documents: &mut Documents) {
    let was_present = before.is_some_and(|doc| !doc.state.is_final());
    let was_ready = before.is_some_and(|doc| doc.state == ReplicaState::Ready);
    let is_present = !after.state.is_final();
    let is_ready = after.state == ReplicaState::Ready;
    let of_service = DocKey::service(&after.project, &after.service);
    if let Some(service) = documents.change::<ServiceDoc>(&of_service) {
        let counts = &mut service.replicas;
        counts.present = moved(counts.present, was_present, is_present);
        counts.ready = moved(counts.ready, was_ready, is_ready);
        if was_ready != is_ready {
            // What makes a replica ready or takes that from it begins a state of the replica as well.
            service.weigh(after.standing.since);
        }
    }
    node::change(&after.node, documents, |node| {
        node.replicas = moved(node.replicas, was_present, is_present);
        match (was_present, is_present) {
            (false, true) => node.reserve(after.cpu, after.memory),
            (true, false) => node.release(after.cpu, after.memory),
            (true, true) | (false, false) => {}
        }
    });
    if was_present != is_present {
        operation::follow_drain(&after.node, documents);
    }
}

fn moved(count: u32, was: bool, is: bool) -> u32 {
    count
        .saturating_sub(u32::from(was))
        .saturating_add(u32::from(is))
}
