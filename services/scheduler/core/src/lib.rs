//! What runs where: releases and the way back, placement, rollouts, drains, lost nodes.
//!
//! [`SchedulerCore`] answers commands about projects, has their images looked up, makes releases,
//! places replicas on nodes, takes a changed service from the old version to the new one slot by slot,
//! and replaces what nodes give up or take with them. What it wants of the world is [`Wanted`].
//!
//! Leaves to others: asking registries and signing answers (the shell), starting containers and
//! probing them (node-worker), which replica of a slot is routed (lb-sync).

mod answer;
mod check;
mod domains;
mod drain;
mod ears;
mod explain;
mod failure;
mod file;
mod fill;
mod fold;
mod forget;
mod images;
mod limits;
mod misplaced;
mod node;
mod nodes;
mod observed;
mod operation;
mod outcome;
mod overtake;
mod placement;
mod problem;
mod project;
mod release;
mod replica;
mod resolve;
mod returned;
mod rollback;
mod rollout;
mod service;
mod silence;
mod state;
mod steps;
mod turn;
mod usage;
mod waiting;
mod wanted;

pub use check::Broken;
pub use failure::Failure;
pub use limits::{
    BALANCER_LEASE, DRAIN_WITHIN, LOST_AFTER, LOST_AFTER_WIDESPREAD, RESOLVE_WITHIN, SUSPECT_AFTER,
};
pub use node::{Duty, Machine, Node, Presence, Stay};
pub use observed::{Observed, Reading};
pub use operation::{Late, Operation};
pub use project::{Good, Project};
pub use replica::{Life, Replica, Trouble};
pub use service::{Aim, Plan, Retry, Service, SlotState, Standing, Unplaced, Version};
pub use state::{State, Table};
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
        "scheduler/2"
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

    /// Who is heard first, then images, what rollouts came to, and the steps that lead there.
    fn next(&self, state: &State, observed: &Observed, now: Time) -> Next {
        let ears = &observed.ears;
        let rollouts = rollout::all(state, |balancer| ears.misses(balancer));
        let draft = silence::next(state, ears, now)
            .or_else(|| nodes::next(state, &rollouts, now))
            .or_else(|| resolve::next(state, observed, now))
            .or_else(|| outcome::next(state, &rollouts, now))
            .or_else(|| steps::next(state, &rollouts, now));
        if let Some(draft) = draft {
            return Next::say(draft);
        }
        let deadlines = waiting::deadlines(state, &rollouts).into_iter();
        Next::rest(
            deadlines
                .map(|deadline| deadline.until)
                .chain(outcome::wakes(&rollouts))
                .chain(silence::wakes(state, ears, now))
                .chain(ears.next_miss(state.balancers.keys(), now)),
        )
    }

    fn wanted(&self, state: &State, observed: &Observed, _now: Time) -> Wanted {
        wanted::wanted(state, observed)
    }

    fn deadlines(&self, state: &State) -> Vec<Deadline> {
        waiting::deadlines(state, &rollout::all(state, |_| false))
    }
}
