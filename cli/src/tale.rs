//! `Tale`: what an operation brings about, told event by event: a pure fold of the live stream. Leaves
//! following the stream to `operation`, printing to `output`.

mod say;

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{Fact, Millis, NodeId, OperationId, ReplicaId, ServiceName, Slot, Time};
use gantry_rest::CloudEvent;
use serde_json::json;

use crate::failure::LastWords;
use crate::output::Tone;

/// The type of an accepted command.
const ACCEPTED: &str = "operation.accepted.v1";

/// One operation as it is watched.
#[derive(Debug)]
pub struct Tale {
    operation: OperationId,
    goal: Goal,
    placed: BTreeMap<ReplicaId, Placed>,
    filled: BTreeMap<ServiceName, BTreeSet<u32>>,
    joined: u32,
    began: Option<Time>,
    ended: Option<Time>,
    last_words: Option<LastWords>,
}

/// What the operation should come to, as far as it can be counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goal {
    /// Services that change.
    pub services: BTreeMap<ServiceName, Count>,
    /// Machines that should join.
    pub machines: u32,
}

/// Replicas of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many there should be in the end.
    pub wanted: u32,
    /// How many of them are there already and stay.
    pub there: u32,
}

#[derive(Debug)]
struct Placed {
    slot: Slot,
    node: NodeId,
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
    pub fn new(operation: OperationId, goal: Goal) -> Self {
        Self {
            operation,
            goal,
            placed: BTreeMap::new(),
            filled: BTreeMap::new(),
            joined: 0,
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
        // A type that this program does not know yet is nothing it could tell.
        let said = json!({"type": event.type_name, "data": event.data});
        let fact: Fact = serde_json::from_value(said).ok()?;
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

    /// `2 of 3`, once this slot of the service is filled.
    fn fill(&mut self, slot: &Slot) -> String {
        let count = self.goal.services.get(&slot.service).copied();
        let filled = self.filled.entry(slot.service.clone()).or_default();
        filled.insert(slot.ordinal);
        let new = u32::try_from(filled.len()).unwrap_or(u32::MAX);
        count.map_or_else(String::new, |count| {
            let ready = new.saturating_add(count.there).min(count.wanted);
            format!(" ({ready} of {})", count.wanted)
        })
    }
}

#[cfg(test)]
mod tests;
