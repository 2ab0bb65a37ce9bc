//! What each replica, node and operation may be told, by what was said of it before: an account of its own,
//! made of facts alone.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::*;
use gantry_testkit::Told;
use gantry_testkit::told::Words;

use crate::watch::Step;

#[derive(Default)]
pub struct Ledger {
    /// Operations, and what ended them.
    operations: BTreeMap<OperationId, Option<&'static str>>,
    /// From which sequence on each replica drains, and until when at most.
    draining: BTreeMap<ReplicaKey, (Seq, Time)>,
    /// Replicas that were ever ready.
    tried: BTreeSet<ReplicaKey>,
    /// Why each node takes nothing, where there are reasons.
    closed: BTreeSet<(NodeId, &'static str)>,
}

impl Ledger {
    pub fn open(&self) -> impl Iterator<Item = &OperationId> {
        let open = self.operations.iter().filter(|(_, end)| end.is_none());
        open.map(|(id, _)| id)
    }

    pub fn note(&mut self, told: &Told) {
        match &told.said {
            Words::Command(command) => drop(self.operations.insert(command.operation, None)),
            Words::Fact(fact) => {
                self.note_end(fact);
                self.note_replica(fact, told.place.seq);
                self.note_node(fact);
            }
        }
    }

    fn note_end(&mut self, fact: &Fact) {
        let operation = match fact {
            Fact::OperationRefused(it) => it.operation,
            Fact::OperationUnchanged(it) => it.operation,
            Fact::OperationSucceeded(it) => it.operation,
            Fact::OperationFailed(it) => it.operation,
            Fact::OperationSuperseded(it) => it.operation,
            _ => return,
        };
        match self.operations.insert(operation, Some(fact.type_name())) {
            Some(None) => {}
            before => panic!(
                "{operation} ends with {}, and before with {before:?}",
                fact.type_name()
            ),
        }
    }

    fn note_replica(&mut self, fact: &Fact, seq: Seq) {
        match fact {
            Fact::ReplicaReady(it) => {
                self.tried.insert(key(&it.project, &it.replica));
            }
            Fact::ReplicaDraining(it) => {
                self.draining
                    .insert(key(&it.project, &it.replica), (seq, it.until));
            }
            _ => {}
        }
    }

    fn note_node(&mut self, fact: &Fact) {
        let mut close = |node: &NodeId, why| {
            self.closed.insert((node.clone(), why));
        };
        match fact {
            Fact::NodeCordoned(it) => close(&it.node, "cordoned"),
            Fact::NodeDraining(it) => close(&it.node, "cordoned"),
            Fact::NodeUncordoned(it) => self.opens(&it.node, "cordoned"),
            Fact::NodeSuspected(it) => close(&it.node, "silent"),
            Fact::NodeLost(it) => close(&it.node, "silent"),
            Fact::NodeReturned(it) => self.opens(&it.node, "silent"),
            Fact::MachineLeaving(it) => close(&it.node, "leaving"),
            Fact::MachineKept(it) => self.opens(&it.node, "leaving"),
            Fact::MachineGone(it) => close(&it.node, "gone"),
            Fact::MachineRemoved(it) => close(&it.node, "gone"),
            _ => {}
        }
    }

    fn opens(&mut self, node: &NodeId, why: &'static str) {
        self.closed.remove(&(node.clone(), why));
    }

    pub fn check(&self, step: &Step<'_>) {
        for fact in step.facts {
            match fact {
                Fact::ReplicaPlaced(it) => self.takes_replicas(&it.node),
                Fact::OperationSucceeded(it) => changes_no_more(step, it.operation),
                Fact::ReplicaStopping(it) => self.was_let_go(step, &key(&it.project, &it.replica)),
                _ => {}
            }
        }
    }

    fn takes_replicas(&self, node: &NodeId) {
        let why: Vec<_> = self.closed.iter().filter(|(it, _)| it == node).collect();
        assert!(why.is_empty(), "something is placed on {node}: {why:?}");
    }

    /// A replica is stopped once it drains and no balancer has it any more, or its time is over.
    fn was_let_go(&self, step: &Step<'_>, key: &ReplicaKey) {
        let Some((since, until)) = self.draining.get(key) else {
            panic!("{key:?} stops and never drained");
        };
        if !self.tried.contains(key) || step.time >= *until {
            return;
        }
        for balancer in step.counting {
            let table = &step.before.balancers[balancer];
            let has_it = table.seq < *since || table.routed.contains(key);
            assert!(
                !has_it && table.released.contains(key),
                "{key:?} stops and {balancer} has not let it go"
            );
        }
    }
}

/// What has succeeded changes nothing any more.
fn changes_no_more(step: &Step<'_>, operation: OperationId) {
    let mut services = step.after.projects.values().flat_map(|it| &it.services);
    let changing = services.find(|(_, service)| service.operation() == Some(operation));
    assert!(
        changing.is_none(),
        "{operation} succeeds before {changing:?}"
    );
}

fn key(project: &ProjectName, replica: &ReplicaId) -> ReplicaKey {
    ReplicaKey {
        project: project.clone(),
        replica: replica.clone(),
    }
}
