//! The killer: one run of a process, judged by its probe's answers. What stays unhealthy is ended.

use gantry_events::{FailureReason, Millis, Time};
use gantry_spec::{Health, HealthCheck};

/// Failed probes in a row until a replica counts as unready. One or two may be a hiccup.
pub const FAILED_PROBES: u32 = 3;

/// Time that an unready replica has to answer again before it is ended.
pub const UNHEALTHY_FOR: Millis = Millis::from_secs(10);

/// Without anything to ask, a process that has run this long counts as started.
pub const RUNS_FOR: Millis = Millis::from_secs(1);

/// A probe's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// As it should be.
    Good,
    /// Not so, in a sentence.
    Bad(String),
}

/// One run of a replica's process, from its start to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// When the engine says that it began; names the run.
    pub(crate) since: Time,
    /// When this was first seen: what time is counted from. A worker that was away blames nobody for
    /// that time, and the engine's clock may be ahead of its own.
    seen: Time,
    /// Since when it has been healthy without a break; none before its first good answer.
    healthy: Option<Time>,
    /// Since when it has been unready.
    unready: Option<Time>,
    /// Bad answers in a row.
    bad: u32,
    /// The last bad answer.
    last: String,
}

impl Course {
    pub(crate) fn begin(since: Time, now: Time) -> Self {
        let last = "no probe has been answered".to_owned();
        Self {
            since,
            seen: now,
            healthy: None,
            unready: None,
            bad: 0,
            last,
        }
    }

    /// Takes one answer into account.
    pub(crate) fn answered(&mut self, answer: Answer, now: Time) {
        match answer {
            Answer::Good => {
                self.bad = 0;
                self.unready = None;
                self.healthy.get_or_insert(now);
            }
            Answer::Bad(why) => {
                self.bad = self.bad.saturating_add(1);
                self.last = why;
                if self.healthy.is_some() && self.bad >= FAILED_PROBES {
                    self.healthy = None;
                    self.unready = Some(now);
                }
            }
        }
    }

    /// Since when it has been healthy.
    pub(crate) fn healthy_since(&self, check: &HealthCheck, now: Time) -> Option<Time> {
        match check {
            HealthCheck::Http { .. } | HealthCheck::Tcp | HealthCheck::Exec { .. } => self.healthy,
            HealthCheck::Running => Some(self.seen + RUNS_FOR).filter(|at| *at <= now),
        }
    }

    /// What was wrong last, unless it is healthy.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.healthy.is_none().then_some(self.last.as_str())
    }

    /// The last bad answer, if it was ready and is not any more.
    pub(crate) fn unready(&self) -> Option<&str> {
        self.unready.map(|_| self.last.as_str())
    }

    /// Why it has to end, if it has to.
    pub(crate) fn verdict(&self, health: &Health, now: Time) -> Option<FailureReason> {
        let (at, reason) = self.sentence(health)?;
        (at <= now).then_some(reason)
    }

    /// When something about it changes by itself: it counts as started, or has to end.
    pub(crate) fn changes_at(&self, check: &HealthCheck, health: &Health) -> Option<Time> {
        match check {
            HealthCheck::Running => Some(self.seen + RUNS_FOR),
            HealthCheck::Http { .. } | HealthCheck::Tcp | HealthCheck::Exec { .. } => {
                self.sentence(health).map(|(at, _)| at)
            }
        }
    }

    fn sentence(&self, health: &Health) -> Option<(Time, FailureReason)> {
        if self.healthy.is_some() {
            return None;
        }
        let probe = self.last.clone();
        Some(match self.unready {
            Some(since) => (since + UNHEALTHY_FOR, FailureReason::Unhealthy { probe }),
            None => (
                self.seen + health.start_within,
                FailureReason::NotReadyInTime { probe },
            ),
        })
    }
}
