//! How facts about nodes and machines change the state. What is said of a node that is not known, or not
//! any more, changes nothing.

use gantry_decider::Entry;
use gantry_events::{
    MachineGone, MachineKept, MachineLeaving, MachineRemoved, MachineRequested, NodeCordoned,
    NodeDrained, NodeDraining, NodeId, NodeJoined, NodeLost, NodeOverdue, NodeReturned,
    NodeSuspected, NodeUncordoned, ReplicaId, Writer,
};

use crate::Operation;
use crate::node::{Duty, Node, Presence, Stay};
use crate::nodes::drains_of;
use crate::state::State;

pub(super) fn joined(state: &mut State, entry: &Entry<'_>, said: &NodeJoined) {
    if *entry.writer != Writer::Node(said.node.clone()) {
        return;
    }
    state
        .nodes
        .entry(said.node.clone())
        .and_modify(|node| {
            node.capacity = said.capacity;
            node.joined = entry.time;
        })
        .or_insert_with(|| Node::joined(said.capacity, entry.time));
}

pub(super) fn suspected(state: &mut State, said: &NodeSuspected) {
    with_node(state, &said.node, |node| {
        if !node.is_lost() {
            node.presence = Presence::Suspect {
                since: said.since,
                widespread: said.widespread,
                until: said.until,
            };
        }
    });
}

pub(super) fn returned(state: &mut State, said: &NodeReturned) {
    with_node(state, &said.node, |node| {
        if !matches!(node.presence, Presence::Gone { .. }) {
            node.presence = Presence::Heard;
        }
    });
}

pub(super) fn lost(state: &mut State, said: &NodeLost) {
    with_node(state, &said.node, |node| {
        node.presence = match node.presence {
            Presence::Gone { .. } => Presence::Gone { is_said: true },
            Presence::Heard | Presence::Suspect { .. } | Presence::Lost => Presence::Lost,
        };
    });
    forget_if_gone(state, &said.node);
}

pub(super) fn cordoned(state: &mut State, entry: &Entry<'_>, said: &NodeCordoned) {
    with_node(state, &said.node, |node| {
        node.duty = Duty::Cordoned;
        node.changed = entry.place.seq;
    });
}

pub(super) fn uncordoned(state: &mut State, entry: &Entry<'_>, said: &NodeUncordoned) {
    with_node(state, &said.node, |node| {
        node.duty = Duty::Open;
        node.changed = entry.place.seq;
    });
    is_kept_no_more(state, &said.node);
    // What fitted nowhere else may stay now.
    for service in state
        .projects
        .values_mut()
        .flat_map(|it| it.services.values_mut())
    {
        service.unplaced = None;
    }
}

pub(super) fn draining(state: &mut State, entry: &Entry<'_>, said: &NodeDraining) {
    with_node(state, &said.node, |node| {
        node.duty = Duty::Draining {
            until: said.until,
            reminders: 0,
            cause: entry.place,
        };
        node.changed = entry.place.seq;
    });
    if let Some(operation) = said.operation {
        is_kept_no_more(state, &said.node);
        let node = said.node.clone();
        state
            .operations
            .insert(operation, Operation::Draining { node });
    }
}

pub(super) fn overdue(state: &mut State, said: &NodeOverdue) {
    with_node(state, &said.node, |node| {
        if let Duty::Draining {
            until, reminders, ..
        } = &mut node.duty
        {
            *until = said.until;
            *reminders = reminders.saturating_add(1);
        }
    });
}

pub(super) fn drained(state: &mut State, said: &NodeDrained) {
    with_node(state, &said.node, |node| node.duty = Duty::Drained);
}

pub(super) fn machine_requested(state: &mut State, said: &MachineRequested) {
    let machine = state.machines.entry(said.node.clone()).or_default();
    machine.labels = said.labels.clone();
}

pub(super) fn machine_leaving(state: &mut State, said: &MachineLeaving) {
    let machine = state.machines.entry(said.node.clone()).or_default();
    machine.stay = Stay::Leaving { until: said.until };
}

/// A node that is not drained for it need not be opened again.
pub(super) fn machine_kept(state: &mut State, said: &MachineKept) {
    let is_draining = state.nodes.get(&said.node).is_some_and(Node::is_draining);
    let by_operator = drains_of(state, &said.node).next().is_some();
    if let Some(machine) = state.machines.get_mut(&said.node) {
        machine.stay = if is_draining && !by_operator {
            Stay::Kept
        } else {
            Stay::Wanted
        };
    }
}

pub(super) fn machine_removed(state: &mut State, said: &MachineRemoved) {
    forget_node(state, &said.node);
}

/// Its replicas have to be said to be lost, unless that was done when it fell silent.
pub(super) fn machine_gone(state: &mut State, said: &MachineGone) {
    let Some(node) = state.nodes.get_mut(&said.node) else {
        state.machines.remove(&said.node);
        return;
    };
    let is_said = node.is_lost();
    node.presence = Presence::Gone { is_said };
    forget_if_gone(state, &said.node);
}

/// A node without a machine is forgotten with its last replica that has to be said to be lost.
pub(super) fn forget_if_gone(state: &mut State, node: &NodeId) {
    let is_gone = |node: &Node| node.presence == Presence::Gone { is_said: true };
    if !state.nodes.get(node).is_some_and(is_gone) {
        return;
    }
    let mut replicas = state.projects.values().flat_map(|it| it.replicas.values());
    let is_open = replicas.any(|it| it.node == *node && it.was().is_none() && !it.is_failed());
    if !is_open {
        forget_node(state, node);
    }
}

/// The node is no more, nor is anything on it.
fn forget_node(state: &mut State, node: &NodeId) {
    state.nodes.remove(node);
    state.machines.remove(node);
    for project in state.projects.values_mut() {
        let on_it = project.replicas.iter().filter(|(_, it)| it.node == *node);
        let ids: Vec<ReplicaId> = on_it.map(|(id, _)| id.clone()).collect();
        for id in ids {
            project.forget(&id);
        }
    }
}

/// The node's duty was said anew: nothing has to be undone for its machine's sake.
fn is_kept_no_more(state: &mut State, node: &NodeId) {
    if let Some(machine) = state.machines.get_mut(node) {
        machine.stay = match machine.stay {
            Stay::Kept => Stay::Wanted,
            stay @ (Stay::Wanted | Stay::Leaving { .. }) => stay,
        };
    }
}

fn with_node(state: &mut State, node: &NodeId, change: impl FnOnce(&mut Node)) {
    if let Some(node) = state.nodes.get_mut(node) {
        change(node);
    }
}
