//! The life of a replica, as one enum: placed, ready, on its way out, given up.

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
    /// How far it is.
    pub life: Life,
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
        /// Time between SIGTERM and SIGKILL.
        grace: Millis,
        /// When its node should have said that it did.
        until: Time,
        /// How often that was said anew.
        reminders: u32,
    },
    /// Its node gave it up. It is kept, with its logs, until a newer one takes the slot.
    Failed,
}

impl Replica {
    /// Whether it fills its slot or is about to: neither leaving nor given up.
    pub fn is_holder(&self) -> bool {
        match &self.life {
            Life::Placed { .. } | Life::Ready { .. } | Life::Unready { .. } => true,
            Life::Draining { .. } | Life::Stopping { .. } | Life::Failed => false,
        }
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

    /// Its node says that it answers. A leaving one leaves all the same.
    pub(crate) fn becomes_ready(&mut self, address: Option<SocketAddr>, since: Time) {
        if self.is_holder() {
            self.life = Life::Ready { address, since };
        }
    }

    /// Its node says that it does not answer any more.
    pub(crate) fn becomes_unready(&mut self, at: Time) {
        if let Life::Ready { since, .. } = self.life {
            self.life = Life::Unready {
                since,
                until: at + RECOVER_WITHIN,
                reminders: 0,
            };
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
            Life::Ready { .. } | Life::Draining { .. } | Life::Failed => {}
        }
    }

    /// It should be given no new requests.
    pub(crate) fn drains(&mut self, why: RetireReason, since: Seq, until: Time) {
        let was_ready = !self.is_coming();
        self.life = Life::Draining {
            why,
            since,
            was_ready,
            until,
        };
    }

    /// It should stop.
    pub(crate) fn stops(&mut self, grace: Millis, until: Time) {
        let why = match &self.life {
            Life::Draining { why, .. } | Life::Stopping { why, .. } => why.clone(),
            Life::Placed { .. } | Life::Ready { .. } | Life::Unready { .. } | Life::Failed => {
                RetireReason::Abandoned
            }
        };
        self.life = Life::Stopping {
            why,
            grace,
            until,
            reminders: 0,
        };
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
            Life::Ready { .. } | Life::Failed => None,
        }
    }
}
