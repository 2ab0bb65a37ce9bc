//! A replica's container as the engine shows it. Who asks the engine is the shell's business.

use std::fmt;

use gantry_events::{Digest, Time};

/// Name of a container in its engine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContainerId(pub String);

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One container of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its name in the engine.
    pub id: ContainerId,
    /// The spec it was made from.
    pub spec: Digest,
    /// The port of the machine under which it is reached, for a service with a port.
    pub port: Option<u16>,
    /// Whether its process runs.
    pub run: Run,
}

/// Whether a container's process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It was never started.
    Created,
    /// It runs.
    Running {
        /// Since when. Another start has another time, so this names the run as well.
        since: Time,
    },
    /// It has ended.
    Ended {
        /// When.
        at: Time,
        /// Its exit code.
        exit: i64,
    },
}

impl Container {
    /// The run it is in, named by its start.
    pub fn running_since(&self) -> Option<Time> {
        match self.run {
            Run::Running { since } => Some(since),
            Run::Created | Run::Ended { .. } => None,
        }
    }

    /// When its process ended, if it has.
    pub fn ended_at(&self) -> Option<Time> {
        match self.run {
            Run::Ended { at, .. } => Some(at),
            Run::Created | Run::Running { .. } => None,
        }
    }

    /// Exit code of its process, if it has ended.
    pub fn exit(&self) -> Option<i64> {
        match self.run {
            Run::Ended { exit, .. } => Some(exit),
            Run::Created | Run::Running { .. } => None,
        }
    }
}
