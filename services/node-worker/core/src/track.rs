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

/// Time that the container of a stopped replica is kept for whoever follows its lines.
const LINGERS: Millis = Millis::from_secs(5);

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
    /// What was wrong with its last run.
    trouble: Option<String>,
    /// Since when its process has been at an end, as far as this worker knows.
    rests: Option<Time>,
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

/// What is asked of a replica: without a port nobody answers there.
pub(crate) fn check(spec: &ContainerSpec) -> &HealthCheck {
    match &spec.health.check {
        HealthCheck::Http { .. } | HealthCheck::Tcp if spec.port.is_none() => &HealthCheck::Running,
        check @ (HealthCheck::Http { .. }
        | HealthCheck::Tcp
        | HealthCheck::Exec { .. }
        | HealthCheck::Running) => check,
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
            Some(Run::Running { since }) => self.runs(since, now),
            Some(Run::Ended { at, exit }) => {
                self.ends_at(at);
                if should_run && self.doom.is_none() {
                    self.fell(
                        End {
                            at,
                            noticed: self.noticed(at, now),
                            exit,
                        },
                        spec,
                        now,
                    );
                } else if let Some(course) = self.course.take() {
                    self.trouble = course.trouble().map(str::to_owned);
                }
                self.course = None;
                self.rests.get_or_insert(now);
            }
            Some(Run::Created) | None => {
                self.course = None;
                self.rests = None;
            }
        }
        self.container = sight.container;
    }

    fn runs(&mut self, since: Time, now: Time) {
        self.rests = None;
        let is_known = |course: &Course| course.since == since;
        if !self.course.as_ref().is_some_and(is_known) {
            self.course = Some(Course::begin(since, now));
            self.tail = None;
        }
    }

    /// What is known of another end is not this one's: a run may begin and end between two looks.
    fn ends_at(&mut self, at: Time) {
        let known = self.container.as_ref().and_then(Container::ended_at);
        if known.is_some_and(|known| known != at) {
            self.tail = None;
            self.rests = None;
        }
    }

    fn fell(&mut self, end: End, spec: Option<&ContainerSpec>, now: Time) {
        let healthy = spec.and_then(|spec| self.healthy_since(spec, now));
        self.trouble = Some(format!("its process ended with exit code {}", end.exit));
        self.ends.note(end, healthy, now);
    }

    /// What ended before this worker began to look may have been reported: the engine's word counts.
    fn noticed(&self, at: Time, now: Time) -> Time {
        if self.container.is_some() { now } else { at }
    }

    /// What was wrong last: the probe's answer, how its process ended, or why a step did not succeed.
    pub(crate) fn trouble(&self) -> Option<String> {
        let probe = self.course.as_ref().and_then(Course::trouble);
        probe
            .or(self.trouble.as_deref())
            .or(self.tries.last.as_deref())
            .map(str::to_owned)
    }

    /// Whether its process wrote lines that were not read yet, and has ended.
    pub(crate) fn lacks_tail(&self) -> bool {
        self.rests.is_some() && self.tail.is_none()
    }

    /// When its container may be removed: followers have read its last lines by then. None while its
    /// process runs; one that never ran has no lines.
    pub(crate) fn lingers_until(&self) -> Option<Time> {
        self.rests.map(|since| since + LINGERS)
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
            self.lingers_until(),
            course,
        ]
        .into_iter()
        .flatten()
    }
}
