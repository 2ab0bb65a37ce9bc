//! What there is to say: transitions since the last word, gathered into one commit.

use std::net::SocketAddr;
use std::sync::Arc;

use gantry_events::{
    Fact, Millis, NodeId, NodeJoined, ReplicaFailed, ReplicaKey, ReplicaPhase, ReplicaReady,
    ReplicaRestarted, ReplicaStopped, ReplicaUnready, Time,
};
use gantry_spec::ContainerSpec;

use crate::state::{Reported, Word};
use crate::track::Track;
use crate::{NodeState, Observed};

/// Time in which changes are gathered that follow closely on what was said last.
pub const BATCH: Millis = Millis(25);

/// Facts in one commit: with log tails of 4 KiB each it stays well below 512 KiB.
const MOST_FACTS: usize = 100;

/// Everything there is to say now.
pub(crate) fn facts(node: &NodeId, state: &NodeState, world: &Observed, now: Time) -> Vec<Fact> {
    let joined = world.host.map(|host| NodeJoined {
        node: node.clone(),
        address: host.address,
        capacity: host.capacity,
    });
    let mut facts: Vec<Fact> = joined
        .filter(|joined| state.joined.as_ref() != Some(joined))
        .map(Fact::from)
        .into_iter()
        .collect();
    if world.set.is_none() {
        return facts;
    }
    let unknown = Track::default();
    let mut replicas = world.replicas();
    replicas.extend(
        state
            .replicas
            .iter()
            .filter(|(_, said)| !said.is_final())
            .map(|(replica, _)| replica),
    );
    for replica in replicas {
        if world.is_final(state, replica) {
            continue;
        }
        let said = state.replicas.get(replica);
        let track = world.tracks.get(replica).unwrap_or(&unknown);
        let reporter = Reporter {
            node,
            world,
            replica,
            said,
            was_ready: state.is_ready(replica),
            track,
            now,
        };
        facts.extend(reporter.facts());
    }
    facts.truncate(MOST_FACTS);
    facts
}

/// Whether some replica is on its way to where the set wants it, so that there may be more to say in a
/// moment. Where none is, nobody has to be kept waiting for the news.
pub(crate) fn more_comes(state: &NodeState, world: &Observed, now: Time) -> bool {
    let unknown = Track::default();
    world.replicas().into_iter().any(|replica| {
        let track = world.tracks.get(replica).unwrap_or(&unknown);
        let spec = world.spec(replica).map(Arc::as_ref);
        let arrives = || {
            let is_healthy = spec.is_some_and(|spec| track.healthy_since(spec, now).is_some());
            !is_healthy && track.verdict(spec, now).is_none()
        };
        !world.is_final(state, replica)
            && match world.wanted(replica).map(|wanted| &wanted.phase) {
                Some(ReplicaPhase::Run) => arrives(),
                Some(ReplicaPhase::Stop { .. }) | None => track.is_running(),
            }
    })
}

/// One replica to be reported about.
struct Reporter<'a> {
    node: &'a NodeId,
    world: &'a Observed,
    replica: &'a ReplicaKey,
    said: Option<&'a Reported>,
    was_ready: bool,
    track: &'a Track,
    now: Time,
}

impl Reporter<'_> {
    fn facts(&self) -> Vec<Fact> {
        // What a silent engine runs is unknown; nothing ended because it did not answer.
        let stands_still = self.world.engine_answers && !self.track.is_running();
        let Some(wanted) = self.world.wanted(self.replica) else {
            let forgotten = self.said.is_some() && stands_still;
            return forgotten.then(|| self.stopped()).into_iter().collect();
        };
        match wanted.phase {
            ReplicaPhase::Stop { .. } => {
                let ready_to_say = stands_still && (self.was_ready || !self.track.lacks_tail());
                ready_to_say.then(|| self.stopped()).into_iter().collect()
            }
            ReplicaPhase::Run => self.running(stands_still),
        }
    }

    fn running(&self, stands_still: bool) -> Vec<Fact> {
        let spec = self.world.spec(self.replica).map(Arc::as_ref);
        if let Some(reason) = self.track.verdict(spec, self.now) {
            let ready_to_say = stands_still && !self.track.lacks_tail();
            return ready_to_say
                .then(|| self.failed(reason))
                .into_iter()
                .collect();
        }
        let restarted = self.restarted();
        let is_ready = spec.filter(|spec| self.track.healthy_since(spec, self.now).is_some());
        let word = match is_ready {
            Some(spec) => self.ready(spec, restarted.is_some()),
            None if restarted.is_none() => self.unready(stands_still),
            None => None,
        };
        restarted.into_iter().chain(word).collect()
    }

    /// Of what was ready everyone should know at once; of what was not, its lines tell why, and they come
    /// before it is started again or not at all.
    fn restarted(&self) -> Option<Fact> {
        let reported = self.said.map_or(Time::default(), |said| said.restarted_at);
        let exit = self.track.ends.after(reported).next_back()?.exit;
        let lines_come = self.track.lacks_tail() && self.now < self.track.ends.start_at();
        if lines_come && !self.was_ready {
            return None;
        }
        let ends = u32::try_from(self.track.ends.after(reported).count()).unwrap_or(u32::MAX);
        Some(Fact::from(ReplicaRestarted {
            project: self.replica.project.clone(),
            replica: self.replica.replica.clone(),
            node: self.node.clone(),
            restarts: self
                .said
                .map_or(0, |said| said.restarts)
                .saturating_add(ends),
            exit: Some(exit),
            backoff: self.track.ends.backoff(),
            log_tail: self.tail_unless_ready(),
        }))
    }

    fn ready(&self, spec: &ContainerSpec, again: bool) -> Option<Fact> {
        let address = match spec.port {
            None => None,
            Some(_) => Some(SocketAddr::new(
                self.world.host?.address,
                self.track.container.as_ref()?.port?,
            )),
        };
        let known = self
            .said
            .is_some_and(|said| said.said == Word::Ready { address });
        (again || !known).then(|| {
            Fact::from(ReplicaReady {
                project: self.replica.project.clone(),
                replica: self.replica.replica.clone(),
                node: self.node.clone(),
                address,
            })
        })
    }

    fn unready(&self, stands_still: bool) -> Option<Fact> {
        let Word::Ready { .. } = self.said?.said else {
            return None;
        };
        let silent = self
            .track
            .course
            .as_ref()
            .and_then(|course| course.unready());
        let reason = silent.or(stands_still.then_some("its process does not run"))?;
        Some(Fact::from(ReplicaUnready {
            project: self.replica.project.clone(),
            replica: self.replica.replica.clone(),
            node: self.node.clone(),
            reason: reason.to_owned(),
        }))
    }

    fn failed(&self, reason: gantry_events::FailureReason) -> Fact {
        Fact::from(ReplicaFailed {
            project: self.replica.project.clone(),
            replica: self.replica.replica.clone(),
            node: self.node.clone(),
            reason,
            exit: self.track.exit(),
            log_tail: self.track.tail.clone().unwrap_or_default(),
        })
    }

    /// What was never ready takes along what was wrong with it: nobody reads its lines later.
    fn stopped(&self) -> Fact {
        let trouble = (!self.was_ready).then(|| self.track.trouble());
        Fact::from(ReplicaStopped {
            project: self.replica.project.clone(),
            replica: self.replica.replica.clone(),
            node: self.node.clone(),
            exit: self.track.exit(),
            probe: trouble.flatten(),
            log_tail: self.tail_unless_ready(),
        })
    }

    fn tail_unless_ready(&self) -> Vec<String> {
        let tail = self.track.tail.clone().filter(|_| !self.was_ready);
        tail.unwrap_or_default()
    }
}
