//! What a seed breaks.

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
    /// A machine vanishes, and leaves its volumes behind.
    pub machine_vanishes: u32,
    /// A machine is cut off from everything else for a while, or its heartbeats are.
    pub machine_cut: u32,
    /// The lease of scheduling goes to the other instance.
    pub lease_moves: u32,
    /// The ingress is killed: what it has in flight is lost, its saved table is not.
    pub ingress_ends: u32,
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
            process_ends: some(3),
            process_hangs: some(3),
            machine_stops: some(2),
            machine_vanishes: some(2),
            machine_cut: some(6),
            lease_moves: some(3),
            ingress_ends: some(1),
            forgery: some(1),
        }
    }
}
