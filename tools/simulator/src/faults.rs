//! What a seed breaks, and the six bugs that are planted to show that the checks see them.

use gantry_bus::MemoryLog;
use gantry_events::Time;

use crate::chance::Chance;

/// The moment in which something happens: the log, the time, and what goes wrong just now.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The log.
    pub log: MemoryLog,
    /// The time.
    pub now: Time,
    /// What goes wrong.
    pub faults: Faults,
}

/// How often each thing goes wrong, in percent of the occasions for it. All zero: a kind world.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// An append never reaches the log.
    pub append_lost: u32,
    /// An append is stored, and its acknowledgement lost.
    pub answer_lost: u32,
    /// An append is stored only after its writer has given up waiting.
    pub append_late: u32,
    /// A message is delivered twice.
    pub doubled: u32,
    /// A question gets no answer.
    pub silence: u32,
    /// A service is killed after any step.
    pub crash: u32,
    /// A replica's process ends by itself.
    pub process_ends: u32,
    /// A replica's process stops answering.
    pub process_hangs: u32,
    /// A machine loses power.
    pub machine_stops: u32,
    /// Somebody with a stolen connection stores a message without the right mark.
    pub forgery: u32,
}

impl Faults {
    /// A different mixture for each seed; some kinds are absent from some runs.
    pub fn of(chance: &mut Chance) -> Self {
        let mut some = |most: usize| {
            if chance.percent(60) {
                chance.below(most + 1) as u32
            } else {
                0
            }
        };
        Self {
            append_lost: some(20),
            answer_lost: some(20),
            append_late: some(20),
            doubled: some(10),
            silence: some(30),
            crash: some(2),
            process_ends: some(1),
            process_hangs: some(1),
            machine_stops: some(1),
            forgery: some(1),
        }
    }
}

/// A bug planted on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The api says that a command is accepted before the log has stored it.
    AcknowledgeBeforeAppend,
    /// The scheduler places two replicas where it decided for one.
    PlaceTwice,
    /// The scheduler does not look again when a deadline passes.
    ForgetADeadline,
    /// The node-worker acts once when it is told, not until it is so.
    ActPerEvent,
    /// lb-sync believes messages whose mark does not fit.
    TrustUnmarked,
    /// The node-worker takes no answer for an empty set.
    SilenceIsEmpty,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::AcknowledgeBeforeAppend,
        Self::PlaceTwice,
        Self::ForgetADeadline,
        Self::ActPerEvent,
        Self::TrustUnmarked,
        Self::SilenceIsEmpty,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::AcknowledgeBeforeAppend => "acknowledge-before-append",
            Self::PlaceTwice => "place-twice",
            Self::ForgetADeadline => "forget-a-deadline",
            Self::ActPerEvent => "act-per-event",
            Self::TrustUnmarked => "trust-unmarked",
            Self::SilenceIsEmpty => "silence-is-empty",
        }
    }

    /// The bug of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bug| bug.name() == name)
    }
}
