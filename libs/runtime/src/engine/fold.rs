//! Folding: what each message of the log does to an engine.

use gantry_bus::{Landing, Message, Stored, Void};
use gantry_decider::{Core, Entry, PlacedCommand, Said};
use gantry_events::{CommandBatch, Commit, Place, Seq, Writer};

use super::{Engine, Output};

impl<C: Core> Engine<C> {
    /// Takes in the next message of the log.
    pub(super) fn stored(&mut self, stored: &Stored, outputs: &mut Vec<Output>) {
        if stored.seq <= self.folded {
            return;
        }
        if self.whole && stored.seq != self.folded.next() {
            outputs.push(Output::FollowFrom(self.folded));
            return;
        }
        let landing = self.appending.stored(stored);
        match self.ledger.check(stored) {
            Ok(Message::Commit(writer, commit)) => self.fold_commit(stored.seq, &writer, &commit),
            Ok(Message::Commands(decider, batch)) => {
                self.fold_commands(stored.seq, self.core.decider() == Some(decider), batch);
            }
            Err(why) => self.pass_over(stored, landing, why, outputs),
        }
        self.folded = stored.seq;
        outputs.push(Output::Folded(stored.seq));
    }

    /// A void message changes nothing. But an engine whose own words are void would say them for ever,
    /// and one that does not know the last of its own words would go on from the wrong one.
    fn pass_over(
        &self,
        stored: &Stored,
        landing: Option<Landing>,
        why: Void,
        outputs: &mut Vec<Output>,
    ) {
        let behind = !self.whole && why == Void::Chain;
        if landing == Some(Landing::Landed) || behind {
            outputs.push(Output::Fault(why.clone()));
        }
        let subject = stored.subject.clone();
        outputs.push(Output::Void { subject, why });
    }

    fn fold_commit(&mut self, seq: Seq, writer: &Writer, commit: &Commit) {
        for (index, event) in (0_u32..).zip(&commit.events) {
            let place = Place { seq, index };
            let entry = Entry {
                place,
                time: commit.time,
                writer,
                operation: commit.operation,
                answers: commit.answers,
                said: Said::Fact(&event.fact),
            };
            self.core.evolve(&mut self.state, &entry);
        }
        if *writer == self.core.writer() {
            self.last_time = self.last_time.max(commit.time);
            self.answered = self.answered.max(commit.answers);
            let answered = self.answered;
            self.queue.retain(|waiting| Some(waiting.place) > answered);
            return;
        }
        self.last_cause = Some(Place { seq, index: 0 });
    }

    fn fold_commands(&mut self, seq: Seq, ours: bool, batch: CommandBatch) {
        for (index, command) in (0_u32..).zip(batch.commands) {
            let place = Place { seq, index };
            let entry = Entry {
                place,
                time: command.time,
                writer: &Writer::Api,
                operation: Some(command.operation),
                answers: None,
                said: Said::Command(&command),
            };
            self.core.evolve(&mut self.state, &entry);
            if ours && Some(place) > self.answered {
                self.queue.push_back(PlacedCommand { place, command });
            }
        }
    }
}
