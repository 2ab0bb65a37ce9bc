//! `Known`: the log as the clerk has folded it: which messages are valid, where each subject stands,
//! and what follows for commands and nodes.

use gantry_api_core::{Api, State};
use gantry_bus::{Append, ControlKey, Head, Ledger, Marker, Message, Stored, Void};
use gantry_decider::{Core, Entry, Said};
use gantry_events::{CommandBatch, Commit, LogId, LogSubject, Place, Seq, Writer};
use serde::Serialize;

/// The log as it is known here.
pub(super) struct Known {
    ledger: Ledger,
    marker: Marker,
    pub(super) state: State,
    /// The last sequence folded.
    pub(super) folded: Seq,
}

impl Known {
    pub(super) fn new(log: LogId, control: ControlKey) -> Self {
        Self {
            ledger: Ledger::of_control_plane(log, control.clone()),
            marker: Marker::Control(control),
            state: State::default(),
            folded: Seq(0),
        }
    }

    /// Takes the next message; the answer is its content, or why it is void.
    pub(super) fn fold(&mut self, stored: &Stored) -> Result<Message, Void> {
        let message = self.ledger.check(stored);
        match &message {
            Ok(Message::Commit(writer, commit)) => self.fold_commit(stored.seq, writer, commit),
            Ok(Message::Commands(_, batch)) => self.fold_commands(stored.seq, batch),
            Err(_) => {}
        }
        self.folded = stored.seq;
        message
    }

    /// Where a subject stands.
    pub(super) fn head(&self, subject: &LogSubject) -> Head {
        self.ledger.head(subject)
    }

    /// The message, marked, to be stored only if nothing else was written to its subject meanwhile.
    pub(super) fn append(&self, subject: LogSubject, message: &impl Serialize) -> Append {
        let payload = serde_json::to_vec(message).expect("a message has string keys only");
        let log = self.ledger.log();
        let mark = self.marker.mark(log, &subject.to_string(), &payload);
        let expects = self.head(&subject).stored;
        Append {
            subject,
            payload,
            mark,
            expects,
        }
    }

    fn fold_commit(&mut self, seq: Seq, writer: &Writer, commit: &Commit) {
        for (index, event) in (0_u32..).zip(&commit.events) {
            let entry = Entry {
                place: Place { seq, index },
                time: commit.time,
                writer,
                operation: commit.operation,
                answers: commit.answers,
                said: Said::Fact(&event.fact),
            };
            Api.evolve(&mut self.state, &entry);
        }
    }

    fn fold_commands(&mut self, seq: Seq, batch: &CommandBatch) {
        for (index, command) in (0_u32..).zip(&batch.commands) {
            let entry = Entry {
                place: Place { seq, index },
                time: command.time,
                writer: &Writer::Api,
                operation: Some(command.operation),
                answers: None,
                said: Said::Command(command),
            };
            Api.evolve(&mut self.state, &entry);
        }
    }
}
