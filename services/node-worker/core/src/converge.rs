//! Wanted minus present: the next step of each replica, the probes under way, and where each stands.

use std::net::SocketAddr;
use std::sync::Arc;

use gantry_events::{
    Digest, Millis, ReplicaKey, ReplicaPhase, Stage, Standing, Time, WantedReplica,
};
use gantry_spec::{ContainerSpec, HealthCheck};

use crate::ports;
use crate::track::{Track, check};
use crate::work::{Asks, Creation, Probe, Step, Work};
use crate::{Action, NodeState, Observed, Run};

/// Time between SIGTERM and SIGKILL where nobody says another.
pub const GRACE: Millis = Millis::from_secs(10);

/// All there is to do now.
pub(crate) fn work(state: &NodeState, world: &Observed, now: Time) -> Work {
    let mut work = Work {
        follows: world.set.as_ref().map(|set| set.seq),
        capacity: world.host.map(|host| host.capacity),
        ..Work::default()
    };
    let Some(set) = &world.set else {
        return work;
    };
    work.specs = set
        .replicas
        .values()
        .map(|wanted| wanted.spec)
        .filter(|spec| !world.specs.contains_key(spec))
        .collect();
    let unknown = Track::default();
    for replica in world.replicas() {
        let track = world.tracks.get(replica).unwrap_or(&unknown);
        let place = Place {
            world,
            replica,
            track,
            ended: world.is_final(state, replica),
            was_ready: state.is_ready(replica),
            fell: track.ends.after(state.restarted_at(replica)).count() > 0,
            now,
        };
        let action = place.action();
        if let Some(wanted) = world.wanted(replica) {
            work.stages
                .insert(replica.clone(), place.standing(wanted, action.as_ref()));
        }
        if let Some(action) = action.filter(|_| now >= track.tries.not_before) {
            work.steps.insert(
                replica.clone(),
                Step {
                    number: track.tries.number,
                    action,
                },
            );
        }
        work.probes
            .extend(place.probe().map(|probe| (replica.clone(), probe)));
    }
    work
}

/// One replica in the world.
struct Place<'a> {
    world: &'a Observed,
    replica: &'a ReplicaKey,
    track: &'a Track,
    /// Whether it was reported as failed or stopped: it never runs again.
    ended: bool,
    /// Whether the last word about it is that it answers.
    was_ready: bool,
    /// Whether its process ended and that was not told yet.
    fell: bool,
    now: Time,
}

impl Place<'_> {
    fn spec(&self) -> Option<&Arc<ContainerSpec>> {
        self.world.spec(self.replica)
    }

    fn is_given_up(&self) -> bool {
        self.ended
            || self
                .track
                .verdict(self.spec().map(Arc::as_ref), self.now)
                .is_some()
    }

    /// The next step; none while the engine is silent, as what it runs is unknown then.
    fn action(&self) -> Option<Action> {
        if !self.world.engine_answers {
            return None;
        }
        let Some(wanted) = self.world.wanted(self.replica) else {
            return self.stop(GRACE).or_else(|| self.remove_later());
        };
        match wanted.phase {
            ReplicaPhase::Stop { grace } => self
                .stop(grace)
                .or_else(|| self.read_tail().filter(|_| !self.was_ready)),
            ReplicaPhase::Run if self.is_given_up() => {
                self.stop(GRACE).or_else(|| self.read_tail())
            }
            ReplicaPhase::Run if self.is_of_another_spec(wanted.spec) => {
                self.stop(GRACE).or_else(|| self.remove())
            }
            ReplicaPhase::Run => self.run(wanted),
        }
    }

    /// An id names one spec for ever; a container of that name from elsewhere is in the way.
    fn is_of_another_spec(&self, spec: Digest) -> bool {
        self.track
            .container
            .as_ref()
            .is_some_and(|container| container.spec != spec)
    }

    fn stop(&self, grace: Millis) -> Option<Action> {
        let container = self.track.container.as_ref()?;
        container.running_since()?;
        Some(Action::Stop {
            container: container.id.clone(),
            grace,
        })
    }

    fn remove(&self) -> Option<Action> {
        Some(Action::Remove {
            container: self.track.container.as_ref()?.id.clone(),
        })
    }

    fn remove_later(&self) -> Option<Action> {
        let lingers = self.track.lingers_until();
        self.remove()
            .filter(|_| lingers.is_none_or(|until| until <= self.now))
    }

    fn read_tail(&self) -> Option<Action> {
        let container = self.track.container.as_ref()?;
        let wanted = !self.ended && self.track.lacks_tail();
        wanted.then(|| Action::ReadTail {
            container: container.id.clone(),
        })
    }

    fn run(&self, wanted: &WantedReplica) -> Option<Action> {
        let spec = self.spec()?;
        let Some(container) = &self.track.container else {
            return Some(if self.track.pulled {
                self.create(wanted, spec)
            } else {
                Action::Pull {
                    image: spec.image.clone(),
                }
            });
        };
        let start = || Action::Start {
            container: container.id.clone(),
        };
        match container.run {
            Run::Created => Some(start()),
            Run::Running { .. } => None,
            Run::Ended { .. } if self.now >= self.track.ends.start_at() => Some(start()),
            Run::Ended { .. } => self.read_tail().filter(|_| self.fell && !self.was_ready),
        }
    }

    fn create(&self, wanted: &WantedReplica, spec: &Arc<ContainerSpec>) -> Action {
        let number = self.track.tries.number;
        Action::Create(Box::new(Creation {
            service: wanted.service.clone(),
            release: wanted.release,
            digest: wanted.spec,
            spec: Arc::clone(spec),
            port: spec
                .port
                .and_then(|_| ports::pick(self.replica, number, &ports::taken(self.world))),
        }))
    }

    fn probe(&self) -> Option<Probe> {
        let wanted = self.world.wanted(self.replica)?;
        let (spec, course) = (self.spec()?, self.track.course.as_ref()?);
        if wanted.phase != ReplicaPhase::Run || self.is_given_up() {
            return None;
        }
        Some(Probe {
            since: course.since,
            asks: self.asks(check(spec))?,
            interval: spec.health.interval,
            timeout: spec.health.timeout,
        })
    }

    fn asks(&self, check: &HealthCheck) -> Option<Asks> {
        let container = self.track.container.as_ref()?;
        let address = || {
            let host = self.world.host?.address;
            Some(SocketAddr::new(host, container.port?))
        };
        match check {
            HealthCheck::Http { path } => Some(Asks::Http {
                address: address()?,
                path: path.clone(),
            }),
            HealthCheck::Tcp => Some(Asks::Tcp {
                address: address()?,
            }),
            HealthCheck::Exec { command } => Some(Asks::Program {
                container: container.id.clone(),
                command: command.clone(),
            }),
            HealthCheck::Running => None,
        }
    }

    fn standing(&self, wanted: &WantedReplica, action: Option<&Action>) -> Standing {
        let stage = match wanted.phase {
            ReplicaPhase::Stop { .. } if self.track.is_running() => Stage::Stopping,
            ReplicaPhase::Stop { .. } => Stage::Stopped,
            ReplicaPhase::Run if self.is_given_up() => Stage::Failed,
            ReplicaPhase::Run => self.stage(action),
        };
        Standing {
            stage,
            held_up: self.held_up(),
        }
    }

    fn stage(&self, action: Option<&Action>) -> Stage {
        match action {
            Some(Action::Pull { .. }) => Stage::Pulling,
            Some(Action::Create(_)) => Stage::Creating,
            // Of what is started again, the lines are read in the meantime.
            Some(Action::Start { .. } | Action::ReadTail { .. }) => Stage::Starting,
            Some(Action::Stop { .. } | Action::Remove { .. }) => Stage::Stopping,
            None if self.track.container.is_none() => Stage::Placed,
            None => self.course_stage(),
        }
    }

    fn course_stage(&self) -> Stage {
        if self
            .track
            .course
            .as_ref()
            .is_some_and(|course| course.unready().is_some())
        {
            return Stage::Unready;
        }
        let healthy = self
            .spec()
            .and_then(|spec| self.track.healthy_since(spec, self.now));
        healthy.map_or(Stage::Starting, |_| Stage::Ready)
    }

    fn held_up(&self) -> Option<String> {
        if !self.world.engine_answers {
            return Some("the engine does not answer".to_owned());
        }
        let unready = self
            .track
            .course
            .as_ref()
            .and_then(|course| course.unready());
        self.track
            .tries
            .last
            .clone()
            .or_else(|| unready.map(str::to_owned))
    }
}
