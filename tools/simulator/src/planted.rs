//! Bugs that live in a core: the real core with one thing done wrong.

use gantry_decider::{Core, Deadline, Draft, Entry, Next, PlacedCommand};
use gantry_events::{Decider, Event, Fact, ReplicaId, Time, Writer};
use gantry_scheduler_core::SchedulerCore;

use crate::faults::Bug;

/// The scheduler's core, as it is or with a bug.
#[derive(Clone, Debug)]
pub struct Scheduler {
    core: SchedulerCore,
    bug: Option<Bug>,
}

impl Scheduler {
    /// The core, with a bug if it is one of the scheduler's.
    pub fn new(bug: Option<Bug>) -> Self {
        Self {
            core: SchedulerCore,
            bug,
        }
    }

    fn flawed(&self, mut next: Next) -> Next {
        if self.bug == Some(Bug::ForgetADeadline) {
            next.wake_at = None;
        }
        if self.bug == Some(Bug::PlaceTwice) {
            let twins: Vec<Event> = next
                .draft
                .iter()
                .flat_map(|draft| &draft.events)
                .filter_map(twin)
                .collect();
            next.draft
                .iter_mut()
                .for_each(|draft| draft.events.extend(twins.iter().cloned()));
        }
        next
    }
}

/// The same placement again, for another replica.
fn twin(event: &Event) -> Option<Event> {
    let Fact::ReplicaPlaced(placed) = &event.fact else {
        return None;
    };
    let mut placed = placed.clone();
    placed.replica = ReplicaId::of(&placed.project, &placed.slot, placed.epoch, 1);
    Some(Event::from(placed))
}

impl Core for Scheduler {
    type State = <SchedulerCore as Core>::State;
    type Observed = <SchedulerCore as Core>::Observed;
    type Reading = <SchedulerCore as Core>::Reading;
    type Wanted = <SchedulerCore as Core>::Wanted;

    fn writer(&self) -> Writer {
        self.core.writer()
    }

    fn version(&self) -> &'static str {
        self.core.version()
    }

    fn decider(&self) -> Option<Decider> {
        self.core.decider()
    }

    fn evolve(&self, state: &mut Self::State, entry: &Entry<'_>) {
        self.core.evolve(state, entry);
    }

    fn decide(&self, state: &Self::State, command: &PlacedCommand, now: Time) -> Draft {
        self.core.decide(state, command, now)
    }

    fn observe(&self, observed: &mut Self::Observed, reading: Self::Reading, now: Time) {
        self.core.observe(observed, reading, now);
    }

    fn next(&self, state: &Self::State, observed: &Self::Observed, now: Time) -> Next {
        self.flawed(self.core.next(state, observed, now))
    }

    fn wanted(&self, state: &Self::State, observed: &Self::Observed, now: Time) -> Self::Wanted {
        self.core.wanted(state, observed, now)
    }

    fn deadlines(&self, state: &Self::State) -> Vec<Deadline> {
        self.core.deadlines(state)
    }
}
