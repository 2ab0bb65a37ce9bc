//! A service as it should be, how it stands with that, and the slots it has.

use std::collections::BTreeMap;

use gantry_events::{
    Digest, Domains, NodeId, OperationId, Place, PlacePolicy, ReleaseNumber, RolloutPolicy, Seq,
    Time,
};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::limits::HEAL;

/// A service of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// What it should be.
    pub aim: Aim,
    /// How it stands with that.
    pub standing: Standing,
    /// How often it was restarted so far.
    pub round: u32,
    /// Its slots: those it should have, and those whose replicas have not gone yet.
    pub slots: BTreeMap<u32, SlotState>,
    /// Slots that fit nowhere, if some do not.
    pub unplaced: Option<Unplaced>,
    /// The last failure of one of its replicas since its last change began.
    pub last_failure: Option<Failure>,
    /// Where its aim was last changed.
    pub changed: Seq,
}

/// What a service should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aim {
    /// To run by this plan.
    Run(Plan),
    /// No more. Its replicas leave by the policy it had.
    Gone(RolloutPolicy),
}

/// What a service should be while it should be at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What each replica runs.
    pub version: Version,
    /// How many there are.
    pub replicas: u32,
    /// How it goes from one version to the next.
    pub rollout: RolloutPolicy,
    /// Where its replicas may run.
    pub place: PlacePolicy,
    /// Under which hosts it answers.
    pub domains: Domains,
}

impl Plan {
    /// Whether both make the same of a service, whatever release they came with.
    pub fn is_same<'a>(&'a self, other: &'a Self) -> bool {
        let rest = |plan: &'a Self| (plan.replicas, &plan.rollout, &plan.place, &plan.domains);
        self.version.runs_same(&other.version) && rest(self) == rest(other)
    }
}

/// What a replica runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The release it came with.
    pub release: ReleaseNumber,
    /// Names the container spec.
    pub spec: Digest,
    /// How often the service had been restarted by then.
    pub round: u32,
}

impl Version {
    /// Whether nothing has to be replaced to come from one to the other.
    pub fn runs_same(&self, other: &Self) -> bool {
        (self.spec, self.round) == (other.spec, other.round)
    }
}

/// How a service stands with what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It is so; what fails is replaced.
    Steady,
    /// It is being changed, some slots at a time.
    Changing {
        /// The operation that asked for it.
        operation: OperationId,
        /// When it is given up, unless another slot is done before.
        until: Time,
        /// Most slots that were ever done.
        done: u32,
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
}

impl SlotState {
    /// Its replica failed: it waits before it is filled again, the longer the more did so in a row.
    pub(crate) fn failed(&mut self, was_sound: bool, at: Time, node: &NodeId, cause: Place) {
        let before = self.retry.as_ref().map_or(0, |retry| retry.failures);
        let failures = if was_sound {
            1
        } else {
            before.saturating_add(1)
        };
        self.retry = Some(Retry {
            failures,
            at: at + HEAL.after(failures),
            node: node.clone(),
            cause,
        });
    }
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

/// Slots that fit nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unplaced {
    /// The lowest of them.
    pub ordinal: u32,
    /// How many others there are.
    pub further: u32,
    /// Why the lowest fits nowhere, in a sentence.
    pub because: String,
    /// When that was said.
    pub said: Time,
    /// When it is said again.
    pub until: Time,
    /// How often it was said.
    pub reminders: u32,
}

impl Service {
    /// A service that nothing is known about yet.
    pub(crate) fn aiming(aim: Aim) -> Self {
        Self {
            aim,
            standing: Standing::Steady,
            round: 0,
            slots: BTreeMap::new(),
            unplaced: None,
            last_failure: None,
            changed: Seq(0),
        }
    }

    /// What it should be, unless it should be gone.
    pub fn plan(&self) -> Option<&Plan> {
        match &self.aim {
            Aim::Run(plan) => Some(plan),
            Aim::Gone(_) => None,
        }
    }

    /// How many slots it should have.
    pub fn replicas(&self) -> u32 {
        self.plan().map_or(0, |plan| plan.replicas)
    }

    /// The version it should run, unless it should be gone.
    pub fn version(&self) -> Option<&Version> {
        self.plan().map(|plan| &plan.version)
    }

    /// How it changes, and how its replicas leave.
    pub fn policy(&self) -> &RolloutPolicy {
        match &self.aim {
            Aim::Run(plan) => &plan.rollout,
            Aim::Gone(policy) => policy,
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

    /// What the last replica ran that was ready in the slot.
    pub(crate) fn proven(&self, ordinal: u32) -> Option<&Version> {
        self.slots.get(&ordinal)?.proven.as_ref()
    }

    /// Begins a change: earlier failures count no more.
    pub(crate) fn begins(&mut self, operation: OperationId, until: Time) {
        self.standing = Standing::Changing {
            operation,
            until,
            done: 0,
        };
        self.last_failure = None;
        self.unplaced = None;
        for slot in self.slots.values_mut() {
            slot.retry = None;
        }
    }

    /// More slots are done.
    pub(crate) fn advances(&mut self, now_done: u32, next_until: Time) {
        match &mut self.standing {
            Standing::Changing { until, done, .. } => {
                *until = (*until).max(next_until);
                *done = now_done;
            }
            Standing::Steady | Standing::GaveUp => {}
        }
    }

    /// Ends a change that came to nothing: what fits nowhere is not waited for any more.
    pub(crate) fn gives_up(&mut self) {
        self.standing = Standing::GaveUp;
        self.unplaced = None;
    }
}
