//! What runs where: releases, placement, rollouts, drains.
//!
//! [`SchedulerCore`] answers commands about projects, has their images looked up, makes releases,
//! places replicas on nodes, takes a changed service from the old version to the new one slot by slot,
//! and replaces what nodes give up. What it wants of the world is [`Wanted`].
//!
//! Leaves to others: asking registries and signing answers (the shell), starting containers and
//! probing them (node-worker), which replica of a slot is routed (lb-sync).

mod answer;
mod drain;
mod explain;
mod fill;
mod fold;
mod forget;
mod images;
mod limits;
mod operation;
mod outcome;
mod placement;
mod release;
mod replica;
mod resolve;
mod rollout;
mod service;
mod state;
mod steps;
mod usage;
mod waiting;
mod wanted;

pub use images::{Observed, Reading};
pub use limits::{DRAIN, GRACE, RESOLVE_WITHIN, ROLLOUT_WITHIN};
pub use operation::Operation;
pub use replica::{Life, Replica};
pub use service::{Aim, Failure, Service, SlotState, Standing, Unplaced, Version};
pub use state::{Broken, Project, State, Table};
pub use wanted::Wanted;

use gantry_decider::{Core, Deadline, Draft, Entry, Next, PlacedCommand};
use gantry_events::{Decider, Time, Writer};

/// The scheduler's pure half. It holds nothing: all it knows is in its state.
#[derive(Clone, Copy, Debug, Default)]
pub struct SchedulerCore;

impl Core for SchedulerCore {
    type State = State;
    type Observed = Observed;
    type Reading = Reading;
    type Wanted = Wanted;

    fn writer(&self) -> Writer {
        Writer::Scheduler
    }

    fn version(&self) -> &'static str {
        "scheduler/1"
    }

    fn decider(&self) -> Option<Decider> {
        Some(Decider::Scheduler)
    }

    fn evolve(&self, state: &mut State, entry: &Entry<'_>) {
        fold::fold(state, entry);
    }

    fn decide(&self, state: &State, command: &PlacedCommand, now: Time) -> Draft {
        answer::answer(state, command, now)
    }

    fn observe(&self, observed: &mut Observed, reading: Reading, now: Time) {
        observed.take(reading, now);
    }

    /// Images first, then what rollouts came to, then the steps that lead there.
    fn next(&self, state: &State, observed: &Observed, now: Time) -> Next {
        let draft = resolve::next(state, observed, now)
            .or_else(|| outcome::next(state, now))
            .or_else(|| steps::next(state, now));
        match draft {
            Some(draft) => Next::say(draft),
            None => Next::rest(
                waiting::deadlines(state)
                    .into_iter()
                    .map(|deadline| deadline.until),
            ),
        }
    }

    fn wanted(&self, state: &State, observed: &Observed, _now: Time) -> Wanted {
        wanted::wanted(state, observed)
    }

    fn deadlines(&self, state: &State) -> Vec<Deadline> {
        waiting::deadlines(state)
    }
}
