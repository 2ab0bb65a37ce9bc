//! Bugs that live in a core: the real core with one thing done wrong in what it says or wants.

mod balancer;
mod places;
mod provisioner;
mod scheduler;

use gantry_decider::{Core, Deadline, Draft, Entry, Next, PlacedCommand};
use gantry_events::{Decider, Time, Writer};

use crate::bug::Bug;

/// A core, as it is or with a bug.
#[derive(Clone, Debug)]
pub struct Planted<C> {
    core: C,
    bug: Option<Bug>,
}

/// What bugs do to a core's words. Those that are another's change nothing.
pub trait Flaws: Core {
    /// What follows by itself, with the bug.
    fn flawed_next(&self, _bug: Bug, _state: &Self::State, next: Next, _now: Time) -> Next {
        next
    }

    /// The answer to a command, with the bug.
    fn flawed_answer(&self, _bug: Bug, draft: Draft) -> Draft {
        draft
    }

    /// The world as it should be, with the bug.
    fn flawed_wanted(&self, _bug: Bug, _state: &Self::State, wanted: Self::Wanted) -> Self::Wanted {
        wanted
    }
}

impl<C> Planted<C> {
    /// The core, with a bug if it is one of its own.
    pub fn new(core: C, bug: Option<Bug>) -> Self {
        Self { core, bug }
    }
}

impl<C: Flaws> Core for Planted<C> {
    type State = C::State;
    type Observed = C::Observed;
    type Reading = C::Reading;
    type Wanted = C::Wanted;

    fn writer(&self) -> Writer {
        self.core.writer()
    }

    fn version(&self) -> &'static str {
        self.core.version()
    }

    fn decider(&self) -> Option<Decider> {
        self.core.decider()
    }

    fn evolve(&self, state: &mut C::State, entry: &Entry<'_>) {
        self.core.evolve(state, entry);
    }

    fn decide(&self, state: &C::State, command: &PlacedCommand, now: Time) -> Draft {
        let draft = self.core.decide(state, command, now);
        match self.bug {
            Some(bug) => self.core.flawed_answer(bug, draft),
            None => draft,
        }
    }

    fn observe(&self, observed: &mut C::Observed, reading: C::Reading, now: Time) {
        self.core.observe(observed, reading, now);
    }

    fn next(&self, state: &C::State, observed: &C::Observed, now: Time) -> Next {
        let next = self.core.next(state, observed, now);
        match self.bug {
            Some(bug) => self.core.flawed_next(bug, state, next, now),
            None => next,
        }
    }

    fn wanted(&self, state: &C::State, observed: &C::Observed, now: Time) -> C::Wanted {
        let wanted = self.core.wanted(state, observed, now);
        match self.bug {
            Some(bug) => self.core.flawed_wanted(bug, state, wanted),
            None => wanted,
        }
    }

    fn deadlines(&self, state: &C::State) -> Vec<Deadline> {
        self.core.deadlines(state)
    }
}
