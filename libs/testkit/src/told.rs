//! `Told`: one entry of the log, owned, so that a test can tell it again.

use gantry_decider::{Core, Entry, Said};
use gantry_events::{Command, Fact, OperationId, Place, Time, Writer};

/// One entry of the log, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Where it stands.
    pub place: Place,
    /// When it was decided or accepted.
    pub time: Time,
    /// Who wrote it.
    pub writer: Writer,
    /// The operation it belongs to.
    pub operation: Option<OperationId>,
    /// The command it answers.
    pub answers: Option<Place>,
    /// What it says.
    pub said: Words,
}

/// A command or a fact, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// A command.
    Command(Box<Command>),
    /// A fact.
    Fact(Box<Fact>),
}

impl Told {
    /// Tells it to a core.
    pub fn fold<C: Core>(&self, core: &C, state: &mut C::State) {
        let said = match &self.said {
            Words::Command(command) => Said::Command(command),
            Words::Fact(fact) => Said::Fact(fact),
        };
        let entry = Entry {
            place: self.place,
            time: self.time,
            writer: &self.writer,
            operation: self.operation,
            answers: self.answers,
            said,
        };
        core.evolve(state, &entry);
    }
}
