//! What the ingress counts. Plain atomics, as every request touches them; copied to the process's
//! metrics each second.

use std::sync::atomic::{AtomicU64, Ordering};

use gantry_runtime::Metrics;
use http::StatusCode;

/// A number that many tasks count up.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// One more.
    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub(crate) fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Everything that is counted.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Connections from outside that are open.
    pub(crate) connections: Count,
    /// Upgraded connections that are open; of the connections from outside.
    pub(crate) tunnels: Count,
    /// Connections to a replica that could not be made.
    pub(crate) refused: Count,
    /// Requests that a replica took and did not answer.
    pub(crate) failed: Count,
    /// Requests given to another connection or replica, since nothing had been sent or no harm was in it.
    pub(crate) retries: Count,
    /// Tables applied.
    pub(crate) tables: Count,
    /// Tables that were older than the live one.
    pub(crate) stale: Count,
    /// Tables that could not be saved.
    pub(crate) unsaved: Count,
    answers: [Count; 5],
    own: Count,
}

impl Counts {
    /// Counts an answer by its class.
    pub(crate) fn answered(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5);
        self.answers[class - 1].up();
    }

    /// Counts an answer that the ingress gave itself, since no replica could.
    pub(crate) fn refused_by_us(&self) {
        self.own.up();
    }

    /// Copies all numbers to the metrics.
    pub(crate) fn tell(&self, metrics: &Metrics) {
        for (class, answers) in ["1xx", "2xx", "3xx", "4xx", "5xx"]
            .iter()
            .zip(&self.answers)
        {
            metrics.set(
                "gantry_ingress_answers_total",
                &[("class", class)],
                answers.get(),
            );
        }
        metrics.set("gantry_ingress_own_problems_total", &[], self.own.get());
        metrics.set("gantry_ingress_connections", &[], self.connections.get());
        metrics.set("gantry_ingress_tunnels", &[], self.tunnels.get());
        metrics.set(
            "gantry_ingress_replica_refusals_total",
            &[],
            self.refused.get(),
        );
        metrics.set(
            "gantry_ingress_replica_failures_total",
            &[],
            self.failed.get(),
        );
        metrics.set("gantry_ingress_retries_total", &[], self.retries.get());
        metrics.set("gantry_ingress_tables_total", &[], self.tables.get());
        metrics.set("gantry_ingress_tables_stale_total", &[], self.stale.get());
        metrics.set(
            "gantry_ingress_tables_unsaved_total",
            &[],
            self.unsaved.get(),
        );
    }
}
