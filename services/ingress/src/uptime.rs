//! `Uptime`: moments as time since the start, which fit an atomic.

use gantry_events::Millis;
use gantry_runtime::{Moment, Process};

/// Counts from the start of the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uptime(Moment);

impl Uptime {
    /// Counts from now.
    pub(crate) fn start(process: &Process) -> Self {
        Self(process.clock.moment())
    }

    /// Time since the start.
    pub(crate) fn now(self) -> Millis {
        self.0.elapsed()
    }
}
