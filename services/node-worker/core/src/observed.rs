//! What was last seen of the world: the set to follow, containers, probes. Forgotten at a restart,
//! except for the set and what ended of it, which the shell keeps on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use gantry_events::{
    Capacity, Digest, LogId, NodeId, ReplicaKey, ReplicaPhase, Time, WantedReplica, WantedSet,
};
use gantry_spec::ContainerSpec;

use crate::killer::Answer;
use crate::track::{Sight, Track};
use crate::{Container, NodeState, Outcome};

/// One reading of the world.
#[derive(Clone, Debug)]
pub enum Reading {
    /// The machine: address and capacity.
    Host(Host),
    /// What the scheduler says this node should run. Followed if it is for this node and log and not
    /// older than the one followed.
    Set(WantedSet),
    /// Replicas that ended for good, as [`Observed::ended`] said before a restart or just now.
    Ended(BTreeSet<ReplicaKey>),
    /// A container spec, checked against its digest.
    Spec(Digest, Arc<ContainerSpec>),
    /// All containers of ours.
    Containers {
        /// Number of the look: a later one has a higher number.
        look: u64,
        /// What it said.
        found: BTreeMap<ReplicaKey, Container>,
    },
    /// One container of ours, looked at alone because something became of it.
    Container {
        /// The replica.
        replica: ReplicaKey,
        /// Number of the look.
        look: u64,
        /// What it said; none where there is none any more.
        found: Option<Container>,
    },
    /// The engine does not answer. What it runs is unknown.
    EngineSilent,
    /// A probe's answer.
    Probed {
        /// The replica.
        replica: ReplicaKey,
        /// Which run was asked.
        since: Time,
        /// What it answered.
        answer: Answer,
    },
    /// A step ended.
    Did {
        /// The replica.
        replica: ReplicaKey,
        /// Number of the step.
        number: u64,
        /// How it ended.
        outcome: Outcome,
    },
    /// All that a loop has seen that goes on while the log is away.
    All(Box<Observed>),
}

/// The machine a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its address on the machines' private network.
    pub address: IpAddr,
    /// What it can give to replicas.
    pub capacity: Capacity,
}

/// What was last seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    pub(crate) host: Option<Host>,
    pub(crate) set: Option<WantedSet>,
    /// Those of the set that ended for good, however long ago.
    pub(crate) ended: BTreeSet<ReplicaKey>,
    pub(crate) specs: BTreeMap<Digest, Arc<ContainerSpec>>,
    /// Whether the engine answers, so that a container not known is one that does not exist.
    pub(crate) engine_answers: bool,
    pub(crate) tracks: BTreeMap<ReplicaKey, Track>,
}

impl Observed {
    /// The set that is followed.
    pub fn set(&self) -> Option<&WantedSet> {
        self.set.as_ref()
    }

    /// Replicas that the followed set names and that ended for good. What was reported is forgotten some
    /// day, a failed replica may be named for longer: the shell keeps these beside the set and reads
    /// them back in, so that none runs again.
    pub fn ended(&self, state: &NodeState) -> BTreeSet<ReplicaKey> {
        let Some(set) = &self.set else {
            return self.ended.clone();
        };
        let named = set.replicas.keys();
        named
            .filter(|replica| self.is_final(state, replica))
            .cloned()
            .collect()
    }

    /// Whether a replica never runs again under its id.
    pub(crate) fn is_final(&self, state: &NodeState, replica: &ReplicaKey) -> bool {
        state.is_final(replica) || self.ended.contains(replica)
    }

    pub(crate) fn wanted(&self, replica: &ReplicaKey) -> Option<&WantedReplica> {
        self.set.as_ref()?.replicas.get(replica)
    }

    pub(crate) fn spec(&self, replica: &ReplicaKey) -> Option<&Arc<ContainerSpec>> {
        self.specs.get(&self.wanted(replica)?.spec)
    }

    fn should_run(&self, replica: &ReplicaKey) -> bool {
        self.wanted(replica)
            .is_some_and(|wanted| wanted.phase == ReplicaPhase::Run)
    }

    /// Replicas that are wanted or have a container.
    pub(crate) fn replicas(&self) -> BTreeSet<&ReplicaKey> {
        self.set
            .iter()
            .flat_map(|set| set.replicas.keys())
            .chain(self.tracks.keys())
            .collect()
    }

    /// Folds one reading.
    pub(crate) fn fold(&mut self, node: &NodeId, log: LogId, reading: Reading, now: Time) {
        self.judge(now);
        match reading {
            Reading::Host(host) => self.host = Some(host),
            Reading::Set(set) => self.follow(node, log, set),
            Reading::Ended(ended) => self.ended = ended,
            Reading::Spec(digest, spec) => {
                self.specs.insert(digest, spec);
            }
            Reading::Containers { look, found } => self.found(look, found, now),
            Reading::Container {
                replica,
                look,
                found,
            } => {
                self.see(&replica, found, look, now);
                self.forget();
            }
            Reading::EngineSilent => self.engine_answers = false,
            Reading::Probed {
                replica,
                since,
                answer,
            } => self.probed(&replica, since, answer, now),
            Reading::Did {
                replica,
                number,
                outcome,
            } => self.did(replica, number, outcome, now),
            Reading::All(all) => *self = *all,
        }
    }

    /// Sentences that are due stay, whatever is read after: a reprieve that comes too late is none.
    fn judge(&mut self, now: Time) {
        if !self.engine_answers {
            return;
        }
        let (set, specs) = (&self.set, &self.specs);
        for (replica, track) in &mut self.tracks {
            let Some(wanted) = set.as_ref().and_then(|set| set.replicas.get(replica)) else {
                continue;
            };
            if wanted.phase == ReplicaPhase::Run {
                track.judge(specs.get(&wanted.spec).map(Arc::as_ref), now);
            }
        }
    }

    fn follow(&mut self, node: &NodeId, log: LogId, set: WantedSet) {
        let older = self
            .set
            .as_ref()
            .is_some_and(|followed| set.seq < followed.seq);
        if set.node != *node || set.log != log || older {
            return;
        }
        let named: BTreeSet<Digest> = set.replicas.values().map(|wanted| wanted.spec).collect();
        self.specs.retain(|digest, _| named.contains(digest));
        self.set = Some(set);
        self.forget();
    }

    fn found(&mut self, look: u64, mut found: BTreeMap<ReplicaKey, Container>, now: Time) {
        self.engine_answers = true;
        let known = self
            .tracks
            .keys()
            .chain(found.keys())
            .cloned()
            .collect::<BTreeSet<_>>();
        for replica in known {
            let container = found.remove(&replica);
            self.see(&replica, container, look, now);
        }
        self.forget();
    }

    fn see(&mut self, replica: &ReplicaKey, container: Option<Container>, look: u64, now: Time) {
        let should_run = self.should_run(replica);
        let spec = self.spec(replica).cloned();
        let track = self.tracks.entry(replica.clone()).or_default();
        track.see(Sight { container, look }, should_run, spec.as_deref(), now);
    }

    fn probed(&mut self, replica: &ReplicaKey, since: Time, answer: Answer, now: Time) {
        let course = self
            .tracks
            .get_mut(replica)
            .and_then(|track| track.course.as_mut());
        if let Some(course) = course.filter(|course| course.since == since) {
            course.answered(answer, now);
        }
    }

    fn did(&mut self, replica: ReplicaKey, number: u64, outcome: Outcome, now: Time) {
        let should_run = self.should_run(&replica);
        let track = self.tracks.entry(replica.clone()).or_default();
        if number < track.tries.number {
            return;
        }
        track.tries.number = number + 1;
        match outcome {
            Outcome::Done { container, look } => {
                track.tries.succeeded();
                self.see(&replica, container, look, now);
            }
            Outcome::Pulled => {
                track.tries.succeeded();
                track.pulled = true;
            }
            Outcome::Tail(lines) => track.tail = Some(lines),
            // Lines hold up no start: what cannot be had is none.
            Outcome::Unread { .. } if should_run && track.doom.is_none() => {
                track.tail = Some(vec![]);
            }
            Outcome::Unread { because } | Outcome::Retry { because } => track.failed(because, now),
            Outcome::Refuse { because } => track.refused(because),
        }
        self.forget();
    }

    /// Drops what is neither wanted nor there.
    fn forget(&mut self) {
        let named = self.set.as_ref();
        self.tracks.retain(|replica, track| {
            track.container.is_some() || named.is_none_or(|set| set.replicas.contains_key(replica))
        });
    }

    /// When something changes by itself, without another reading.
    pub fn changes_at(&self, now: Time) -> Option<Time> {
        let times = self
            .tracks
            .iter()
            .flat_map(|(replica, track)| track.changes_at(self.spec(replica).map(Arc::as_ref)));
        times.filter(|at| *at > now).min()
    }
}
