//! `Deadline`: nothing is pending without saying what it waits for and until when.

use gantry_events::{EntityRef, Time};

/// One state that is neither final nor steady.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// What waits.
    pub entity: EntityRef,
    /// For what, in a few words.
    pub waiting_for: String,
    /// Until when. Passing it is an event.
    pub until: Time,
}
