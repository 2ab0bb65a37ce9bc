//! `Entry`: one command or fact as a fold meets it, with its place.

use gantry_events::{Command, Fact, OperationId, Place, Time, Writer};

/// One command or fact of a valid message.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Where it stands.
    pub place: Place,
    /// When it was decided (a fact) or accepted (a command).
    pub time: Time,
    /// Who wrote it.
    pub writer: &'a Writer,
    /// The operation it belongs to.
    pub operation: Option<OperationId>,
    /// The command it answers, on the first fact of an answering commit and all after it.
    pub answers: Option<Place>,
    /// What it says.
    pub said: Said<'a>,
}

/// A wish or a fact.
#[derive(Clone, Debug)]
pub enum Said<'a> {
    /// A command, not answered yet.
    Command(&'a Command),
    /// A fact.
    Fact(&'a Fact),
}

/// A command with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedCommand {
    /// Where it stands.
    pub place: Place,
    /// The command.
    pub command: Command,
}
