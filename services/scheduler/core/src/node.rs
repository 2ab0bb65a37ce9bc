//! A node as the scheduler sees it: whether it is heard, and whether it takes replicas.

use std::collections::BTreeMap;

use gantry_events::{Capacity, Place, Seq, Time};
use serde::{Deserialize, Serialize};

/// A node that has joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// What it can give to replicas.
    pub capacity: Capacity,
    /// When it last said what it has, by its own clock.
    pub joined: Time,
    /// Whether it is heard.
    pub presence: Presence,
    /// Whether it takes replicas.
    pub duty: Duty,
    /// Where its duty was last changed.
    pub changed: Seq,
}

/// Whether a node is heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// It is, as far as is known.
    Heard,
    /// It is silent: nothing is placed on it, and what runs there stays.
    Suspect {
        /// When it was last heard.
        since: Time,
        /// Whether many others are silent as well.
        widespread: bool,
        /// When it is lost if it stays silent.
        until: Time,
    },
    /// It stayed silent: what ran there is replaced.
    Lost,
    /// Its machine is no more, which has not been said of its replicas yet.
    Gone {
        /// Whether the node was said to be lost.
        is_said: bool,
    },
}

/// Whether a node takes replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Duty {
    /// It does.
    Open,
    /// It does not; what runs there stays.
    Cordoned,
    /// It does not, and what runs there moves.
    Draining {
        /// When it should be empty.
        until: Time,
        /// How often that was said anew.
        reminders: u32,
        /// What said that it should be.
        cause: Place,
    },
    /// It does not, and nothing runs there.
    Drained,
}

/// The machine of a node, from when it was asked for until it is no more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Labels of its node.
    pub labels: BTreeMap<String, String>,
    /// Whether it stays.
    pub stay: Stay,
}

/// Whether a machine stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stay {
    /// It does.
    #[default]
    Wanted,
    /// It leaves once its node is empty.
    Leaving {
        /// When that should be.
        until: Time,
    },
    /// It should have left and stays after all; its node has not been opened again yet.
    Kept,
}

impl Node {
    /// A node that has just joined.
    pub(crate) fn joined(capacity: Capacity, at: Time) -> Self {
        Self {
            capacity,
            joined: at,
            presence: Presence::Heard,
            duty: Duty::Open,
            changed: Seq(0),
        }
    }

    /// Why nothing is placed on it, if that is so.
    pub fn refuses(&self) -> Option<&'static str> {
        match (&self.presence, &self.duty) {
            (Presence::Gone { .. }, _) => Some("gone"),
            (Presence::Lost, _) => Some("lost"),
            (Presence::Suspect { .. }, _) => Some("suspect"),
            (Presence::Heard, Duty::Draining { .. } | Duty::Drained) => Some("draining"),
            (Presence::Heard, Duty::Cordoned) => Some("cordoned"),
            (Presence::Heard, Duty::Open) => None,
        }
    }

    /// Whether what runs there should run elsewhere.
    pub fn is_draining(&self) -> bool {
        match self.duty {
            Duty::Draining { .. } | Duty::Drained => true,
            Duty::Open | Duty::Cordoned => false,
        }
    }

    /// Whether its replicas count as lost.
    pub fn is_lost(&self) -> bool {
        match self.presence {
            Presence::Lost | Presence::Gone { .. } => true,
            Presence::Heard | Presence::Suspect { .. } => false,
        }
    }
}
