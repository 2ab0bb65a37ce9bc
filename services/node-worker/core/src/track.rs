//! `Track`: what one worker has seen of one replica.

use gantry_decider::Backoff;
use gantry_events::{FailureReason, Millis, Time};
use gantry_spec::{ContainerSpec, HealthCheck};

use crate::healer::{End, Ends};
use crate::killer::Course;
use crate::{Container, Run};

/// Waits between tries of a step.
const TRIES: Backoff = Backoff {
    first: Millis(500),
    most: Millis::from_secs(30),
};

/// Tries of making or starting a container before it counts as impossible here: about two minutes.
/// Pulls go on for as long as the set asks for them: a registry may be away for longer than that.
const MOST_TRIES: u32 = 8;

/// What was seen of one replica.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Track {
    pub(crate) container: Option<Container>,
    look: u64,
    pub(crate) tries: Tries,
    /// Whether the image was seen in the engine.
    pub(crate) pulled: bool,
    pub(crate) ends: Ends,
    /// The run it is in.
    pub(crate) course: Option<Course>,
    /// Why it has to end, once it has to; never taken back.
    pub(crate) doom: Option<FailureReason>,
    /// Its last lines, once they were read.
    pub(crate) tail: Option<Vec<String>>,
}

/// What one look at the engine showed of a replica.
pub(crate) struct Sight {
    pub(crate) container: Option<Container>,
    /// Number of the look.
    pub(crate) look: u64,
}

/// Tries of the step that comes next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tries {
    /// Number of the next step.
    pub(crate) number: u64,
    failures: u32,
    pub(crate) not_before: Time,
    pub(crate) last: Option<String>,
}

impl Tries {
    pub(crate) fn succeeded(&mut self) {
        *self = Self {
            number: self.number,
            ..Self::default()
        };
    }
}

/// What is asked of a replica: without a port there is nothing to ask.
pub(crate) fn check(spec: &ContainerSpec) -> &HealthCheck {
    if spec.port.is_some() {
        &spec.health.check
    } else {
        &HealthCheck::Running
    }
}

impl Track {
    pub(crate) fn is_running(&self) -> bool {
        self.container
            .as_ref()
            .is_some_and(|container| container.running_since().is_some())
    }

    pub(crate) fn exit(&self) -> Option<i64> {
        self.container.as_ref().and_then(Container::exit)
    }

    /// Since when it has been healthy, if it is.
    pub(crate) fn healthy_since(&self, spec: &ContainerSpec, now: Time) -> Option<Time> {
        self.course.as_ref()?.healthy_since(check(spec), now)
    }

    /// Why it has to end, if it has to.
    pub(crate) fn verdict(&self, spec: Option<&ContainerSpec>, now: Time) -> Option<FailureReason> {
        self.doom.clone().or_else(|| {
            let spec = spec.filter(|spec| *check(spec) != HealthCheck::Running)?;
            self.course.as_ref()?.verdict(&spec.health, now)
        })
    }

    pub(crate) fn judge(&mut self, spec: Option<&ContainerSpec>, now: Time) {
        self.doom = self.verdict(spec, now);
    }

    /// Takes what the engine shows into account, unless something newer is known.
    pub(crate) fn see(
        &mut self,
        sight: Sight,
        should_run: bool,
        spec: Option<&ContainerSpec>,
        now: Time,
    ) {
        if sight.look < self.look {
            return;
        }
        self.look = sight.look;
        match sight.container.as_ref().map(|container| container.run) {
            Some(Run::Running { since }) => {
                if self
                    .course
                    .as_ref()
                    .is_none_or(|course| course.since != since)
                {
                    self.course = Some(Course::begin(since, now));
                }
            }
            Some(Run::Ended { at, exit }) => {
                if should_run && self.doom.is_none() {
                    let healthy = spec.and_then(|spec| self.healthy_since(spec, now));
                    self.ends.note(End { at, exit }, healthy, now);
                }
                self.course = None;
            }
            Some(Run::Created) | None => self.course = None,
        }
        self.container = sight.container;
    }

    /// A step did not succeed and may later.
    pub(crate) fn failed(&mut self, because: String, now: Time) {
        self.tries.failures = self.tries.failures.saturating_add(1);
        self.tries.not_before = now + TRIES.after(self.tries.failures);
        if self.pulled
            && self.doom.is_none()
            && self.tries.failures >= MOST_TRIES
            && !self.is_running()
        {
            self.refused(because.clone());
        }
        self.tries.last = Some(because);
    }

    /// A step can never succeed here.
    pub(crate) fn refused(&mut self, because: String) {
        self.tries.last = Some(because.clone());
        self.doom
            .get_or_insert(FailureReason::CannotStart { said: because });
    }

    /// When something about it changes by itself: another try, a start, a sentence.
    pub(crate) fn changes_at(&self, spec: Option<&ContainerSpec>) -> impl Iterator<Item = Time> {
        let course = self
            .course
            .as_ref()
            .zip(spec)
            .and_then(|(course, spec)| course.changes_at(check(spec), &spec.health));
        [
            Some(self.tries.not_before),
            Some(self.ends.start_at()),
            course,
        ]
        .into_iter()
        .flatten()
    }

    /// What reports depend on; a change of it begins the gathering of a commit.
    pub(crate) fn marks(&self) -> (bool, bool, usize, bool) {
        let answers = self.course.as_ref().is_some_and(Course::answers);
        let given_up = self.doom.is_some() && self.tail.is_some();
        (self.is_running(), answers, self.ends.count(), given_up)
    }
}
