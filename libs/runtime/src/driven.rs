//! What a shell gives to a driven engine, and what it gets: its core and its log in, readings in, the
//! view out. How it is driven is `drive`.

use std::sync::Arc;

use gantry_bus::{Head, Ledger, Marker, Void};
use gantry_decider::Core;
use gantry_events::Seq;
use tokio::sync::{mpsc, watch};

use crate::engine::Snapshot;

/// Whether this process may decide.
#[derive(Debug)]
pub enum Duty {
    /// It is the only one by construction.
    Always,
    /// It may while the lease is held.
    Leased(watch::Receiver<bool>),
}

/// Remembers snapshots durably before the engine goes on, for engines that cannot replay the log.
pub trait Keep<S>: Send {
    /// Writes the snapshot so that it survives a power loss. An error ends the process.
    fn keep(&mut self, snapshot: &Snapshot<S>) -> std::io::Result<()>;
}

/// Everything an engine needs to run.
pub struct Setup<C: Core, L> {
    /// The core.
    pub core: C,
    /// Checks messages.
    pub ledger: Ledger,
    /// Marks commits.
    pub marker: Marker,
    /// The log.
    pub log: L,
    /// Whether it may decide.
    pub duty: Duty,
    /// Where it left off, if it remembers.
    pub resume: Option<Snapshot<C::State>>,
    /// Who remembers for it, if it cannot replay.
    pub keep: Option<Box<dyn Keep<C::State>>>,
}

/// The running engine, as its shell sees it.
pub struct Driven<C: Core> {
    /// Readings go in here.
    pub readings: mpsc::Sender<C::Reading>,
    /// What the engine knows and wants; none until the replay has reached the log's end.
    pub view: watch::Receiver<Option<Arc<View<C>>>>,
}

impl<C: Core> Clone for Driven<C> {
    fn clone(&self) -> Self {
        Self {
            readings: self.readings.clone(),
            view: self.view.clone(),
        }
    }
}

/// What an engine knows and wants at one sequence.
#[derive(Clone, Debug)]
pub struct View<C: Core> {
    /// The last sequence folded.
    pub seq: Seq,
    /// The world as it should be.
    pub wanted: C::Wanted,
    /// What the log says.
    pub state: C::State,
    /// Where the own subject stands.
    pub own: Head,
    /// Whether this process may decide.
    pub leading: bool,
}

/// The engine's own task failed.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// A snapshot could not be remembered.
    #[error(
        "the snapshot could not be written: {0}; free space on the disk or check its permissions"
    )]
    Keep(#[from] std::io::Error),
    /// What this service wrote in its own name is not valid, or not known to it.
    #[error(
        "what stands in the log in this service's name does not fit what it knows: {0}; its data \
         folder is older than the log, or it runs another version than wrote it"
    )]
    Fault(Void),
}
