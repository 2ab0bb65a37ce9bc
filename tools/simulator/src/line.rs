//! `Line`: appends on their way to the log, and answers on their way back.

use std::collections::VecDeque;

use gantry_bus::{Append, AppendOutcome, MemoryLog};

use crate::chance::Chance;
use crate::faults::Faults;

/// One writer's line to the log.
#[derive(Debug, Default)]
pub struct Line {
    out: VecDeque<Append>,
    late: Vec<Append>,
    back: VecDeque<AppendOutcome>,
}

impl Line {
    /// Puts an append on its way.
    pub fn send(&mut self, append: Append) {
        self.out.push_back(append);
    }

    /// Whether something is on its way to the log.
    pub fn has_appends(&self) -> bool {
        !self.out.is_empty() || !self.late.is_empty()
    }

    /// Whether an answer is on its way back.
    pub fn has_answers(&self) -> bool {
        !self.back.is_empty()
    }

    /// Carries one append to the log, or loses it, or its answer, or lets it come late.
    pub fn carry(&mut self, log: &MemoryLog, faults: &Faults, chance: &mut Chance) {
        if !self.late.is_empty() && (self.out.is_empty() || chance.percent(30)) {
            let late = self.late.swap_remove(chance.below(self.late.len()));
            // Nobody waits for this answer any more.
            log.try_append(&late);
            return;
        }
        let Some(append) = self.out.pop_front() else {
            return;
        };
        let unknown = AppendOutcome::Unknown("no answer".to_owned());
        let answer = if chance.percent(faults.append_lost) {
            unknown
        } else if chance.percent(faults.append_late) {
            self.late.push(append);
            unknown
        } else if chance.percent(faults.answer_lost) {
            log.try_append(&append);
            unknown
        } else {
            log.try_append(&append)
        };
        self.back.push_back(answer);
    }

    /// The next answer.
    pub fn answer(&mut self) -> Option<AppendOutcome> {
        self.back.pop_front()
    }

    /// Its writer is gone: nobody hears answers, and what was sent may still arrive.
    pub fn hang_up(&mut self) {
        self.back.clear();
        self.late.extend(self.out.drain(..));
    }
}
