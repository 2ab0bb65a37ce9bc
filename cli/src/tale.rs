//! `Tale`: what an operation brings about, told event by event: a pure fold of the live stream. Leaves
//! following the stream to `operation`, printing to `output`.

mod counts;
mod say;
mod sentence;

pub use say::service_of;
pub use sentence::{line, unfit_on};

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{
    Fact, Millis, NodeId, OperationId, ProjectName, ReplicaId, ServiceName, Slot, Time,
};
use gantry_rest::CloudEvent;
use serde_json::json;

use crate::failure::LastWords;
use crate::output::Tone;

/// The type of an accepted command.
pub const ACCEPTED: &str = "operation.accepted.v1";

/// One operation as it is watched.
#[derive(Debug)]
pub struct Tale {
    operation: OperationId,
    goal: Goal,
    /// Slots of replicas that were placed since.
    placed: BTreeMap<(ProjectName, ReplicaId), Slot>,
    /// Nodes of all replicas that are known.
    homes: BTreeMap<(ProjectName, ReplicaId), NodeId>,
    /// Nodes that the holders of slots were on when the tale began.
    slots: BTreeMap<(ProjectName, Slot), NodeId>,
    /// Nodes that are emptied.
    emptied: BTreeSet<NodeId>,
    filled: BTreeMap<ServiceName, BTreeSet<u32>>,
    gone: BTreeMap<ServiceName, BTreeSet<ReplicaId>>,
    moved: BTreeSet<(ProjectName, ReplicaId)>,
    joined: BTreeSet<String>,
    left: BTreeSet<String>,
    released: bool,
    began: Option<Time>,
    ended: Option<Time>,
    last_words: Option<LastWords>,
}

/// What the operation should come to, as far as it can be counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goal {
    /// Services that change; none means that all of the project is told of.
    pub services: BTreeMap<ServiceName, Count>,
    /// Machines that should join, or leave.
    pub machines: Count,
    /// Nodes that it is about; none means all.
    pub nodes: BTreeSet<NodeId>,
    /// Whether replicas are told of only as they move off nodes that are emptied.
    pub moves: bool,
    /// The replicas there are, where those that move are told of.
    pub homes: Vec<Home>,
}

/// Where a replica is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Its project.
    pub project: ProjectName,
    /// It.
    pub replica: ReplicaId,
    /// The slot it fills.
    pub slot: Slot,
    /// Its node.
    pub node: NodeId,
}

/// Replicas of a service, or machines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many there should be in the end; 0 where that is not counted.
    pub wanted: u32,
    /// How many of them are there already and stay.
    pub there: u32,
    /// How many should leave without another in their place.
    pub leaving: u32,
}

/// One line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it means.
    pub tone: Tone,
    /// What it is about.
    pub about: String,
    /// What happened.
    pub what: String,
}

impl Tale {
    /// A tale of this operation, on its way to that goal.
    pub fn new(operation: OperationId, mut goal: Goal) -> Self {
        let homes = std::mem::take(&mut goal.homes);
        let slot = |home: &Home| ((home.project.clone(), home.slot.clone()), home.node.clone());
        Self {
            operation,
            goal,
            placed: BTreeMap::new(),
            slots: homes.iter().map(slot).collect(),
            homes: homes
                .into_iter()
                .map(|home| ((home.project, home.replica), home.node))
                .collect(),
            emptied: BTreeSet::new(),
            filled: BTreeMap::new(),
            gone: BTreeMap::new(),
            moved: BTreeSet::new(),
            joined: BTreeSet::new(),
            left: BTreeSet::new(),
            released: false,
            began: None,
            ended: None,
            last_words: None,
        }
    }

    /// What to say about this event, if anything.
    pub fn hear(&mut self, event: &CloudEvent) -> Option<Line> {
        if event.type_name == ACCEPTED && event.operation == Some(self.operation) {
            self.began = Some(event.time);
            return None;
        }
        let fact = fact_of(event)?;
        if self.is_end(&fact) {
            self.ended = Some(event.time);
        }
        self.say(&fact)
    }

    /// Whether the operation has ended.
    pub fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Time from its acceptance to its end.
    pub fn took(&self) -> Option<Millis> {
        Some(self.ended?.since(self.began?))
    }

    /// Whether what it tells of happens in several projects.
    pub fn needs_all_scopes(&self) -> bool {
        self.goal.moves
    }

    /// What the last replica that failed had written.
    pub fn last_words(&self) -> Option<LastWords> {
        self.last_words.clone()
    }

    fn is_end(&self, fact: &Fact) -> bool {
        let operation = match fact {
            Fact::OperationRefused(d) => d.operation,
            Fact::OperationUnchanged(d) => d.operation,
            Fact::OperationSucceeded(d) => d.operation,
            Fact::OperationFailed(d) => d.operation,
            Fact::OperationSuperseded(d) => d.operation,
            _ => return false,
        };
        operation == self.operation
    }
}

/// What the event says, if this program knows its type: of a newer one it can tell nothing.
pub fn fact_of(event: &CloudEvent) -> Option<Fact> {
    let said = json!({"type": event.type_name, "data": event.data});
    serde_json::from_value(said).ok()
}

#[cfg(test)]
mod tests;
