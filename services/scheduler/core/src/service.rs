//! A service as it should be, how it stands with that, and the slots it has.

use std::collections::BTreeMap;

use gantry_events::{Digest, NodeId, OperationId, Place, ReleaseNumber, ReplicaId, Time};
use serde::{Deserialize, Serialize};

use crate::limits::HEAL;

/// A service of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// What it should be.
    pub aim: Aim,
    /// How it stands with that.
    pub standing: Standing,
    /// Its slots: those it should have, and those whose replicas have not gone yet.
    pub slots: BTreeMap<u32, SlotState>,
    /// The last failure of one of its replicas since its last change began.
    pub last_failure: Option<Failure>,
}

/// What a service should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aim {
    /// So many replicas of this version.
    Run {
        /// What each runs.
        version: Version,
        /// How many.
        replicas: u32,
    },
    /// No more.
    Gone,
}

/// What a replica runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The release it came with.
    pub release: ReleaseNumber,
    /// Names the container spec.
    pub spec: Digest,
}

impl Version {
    /// Whether both run the same, whatever release they came with.
    pub fn runs_same(&self, other: &Self) -> bool {
        self.spec == other.spec
    }
}

/// How a service stands with what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It is so; what fails is replaced.
    Steady,
    /// It is being changed, one slot at a time.
    Changing {
        /// The operation that asked for it.
        operation: OperationId,
        /// When it is given up.
        until: Time,
    },
    /// It was not so by its deadline. Each slot keeps what was last ready there.
    GaveUp,
}

/// What is known about a slot beyond its replicas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotState {
    /// Highest epoch it was filled for.
    pub epoch: u32,
    /// What the last replica ran that was ready here.
    pub proven: Option<Version>,
    /// Failures in a row, and when it may be filled again.
    pub retry: Option<Retry>,
    /// Since when it fits nowhere.
    pub unplaced: Option<Unplaced>,
}

/// A slot whose replica failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// Failures in a row.
    pub failures: u32,
    /// When it may be filled again, by the failed node's clock.
    pub at: Time,
    /// The node that failed it last.
    pub node: NodeId,
    /// The fact that said so.
    pub cause: Place,
}

impl Retry {
    /// Whether the slot may be filled again. A node whose clock runs ahead cannot hold it longer than
    /// the backoff.
    pub fn is_due(&self, now: Time) -> bool {
        now >= self.at || self.at.since(now) > HEAL.after(self.failures)
    }
}

/// A slot that fits nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unplaced {
    /// When it is said again.
    pub until: Time,
    /// How often it was said.
    pub reminders: u32,
    /// Why, in a sentence.
    pub because: String,
}

/// What a node said when it gave a replica up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The replica.
    pub replica: ReplicaId,
    /// The node.
    pub node: NodeId,
    /// Why, in a sentence.
    pub said: String,
    /// The replica's last lines.
    pub log_tail: Vec<String>,
}

impl Service {
    /// A service that nothing is known about yet.
    pub(crate) fn aiming(aim: Aim) -> Self {
        Self {
            aim,
            standing: Standing::Steady,
            slots: BTreeMap::new(),
            last_failure: None,
        }
    }

    /// How many slots it should have.
    pub fn replicas(&self) -> u32 {
        match &self.aim {
            Aim::Run { replicas, .. } => *replicas,
            Aim::Gone => 0,
        }
    }

    /// The version it should run, unless it should be gone.
    pub fn version(&self) -> Option<&Version> {
        match &self.aim {
            Aim::Run { version, .. } => Some(version),
            Aim::Gone => None,
        }
    }

    /// The operation that changes it, if one does.
    pub fn operation(&self) -> Option<OperationId> {
        match &self.standing {
            Standing::Changing { operation, .. } => Some(*operation),
            Standing::Steady | Standing::GaveUp => None,
        }
    }

    /// The slot, as nothing where it was never filled.
    pub(crate) fn slot(&self, ordinal: u32) -> SlotState {
        self.slots.get(&ordinal).cloned().unwrap_or_default()
    }

    /// Begins a change: earlier failures count no more.
    pub(crate) fn begins(&mut self, operation: OperationId, until: Time) {
        self.standing = Standing::Changing { operation, until };
        self.last_failure = None;
        for slot in self.slots.values_mut() {
            slot.retry = None;
            slot.unplaced = None;
        }
    }

    /// Ends a change that came to nothing: what fits nowhere is not waited for any more.
    pub(crate) fn gives_up(&mut self) {
        self.standing = Standing::GaveUp;
        for slot in self.slots.values_mut() {
            slot.unplaced = None;
        }
    }
}
