//! What this node has reported so far: the fold of its own subject.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use gantry_decider::Deadline;
use gantry_events::{
    EntityRef, Fact, Kind, Millis, NodeJoined, ProjectName, ReplicaId, ReplicaKey, Time,
};
use serde::{Deserialize, Serialize};

use crate::converge::GRACE;
use crate::killer::UNHEALTHY_FOR;

/// Longest `start_within` that a file may ask for, so the latest a started process is heard of.
const LONGEST_START: Millis = Millis::from_secs(3600);

/// Replicas that ended and are remembered here. Those that a set still names are remembered beside it as
/// well, by [`crate::Observed::ended`]; one that no set names is never named again.
const REMEMBERED: usize = 1000;

/// Everything reported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeState {
    /// What the node said of itself last.
    pub joined: Option<NodeJoined>,
    /// What was said of each replica last. Those that ended stay for long: they never run again.
    pub replicas: BTreeMap<ReplicaKey, Reported>,
    /// Those that ended, in that order.
    ended: VecDeque<ReplicaKey>,
    /// When something was said last.
    #[serde(default)]
    pub(crate) said_at: Time,
}

/// What was said of one replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// The last word.
    pub said: Word,
    /// How often its process was started again.
    pub restarts: u32,
    /// When that was said last. What ended before is known.
    pub restarted_at: Time,
}

/// The last word about a replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "said")]
pub enum Word {
    /// It answers.
    Ready {
        /// Where.
        address: Option<SocketAddr>,
    },
    /// It does not answer any more.
    Unready {
        /// Since when.
        since: Time,
    },
    /// Its process ended, and is started again.
    Restarted {
        /// When that was said.
        at: Time,
        /// How long the node waited before.
        backoff: Millis,
    },
    /// Given up. Final.
    Failed,
    /// Stopped as it should. Final.
    Stopped,
}

impl Reported {
    /// Whether it never runs again.
    pub fn is_final(&self) -> bool {
        match self.said {
            Word::Failed | Word::Stopped => true,
            Word::Ready { .. } | Word::Unready { .. } | Word::Restarted { .. } => false,
        }
    }
}

impl NodeState {
    /// Folds one of the node's own facts; others say nothing here.
    pub(crate) fn fold(&mut self, fact: &Fact, time: Time) {
        self.said_at = time;
        if let Fact::NodeJoined(joined) = fact {
            self.joined = Some(joined.clone());
        } else if let Fact::ReplicaReady(f) = fact {
            self.of(&f.project, &f.replica).said = Word::Ready { address: f.address };
        } else if let Fact::ReplicaUnready(f) = fact {
            self.of(&f.project, &f.replica).said = Word::Unready { since: time };
        } else if let Fact::ReplicaRestarted(f) = fact {
            let reported = self.of(&f.project, &f.replica);
            reported.said = Word::Restarted {
                at: time,
                backoff: f.backoff,
            };
            reported.restarts = f.restarts;
            reported.restarted_at = time;
        } else if let Fact::ReplicaFailed(f) = fact {
            self.end(&f.project, &f.replica, Word::Failed);
        } else if let Fact::ReplicaStopped(f) = fact {
            self.end(&f.project, &f.replica, Word::Stopped);
        }
    }

    fn end(&mut self, project: &ProjectName, replica: &ReplicaId, word: Word) {
        self.of(project, replica).said = word;
        self.ended.push_back(ReplicaKey {
            project: project.clone(),
            replica: replica.clone(),
        });
        if self.ended.len() > REMEMBERED
            && let Some(oldest) = self.ended.pop_front()
        {
            self.replicas.remove(&oldest);
        }
    }

    fn of(&mut self, project: &ProjectName, replica: &ReplicaId) -> &mut Reported {
        let key = ReplicaKey {
            project: project.clone(),
            replica: replica.clone(),
        };
        // The word is overwritten by the caller; a replica nobody spoke of has no word of its own.
        self.replicas.entry(key).or_insert(Reported {
            said: Word::Ready { address: None },
            restarts: 0,
            restarted_at: Time::default(),
        })
    }

    /// Whether the last word about a replica is that it answers.
    pub(crate) fn is_ready(&self, replica: &ReplicaKey) -> bool {
        let said = self.replicas.get(replica);
        said.is_some_and(|reported| matches!(reported.said, Word::Ready { .. }))
    }

    /// When it was last told of a replica that its process ended. What ended before is known.
    pub(crate) fn restarted_at(&self, replica: &ReplicaKey) -> Time {
        let said = self.replicas.get(replica);
        said.map_or(Time::default(), |reported| reported.restarted_at)
    }

    /// Whether a replica never runs again under its id.
    pub fn is_final(&self, replica: &ReplicaKey) -> bool {
        self.replicas.get(replica).is_some_and(Reported::is_final)
    }

    /// What is waited for, of everything that is neither final nor steady.
    pub(crate) fn deadlines(&self) -> Vec<Deadline> {
        self.replicas
            .iter()
            .filter_map(|(key, reported)| reported.deadline(key))
            .collect()
    }
}

impl Reported {
    fn deadline(&self, key: &ReplicaKey) -> Option<Deadline> {
        let (waiting_for, until) = match self.said {
            Word::Ready { .. } | Word::Failed | Word::Stopped => return None,
            Word::Unready { since } => (
                "its probe to be answered again",
                since + UNHEALTHY_FOR + GRACE,
            ),
            Word::Restarted { at, backoff } => (
                "its process to be started again and to answer",
                at + backoff + LONGEST_START + GRACE,
            ),
        };
        let entity = EntityRef {
            kind: Kind::Replica,
            id: key.replica.to_string(),
        };
        Some(Deadline {
            entity,
            waiting_for: waiting_for.to_owned(),
            until,
        })
    }
}
