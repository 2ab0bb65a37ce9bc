//! What each fact makes of a node.

use std::collections::BTreeMap;

use gantry_events::{
    Capacity, NodeAdmitted, NodeCordoned, NodeDrained, NodeDraining, NodeId, NodeJoined, NodeLost,
    NodeOverdue, NodeReturned, NodeSuspected, NodeUncordoned, OperationId, Time, Writer,
};

use super::{Availability, Heard, Liveness, NodeDoc, NodeState, Open};
use crate::service::fold as service;
use crate::short::short;
use crate::{DocKey, Documents, Entry, MachineDoc, Standing};

/// A node is born, with its key. Its deadline is its machine's.
pub(crate) fn admitted(entry: &Entry<'_>, fact: &NodeAdmitted, documents: &mut Documents) {
    if documents.get(&DocKey::node(&fact.node)).is_some() {
        return;
    }
    let machine = documents.find::<MachineDoc>(&DocKey::machine(&fact.machine));
    let container = machine.and_then(|doc| doc.provider_id.clone());
    let until = machine.and_then(|doc| doc.standing.until);
    let labels = machine.map(|doc| doc.labels.clone()).unwrap_or_default();
    let mut doc = NodeDoc {
        id: fact.node.clone(),
        machine: container.unwrap_or_else(|| fact.machine.to_string()),
        machine_id: fact.machine.clone(),
        state: NodeState::Joining,
        standing: Standing::at_rest(entry.time),
        liveness: Liveness {
            state: Heard::Joining,
            since: entry.time,
            until,
            widespread: false,
        },
        availability: Availability {
            state: Open::Open,
            since: entry.time,
            held_up: None,
            until: None,
            operation: None,
        },
        address: None,
        capacity: Capacity::default(),
        free: Capacity::default(),
        reserved: Capacity::default(),
        replicas: 0,
        labels,
    };
    doc.settle();
    documents.write(doc);
}

/// A node's worker is at work. Said anew after each of its restarts.
pub(crate) fn joined(entry: &Entry<'_>, fact: &NodeJoined, documents: &mut Documents) {
    if *entry.writer != Writer::Node(fact.node.clone()) {
        return;
    }
    change(&fact.node, documents, |doc| {
        doc.address = Some(fact.address);
        doc.capacity = fact.capacity;
        doc.measure();
        if doc.liveness.state == Heard::Joining {
            doc.hear(Heard::Alive, entry.time, None);
        }
    });
}

/// A node is silent.
pub(crate) fn suspected(fact: &NodeSuspected, documents: &mut Documents) {
    change(&fact.node, documents, |doc| {
        doc.hear(Heard::Suspect, fact.since, Some(fact.until));
        doc.liveness.widespread = fact.widespread;
    });
}

/// A node is heard again.
pub(crate) fn returned(entry: &Entry<'_>, fact: &NodeReturned, documents: &mut Documents) {
    change(&fact.node, documents, |doc| {
        doc.hear(Heard::Alive, entry.time, None);
    });
}

/// A node stayed silent.
pub(crate) fn lost(fact: &NodeLost, documents: &mut Documents) {
    change(&fact.node, documents, |doc| {
        doc.hear(Heard::Lost, fact.since, None);
    });
}

/// Nothing is placed on the node any more.
pub(crate) fn cordoned(entry: &Entry<'_>, fact: &NodeCordoned, documents: &mut Documents) {
    open(
        entry,
        &fact.node,
        (Open::Cordoned, None, Some(fact.operation)),
        documents,
    );
}

/// The node takes replicas again.
pub(crate) fn uncordoned(entry: &Entry<'_>, fact: &NodeUncordoned, documents: &mut Documents) {
    open(
        entry,
        &fact.node,
        (Open::Open, None, fact.operation),
        documents,
    );
    for key in &fact.unplaced {
        service::waits_for_no_node(&DocKey::service(&key.project, &key.service), documents);
    }
}

/// All that runs on the node moves elsewhere.
pub(crate) fn draining(entry: &Entry<'_>, fact: &NodeDraining, documents: &mut Documents) {
    let drain = (Open::Draining, Some(fact.until), fact.operation);
    open(entry, &fact.node, drain, documents);
}

/// A node should be empty and is not.
pub(crate) fn overdue(fact: &NodeOverdue, documents: &mut Documents) {
    change(&fact.node, documents, |doc| {
        doc.availability.held_up = Some(short(&fact.waiting_for, 300));
        doc.availability.until = Some(fact.until);
    });
}

/// No replica is left on it.
pub(crate) fn drained(entry: &Entry<'_>, fact: &NodeDrained, documents: &mut Documents) {
    change(&fact.node, documents, |doc| {
        doc.availability = Availability {
            state: Open::Drained,
            since: entry.time,
            held_up: None,
            until: None,
            operation: doc.availability.operation,
        };
    });
}

/// The machine of a node has changed its name, its labels or its deadline, or is no more.
pub(crate) fn follow_machine(entry: &Entry<'_>, machine: &MachineDoc, documents: &mut Documents) {
    change(&machine.node, documents, |doc| {
        if doc.machine_id != machine.id {
            return;
        }
        if let Some(container) = &machine.provider_id {
            doc.machine.clone_from(container);
        }
        doc.labels.clone_from(&machine.labels);
        if doc.liveness.state == Heard::Joining {
            doc.liveness.until = machine.standing.until;
        }
        if let Some(state) = machine.state.end_of_its_node() {
            doc.state = state;
            doc.standing = Standing::at_rest(entry.time);
        }
    });
}

fn open(
    entry: &Entry<'_>,
    node: &NodeId,
    (state, until, operation): (Open, Option<Time>, Option<OperationId>),
    documents: &mut Documents,
) {
    change(node, documents, |doc| {
        doc.availability = Availability {
            state,
            since: entry.time,
            held_up: None,
            until,
            operation,
        };
    });
}

/// Changes a node whose machine is still there.
pub(crate) fn change(node: &NodeId, documents: &mut Documents, act: impl FnOnce(&mut NodeDoc)) {
    let Some(doc) = documents.change::<NodeDoc>(&DocKey::node(node)) else {
        return;
    };
    if doc.state.is_final() {
        return;
    }
    act(doc);
    doc.settle();
}

/// Labels of a machine or pool, so many that a document has room for them.
pub(crate) fn fitting(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let fitting = labels.iter().take(14);
    fitting
        .map(|(label, value)| (short(label, 60), short(value, 60)))
        .collect()
}

impl NodeDoc {
    fn hear(&mut self, state: Heard, since: Time, until: Option<Time>) {
        self.liveness = Liveness {
            state,
            since,
            until,
            widespread: false,
        };
    }

    /// Makes state and standing follow from liveness and availability.
    fn settle(&mut self) {
        if self.state.is_final() {
            return;
        }
        let (heard, open) = (&self.liveness, &self.availability);
        let steady = heard.since.max(open.since);
        (self.state, self.standing) = match (heard.state, open.state) {
            (Heard::Joining, _) => {
                let what = "its worker to report what it has";
                (
                    NodeState::Joining,
                    Standing::waiting(heard.since, what, heard.until),
                )
            }
            (Heard::Suspect, _) => {
                let what = match heard.widespread {
                    true => {
                        "its heartbeat; many nodes are silent at once, so that the fault may lie between them and the scheduler"
                    }
                    false => "its heartbeat",
                };
                (
                    NodeState::Suspect,
                    Standing::waiting(heard.since, what, heard.until),
                )
            }
            (Heard::Lost, _) => {
                let what = "its heartbeat, for as long as its machine is there";
                (NodeState::Lost, Standing::waiting(heard.since, what, None))
            }
            (Heard::Alive, Open::Open) => (NodeState::Ready, Standing::at_rest(steady)),
            (Heard::Alive, Open::Cordoned) => (NodeState::Cordoned, Standing::at_rest(steady)),
            (Heard::Alive, Open::Drained) => (NodeState::Drained, Standing::at_rest(steady)),
            (Heard::Alive, Open::Draining) => {
                let left = format!("{} to move elsewhere", replicas(self.replicas));
                let what = open
                    .held_up
                    .as_ref()
                    .map_or(left.clone(), |why| format!("{left}: {why}"));
                (
                    NodeState::Draining,
                    Standing::waiting(steady, what, open.until),
                )
            }
        };
    }
}

pub(crate) fn replicas(count: u32) -> String {
    match count {
        1 => "1 replica".to_owned(),
        count => format!("{count} replicas"),
    }
}
