//! `Signs`: how an engine fares with its log, in health, metrics and the process's own log.

use gantry_bus::{AppendOutcome, LogError};
use gantry_decider::Backoff;
use gantry_events::Millis;

use crate::{Condition, Process};

/// Appends in a row that are not taken, after which the process counts as not ready.
const REFUSALS: u32 = 3;

/// What a driven engine shows of itself.
pub(crate) struct Signs {
    process: Process,
    log: Condition,
    appends: Condition,
    /// Failures in a row to follow the log.
    failures: u32,
    /// Appends in a row that the log did not take.
    refusals: u32,
}

impl Signs {
    /// An engine that has yet to read the log.
    pub(crate) fn of(process: &Process) -> Self {
        let (log, appends) = (
            process.health.condition("log"),
            process.health.condition("appends"),
        );
        appends.met();
        log.unmet("reading the log");
        Self {
            process: process.clone(),
            log,
            appends,
            failures: 0,
            refusals: 0,
        }
    }

    /// All of the log that there is was read.
    pub(crate) fn caught_up(&mut self) {
        self.failures = 0;
        self.log.met();
    }

    /// The log cannot be followed.
    pub(crate) fn lost(&mut self, error: &LogError) {
        self.failures = self.failures.saturating_add(1);
        self.process
            .metrics
            .count("gantry_log_follow_failures_total", &[], 1);
        self.log.unmet(&format!("{error}; trying again"));
        tracing::warn!(%error, failures = self.failures, "following the log failed");
    }

    /// How long to wait before it is followed again.
    pub(crate) fn pause(&self) -> Millis {
        Backoff::NEAR.after(self.failures)
    }

    /// What the server made of an append.
    pub(crate) fn answered(&mut self, outcome: &AppendOutcome) {
        let because = match outcome {
            AppendOutcome::Stored(_) | AppendOutcome::WrongLast => {
                self.refusals = 0;
                self.appends.met();
                return;
            }
            AppendOutcome::Unavailable(because) | AppendOutcome::Unknown(because) => because,
        };
        self.refusals = self.refusals.saturating_add(1);
        self.process
            .metrics
            .count("gantry_append_retries_total", &[], 1);
        tracing::warn!(
            because,
            tries = self.refusals,
            "an append was not taken; trying again"
        );
        if self.refusals >= REFUSALS {
            self.appends.unmet(&format!(
                "the log has not taken an append {} times: {because}",
                self.refusals
            ));
        }
    }
}
