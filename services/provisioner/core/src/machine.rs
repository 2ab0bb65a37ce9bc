//! One machine: its saga as one enum, to be gone on with from any step.

use gantry_decider::Deadline;
use gantry_events::{
    EntityRef, Kind, MachineCreated, MachineId, MachineLeaving, MachineRemoving, MachineRequested,
    Millis, NodeId, PoolName, Seq, Time,
};
use serde::{Deserialize, Serialize};

use crate::Aim;
use crate::observed::Sight;

/// Time the provider has to make a machine. A container takes a second; an engine that is busy building
/// or pulling takes many.
pub(crate) const MAKE: Millis = Millis::from_secs(60);

/// A machine that should exist, or should leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The node it is or will be.
    pub node: NodeId,
    /// The pool it belongs to.
    pub pool: PoolName,
    /// How often it has been asked for, from 1. Its join token follows from it.
    pub attempt: u32,
    /// Whether its node has joined in this attempt; that may be known before the machine is.
    pub joined: bool,
    /// Whether its node is empty and takes nothing. That holds until the scheduler opens the node or drains
    /// it anew; of a leaving machine it does neither without having it emptied first.
    pub drained: bool,
    /// How far it is.
    pub step: Step,
}

/// How far a machine is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum Step {
    /// The provider should make it.
    Requested {
        /// For how long.
        wait: Wait,
    },
    /// The provider made it; its node should join.
    Joining {
        /// What was made.
        made: Made,
        /// For how long.
        wait: Wait,
    },
    /// Its node has joined. Steady: a machine that stops is started again, silent nodes are the
    /// scheduler's.
    Ready {
        /// What was made.
        made: Made,
    },
    /// Its node should be emptied, unless it never joined.
    Leaving {
        /// What was made, if that was said.
        made: Option<Made>,
        /// For how long.
        wait: Wait,
        /// What the scheduler last said to hold that up.
        blocked: Option<String>,
    },
    /// The provider should remove it. There is no way back from here.
    Removing {
        /// Where that was said.
        said: Seq,
        /// For how long.
        wait: Wait,
    },
}

/// What the provider made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// What the provider calls it.
    pub provider_id: String,
    /// Where that was said: only who looked later can know that it vanished.
    pub said: Seq,
    /// When it was last said to have been made or started.
    pub up_since: Time,
}

/// How long something is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Until when.
    pub until: Time,
    /// How many deadlines have passed before this one.
    pub passed: u32,
}

impl Wait {
    fn first(until: Time) -> Self {
        Self { until, passed: 0 }
    }
}

/// The number in a machine's name; none in one that is not ours.
pub(crate) fn number(id: &MachineId) -> Option<u32> {
    id.as_str().strip_prefix('m')?.parse().ok()
}

impl Machine {
    pub(crate) fn requested(fact: &MachineRequested) -> Self {
        Self {
            node: fact.node.clone(),
            pool: fact.pool.clone(),
            attempt: fact.attempt,
            joined: false,
            drained: false,
            step: Step::Requested {
                wait: Wait::first(fact.until),
            },
        }
    }

    pub(crate) fn created(&mut self, fact: &MachineCreated, said: Seq, at: Time) {
        let made = Made {
            provider_id: fact.provider_id.clone(),
            said,
            up_since: at,
        };
        self.step = Step::Joining {
            made,
            wait: Wait::first(fact.until),
        };
    }

    pub(crate) fn started(&mut self, at: Time) {
        if let Some(made) = self.made_mut() {
            made.up_since = at;
        }
    }

    /// Its node has joined, or it stays after all, which only one whose node joined can.
    pub(crate) fn ready(&mut self) {
        if let Some(made) = self.made().cloned() {
            self.step = Step::Ready { made };
        }
    }

    pub(crate) fn leaving(&mut self, fact: &MachineLeaving) {
        self.step = Step::Leaving {
            made: self.made().cloned(),
            wait: Wait::first(fact.until),
            blocked: None,
        };
    }

    pub(crate) fn removing(&mut self, fact: &MachineRemoving, said: Seq) {
        let wait = Wait::first(fact.until);
        self.step = Step::Removing { said, wait };
    }

    pub(crate) fn overdue(&mut self, until: Time) {
        if let Some(wait) = self.wait_mut() {
            let passed = wait.passed.saturating_add(1);
            *wait = Wait { until, passed };
        }
    }

    pub(crate) fn node_overdue(&mut self, waiting_for: &str) {
        if let Step::Leaving { blocked, .. } = &mut self.step {
            *blocked = Some(waiting_for.to_owned());
        }
    }

    /// Whether its node has joined, and that was said.
    pub fn is_ready(&self) -> bool {
        match self.step {
            Step::Ready { .. } => true,
            Step::Requested { .. }
            | Step::Joining { .. }
            | Step::Leaving { .. }
            | Step::Removing { .. } => false,
        }
    }

    /// Whether it counts to its pool: it neither leaves nor is it being removed.
    pub fn is_staying(&self) -> bool {
        match self.step {
            Step::Requested { .. } | Step::Joining { .. } | Step::Ready { .. } => true,
            Step::Leaving { .. } | Step::Removing { .. } => false,
        }
    }

    /// Whether it leaves and may still stay. One whose node never joined is removed at once.
    pub(crate) fn can_be_kept(&self) -> bool {
        match &self.step {
            Step::Leaving { made, .. } => made.is_some() && self.joined,
            Step::Requested { .. }
            | Step::Joining { .. }
            | Step::Ready { .. }
            | Step::Removing { .. } => false,
        }
    }

    /// Whether it leaves and is held up by what runs on its node.
    pub(crate) fn waits_for_its_node(&self) -> bool {
        match &self.step {
            Step::Leaving { .. } => self.joined && !self.drained,
            Step::Requested { .. }
            | Step::Joining { .. }
            | Step::Ready { .. }
            | Step::Removing { .. } => false,
        }
    }

    pub(crate) fn aim(&self) -> Aim {
        match self.step {
            Step::Requested { .. } => Aim::Made,
            Step::Joining { .. } | Step::Ready { .. } | Step::Leaving { .. } => Aim::Up,
            Step::Removing { .. } => Aim::Away,
        }
    }

    /// What was made, if that was said.
    pub(crate) fn made(&self) -> Option<&Made> {
        match &self.step {
            Step::Joining { made, .. } | Step::Ready { made } => Some(made),
            Step::Leaving { made, .. } => made.as_ref(),
            Step::Requested { .. } | Step::Removing { .. } => None,
        }
    }

    fn made_mut(&mut self) -> Option<&mut Made> {
        match &mut self.step {
            Step::Joining { made, .. } | Step::Ready { made } => Some(made),
            Step::Leaving { made, .. } => made.as_mut(),
            Step::Requested { .. } | Step::Removing { .. } => None,
        }
    }

    pub(crate) fn wait(&self) -> Option<Wait> {
        match self.step {
            Step::Requested { wait }
            | Step::Joining { wait, .. }
            | Step::Leaving { wait, .. }
            | Step::Removing { wait, .. } => Some(wait),
            Step::Ready { .. } => None,
        }
    }

    fn wait_mut(&mut self) -> Option<&mut Wait> {
        match &mut self.step {
            Step::Requested { wait }
            | Step::Joining { wait, .. }
            | Step::Leaving { wait, .. }
            | Step::Removing { wait, .. } => Some(wait),
            Step::Ready { .. } => None,
        }
    }

    /// What is waited for, in a few words; nothing when it is ready.
    pub(crate) fn waiting_for(&self) -> Option<String> {
        let node = &self.node;
        match &self.step {
            Step::Requested { .. } => Some("the provider to make it".to_owned()),
            Step::Joining { .. } => Some(format!("node {node} to join")),
            Step::Ready { .. } => None,
            Step::Leaving { blocked, .. } => Some(match blocked {
                Some(blocked) => format!("node {node} to be empty, which waits for {blocked}"),
                None => format!("node {node} to be empty"),
            }),
            Step::Removing { .. } => Some("the provider to remove it".to_owned()),
        }
    }

    /// What is waited for, with what the provider last said.
    pub(crate) fn plight(&self, sight: &Sight) -> Option<String> {
        let waiting_for = self.waiting_for()?;
        Some(match &sight.error {
            Some(error) => format!("{waiting_for}; the provider last said: {error}"),
            None => waiting_for,
        })
    }

    pub(crate) fn deadline(&self, id: &MachineId) -> Option<Deadline> {
        let entity = EntityRef {
            kind: Kind::Machine,
            id: id.to_string(),
        };
        Some(Deadline {
            entity,
            waiting_for: self.waiting_for()?,
            until: self.wait()?.until,
        })
    }
}
