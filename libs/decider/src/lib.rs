//! The kernel: what every service of Gantry is. Fold the log into state, decide, say what holds, and
//! name the world that should be.
//!
//! A [`Core`] is pure: time comes in as an argument, maps are ordered, nothing waits. So the same
//! code runs in a service, in the simulator and in a replay of the past. Leaves to others: the loop
//! that drives it (`gantry-runtime`), the log (`gantry-bus`).
//!
//! Laws, held by `gantry_testkit::laws` for every core:
//! - folding the same entries gives the same state, live, replayed, or from a snapshot and its tail;
//! - `next` comes to rest: after finitely many commits it gives none;
//! - every state that is not final names what it waits for and until when.

mod backoff;
mod deadline;
mod draft;
mod entry;

pub use backoff::Backoff;
pub use deadline::Deadline;
pub use draft::{Draft, Next};
pub use entry::{Entry, PlacedCommand, Said};

use std::fmt::Debug;

use gantry_events::{Decider, Time, Writer};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One service's pure half.
pub trait Core {
    /// What the log says, folded.
    type State: Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned;
    /// What the world was last seen to be. Never part of the state, forgotten at a restart.
    type Observed: Clone + Debug + Default;
    /// One reading of the world.
    type Reading: Clone + Debug;
    /// The world as it should be.
    type Wanted: Clone + Debug + PartialEq;

    /// Under whose name it writes.
    fn writer(&self) -> Writer;

    /// Name and version of this code, recorded in every commit.
    fn version(&self) -> &'static str;

    /// Whose commands it answers, if it answers any.
    fn decider(&self) -> Option<Decider> {
        None
    }

    /// Folds one entry of the log. Every entry of a message is folded with that message's place and time.
    fn evolve(&self, state: &mut Self::State, entry: &Entry<'_>);

    /// Answers one command from the state alone: refused, unchanged, or taken on. Never empty.
    fn decide(&self, state: &Self::State, command: &PlacedCommand, now: Time) -> Draft;

    /// Folds one reading of the world.
    fn observe(&self, observed: &mut Self::Observed, reading: Self::Reading, now: Time);

    /// What follows from state and readings by itself, and when to look again.
    fn next(&self, state: &Self::State, observed: &Self::Observed, now: Time) -> Next;

    /// The world as it should be.
    fn wanted(&self, state: &Self::State, observed: &Self::Observed, now: Time) -> Self::Wanted;

    /// What is waited for, each with its deadline: one for every state that is neither final nor steady.
    fn deadlines(&self, state: &Self::State) -> Vec<Deadline>;
}
