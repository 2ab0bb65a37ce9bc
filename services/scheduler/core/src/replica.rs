//! The life of a replica, as one enum: placed, ready, on its way out, given up, lost with its node.

use std::net::SocketAddr;

use gantry_events::{Bytes, MilliCpu, Millis, NodeId, RetireReason, Seq, Slot, Time};
use serde::{Deserialize, Serialize};

use crate::Version;
use crate::limits::RECOVER_WITHIN;

/// One replica that its node still has something to do with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// The slot it fills.
    pub slot: Slot,
    /// For which epoch.
    pub epoch: u32,
    /// What it runs.
    pub version: Version,
    /// Where.
    pub node: NodeId,
    /// Processor time set aside for it.
    pub cpu: MilliCpu,
    /// Memory set aside for it.
    pub memory: Bytes,
    /// What went wrong with it so far.
    pub trouble: Trouble,
    /// How far it is.
    pub life: Life,
}

/// What went wrong with a replica that was not given up for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// How often its process was started again.
    pub restarts: u32,
    /// Exit code of the process before, where known.
    pub exit: Option<i64>,
    /// What its probe said when it did not answer any more.
    pub probe: Option<String>,
}

/// How far a replica is. Stopped ones are forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Life {
    /// Its node should bring it up.
    Placed {
        /// When it should have become ready.
        until: Time,
        /// How often that was said anew.
        reminders: u32,
    },
    /// It answers its probe.
    Ready {
        /// Where it listens, if it has a port.
        address: Option<SocketAddr>,
        /// Since when, by its node's clock.
        since: Time,
    },
    /// It did, and does not any more. Its node restarts it or gives it up.
    Unready {
        /// Since when it had been ready, by its node's clock.
        since: Time,
        /// When one of both should have happened.
        until: Time,
        /// How often that was said anew.
        reminders: u32,
    },
    /// Balancers should let it go.
    Draining {
        /// Why it leaves.
        why: RetireReason,
        /// Sequence from which a balancer's table says so.
        since: Seq,
        /// Whether a balancer may ever have routed to it.
        was_ready: bool,
        /// When it goes on without their word.
        until: Time,
    },
    /// Its node should stop it.
    Stopping {
        /// Why it leaves.
        why: RetireReason,
        /// Whether it was ever ready.
        was_ready: bool,
        /// Time between SIGTERM and SIGKILL.
        grace: Millis,
        /// When its node should have said that it did.
        until: Time,
        /// How often that was said anew.
        reminders: u32,
    },
    /// Its node gave it up. It is kept, with its logs, until a newer one takes the slot.
    Failed,
    /// Its node was lost. It may run on, unrouted, until that is back.
    Lost {
        /// How far it was, and is again if its slot was not filled meanwhile.
        was: Box<Life>,
    },
}

impl Life {
    /// Whether a replica this far fills its slot or is about to.
    fn holds(&self) -> bool {
        match self {
            Self::Placed { .. } | Self::Ready { .. } | Self::Unready { .. } => true,
            Self::Draining { .. } | Self::Stopping { .. } | Self::Failed | Self::Lost { .. } => {
                false
            }
        }
    }

    fn is_untried(&self) -> bool {
        match self {
            Self::Placed { .. } => true,
            Self::Draining { was_ready, .. } | Self::Stopping { was_ready, .. } => !was_ready,
            Self::Ready { .. } | Self::Unready { .. } | Self::Failed => false,
            Self::Lost { was } => was.is_untried(),
        }
    }
}

impl Replica {
    /// Whether it fills its slot or is about to: neither leaving nor given up nor lost.
    pub fn is_holder(&self) -> bool {
        self.life.holds()
    }

    /// Whether it answers its probe and stays.
    pub fn is_ready(&self) -> bool {
        matches!(self.life, Life::Ready { .. })
    }

    /// Whether it stays but has not been ready yet.
    pub fn is_coming(&self) -> bool {
        matches!(self.life, Life::Placed { .. })
    }

    /// Whether its node gave it up.
    pub fn is_failed(&self) -> bool {
        matches!(self.life, Life::Failed)
    }

    /// How far it was when its node was lost, if that is so.
    pub fn was(&self) -> Option<&Life> {
        match &self.life {
            Life::Lost { was } => Some(was),
            Life::Placed { .. }
            | Life::Ready { .. }
            | Life::Unready { .. }
            | Life::Draining { .. }
            | Life::Stopping { .. }
            | Life::Failed => None,
        }
    }

    /// Why it leaves, if it does.
    pub fn leaves(&self) -> Option<&RetireReason> {
        match &self.life {
            Life::Draining { why, .. } | Life::Stopping { why, .. } => Some(why),
            Life::Placed { .. }
            | Life::Ready { .. }
            | Life::Unready { .. }
            | Life::Failed
            | Life::Lost { .. } => None,
        }
    }

    /// Whether it filled its slot, or was about to, until its node was lost.
    pub(crate) fn held(&self) -> bool {
        self.was().is_some_and(Life::holds)
    }

    /// Whether it was never ready, as far as it has come.
    pub(crate) fn was_never_ready(&self) -> bool {
        self.life.is_untried()
    }

    /// Its node says that it answers. A leaving one leaves all the same; of a lost one it is noted.
    pub(crate) fn becomes_ready(&mut self, address: Option<SocketAddr>, since: Time) {
        let life = self.told_life();
        if life.holds() {
            *life = Life::Ready { address, since };
        }
    }

    /// Its node says that it does not answer any more.
    pub(crate) fn becomes_unready(&mut self, at: Time) {
        let life = self.told_life();
        if let Life::Ready { since, .. } = *life {
            *life = Life::Unready {
                since,
                until: at + RECOVER_WITHIN,
                reminders: 0,
            };
        }
    }

    /// The life that its node tells of: of a lost one, the one it had.
    fn told_life(&mut self) -> &mut Life {
        match &mut self.life {
            Life::Lost { was } => was,
            life @ (Life::Placed { .. }
            | Life::Ready { .. }
            | Life::Unready { .. }
            | Life::Draining { .. }
            | Life::Stopping { .. }
            | Life::Failed) => life,
        }
    }

    /// It is overdue: a new deadline runs.
    pub(crate) fn is_reminded(&mut self, new_until: Time) {
        match &mut self.life {
            Life::Placed { until, reminders }
            | Life::Unready {
                until, reminders, ..
            }
            | Life::Stopping {
                until, reminders, ..
            } => {
                *until = new_until;
                *reminders = reminders.saturating_add(1);
            }
            Life::Ready { .. } | Life::Draining { .. } | Life::Failed | Life::Lost { .. } => {}
        }
    }

    /// It should be given no new requests.
    pub(crate) fn drains(&mut self, why: RetireReason, since: Seq, until: Time) {
        let was_ready = !self.was_never_ready();
        self.life = Life::Draining {
            why,
            since,
            was_ready,
            until,
        };
    }

    /// It should stop.
    pub(crate) fn stops(&mut self, grace: Millis, until: Time) {
        let why = self.leaves().cloned().unwrap_or(RetireReason::Abandoned);
        let was_ready = !self.was_never_ready();
        self.life = Life::Stopping {
            why,
            was_ready,
            grace,
            until,
            reminders: 0,
        };
    }

    /// Its node was lost.
    pub(crate) fn is_lost(&mut self) {
        if self.was().is_none() && !self.is_failed() {
            let was = Box::new(self.life.clone());
            self.life = Life::Lost { was };
        }
    }

    /// Its node is back in time: it is again what it was, with a new deadline if it waits for something.
    pub(crate) fn is_regained(&mut self, new_until: Time) {
        if let Some(was) = self.was() {
            self.life = was.clone();
        }
        match &mut self.life {
            Life::Placed { until, .. }
            | Life::Unready { until, .. }
            | Life::Stopping { until, .. } => *until = new_until,
            Life::Ready { .. } | Life::Draining { .. } | Life::Failed | Life::Lost { .. } => {}
        }
    }

    /// What it waits for, in a few words, and until when; nothing when it is steady.
    pub(crate) fn waits(&self) -> Option<(String, Time)> {
        let node = &self.node;
        match &self.life {
            Life::Placed { until, .. } => Some((format!("{node} to say that it is ready"), *until)),
            Life::Unready { until, .. } => Some((
                format!("{node} to make it ready again or give it up"),
                *until,
            )),
            Life::Draining { until, .. } => Some(("the balancers to let it go".to_owned(), *until)),
            Life::Stopping { until, .. } => {
                Some((format!("{node} to say that it has stopped"), *until))
            }
            Life::Ready { .. } | Life::Failed | Life::Lost { .. } => None,
        }
    }
}
