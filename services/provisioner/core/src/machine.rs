//! One machine: its saga as one enum, to be gone on with from any step.

use gantry_decider::{Backoff, Deadline, Draft};
use gantry_events::{
    EntityRef, Kind, MachineCreated, MachineId, MachineOverdue, MachineReady, MachineRequested,
    MachineStarted, Millis, NodeId, PoolName, Time,
};
use serde::{Deserialize, Serialize};

use crate::observed::{Presence, Sight};

/// Time the provider has to make a machine. A container takes a second; an engine that is busy building
/// or pulling takes many.
pub(crate) const MAKE: Millis = Millis::from_secs(60);

/// Time the node of a machine that was made has to join: its engine and its worker start, and both
/// sides of the bus must be up.
const JOIN: Millis = Millis::from_secs(60);

/// Time that is given anew once a deadline has passed: longer each time, as each is a fact in a log
/// that is kept for ever.
const AGAIN: Backoff = Backoff {
    first: Millis::from_secs(60),
    most: Millis::from_secs(3600),
};

/// A machine that should exist.
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
}

/// What the provider made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// What the provider calls it.
    pub provider_id: String,
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

impl Machine {
    pub(crate) fn requested(fact: &MachineRequested) -> Self {
        Self {
            node: fact.node.clone(),
            pool: fact.pool.clone(),
            attempt: fact.attempt,
            joined: false,
            step: Step::Requested {
                wait: Wait {
                    until: fact.until,
                    passed: 0,
                },
            },
        }
    }

    pub(crate) fn created(&mut self, fact: &MachineCreated, at: Time) {
        let made = Made {
            provider_id: fact.provider_id.clone(),
            up_since: at,
        };
        self.step = Step::Joining {
            made,
            wait: Wait {
                until: fact.until,
                passed: 0,
            },
        };
    }

    pub(crate) fn started(&mut self, at: Time) {
        match &mut self.step {
            Step::Requested { .. } => {}
            Step::Joining { made, .. } | Step::Ready { made } => made.up_since = at,
        }
    }

    pub(crate) fn ready(&mut self) {
        match &self.step {
            Step::Requested { .. } | Step::Ready { .. } => {}
            Step::Joining { made, .. } => self.step = Step::Ready { made: made.clone() },
        }
    }

    pub(crate) fn overdue(&mut self, until: Time) {
        match &mut self.step {
            Step::Requested { wait } | Step::Joining { wait, .. } => {
                *wait = Wait {
                    until,
                    passed: wait.passed.saturating_add(1),
                };
            }
            Step::Ready { .. } => {}
        }
    }

    /// Whether its node has joined, and that was said.
    pub fn is_ready(&self) -> bool {
        match self.step {
            Step::Ready { .. } => true,
            Step::Requested { .. } | Step::Joining { .. } => false,
        }
    }

    /// What is waited for, in a few words; nothing when it is ready.
    pub(crate) fn waiting_for(&self) -> Option<String> {
        match &self.step {
            Step::Requested { .. } => Some("the provider to make it".to_owned()),
            Step::Joining { .. } => Some(format!("node {} to join", self.node)),
            Step::Ready { .. } => None,
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
        let until = self.wait()?.until;
        Some(Deadline {
            entity,
            waiting_for: self.waiting_for()?,
            until,
        })
    }

    fn wait(&self) -> Option<Wait> {
        match self.step {
            Step::Requested { wait } | Step::Joining { wait, .. } => Some(wait),
            Step::Ready { .. } => None,
        }
    }

    /// The next step that state and sight allow, if any.
    pub(crate) fn advance(&self, id: &MachineId, sight: Sight, now: Time) -> Option<Draft> {
        match &self.step {
            Step::Requested { .. } => {
                made(id, &sight, now).or_else(|| self.remind(id, &sight, now))
            }
            Step::Joining { .. } if self.joined => Some(Draft::of(MachineReady {
                machine: id.clone(),
                node: self.node.clone(),
            })),
            Step::Joining { made, .. } => {
                up_again(id, made, &sight).or_else(|| self.remind(id, &sight, now))
            }
            Step::Ready { made } => up_again(id, made, &sight),
        }
    }

    fn remind(&self, id: &MachineId, sight: &Sight, now: Time) -> Option<Draft> {
        let wait = self.wait().filter(|wait| wait.until <= now)?;
        Some(Draft::of(MachineOverdue {
            machine: id.clone(),
            waiting_for: self.plight(sight)?,
            until: now + AGAIN.after(wait.passed.saturating_add(1)),
        }))
    }
}

fn made(id: &MachineId, sight: &Sight, now: Time) -> Option<Draft> {
    let provider_id = sight.presence.provider_id()?.to_owned();
    let said = format!("it is there as {provider_id}");
    let created = MachineCreated {
        machine: id.clone(),
        provider_id,
        until: now + JOIN,
    };
    Some(Draft::of(created).seeing(format!("machine {id}"), said))
}

/// Seen running, and not running at some time after it was last said to run.
fn up_again(id: &MachineId, made: &Made, sight: &Sight) -> Option<Draft> {
    let Presence::Up {
        after: Some(down), ..
    } = &sight.presence
    else {
        return None;
    };
    let draft = Draft::of(MachineStarted {
        machine: id.clone(),
    });
    (*down > made.up_since).then(|| {
        draft.seeing(
            format!("machine {id}"),
            format!("down at {down}, running now"),
        )
    })
}
