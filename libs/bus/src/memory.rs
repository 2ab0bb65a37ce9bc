//! `MemoryLog`: the log's twin in memory, for tests and the simulator. Same expectations, same order.

use std::sync::{Arc, Mutex, MutexGuard};

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use gantry_events::Seq;
use tokio::sync::watch;

use crate::{Append, AppendOutcome, Log, LogError, Stored};

/// A log in memory. Clones share it.
#[derive(Clone, Debug)]
pub struct MemoryLog {
    messages: Arc<Mutex<Vec<Stored>>>,
    tail: Arc<watch::Sender<u64>>,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self {
            messages: Arc::default(),
            tail: Arc::new(watch::Sender::new(0)),
        }
    }
}

impl MemoryLog {
    fn messages(&self) -> MutexGuard<'_, Vec<Stored>> {
        self.messages
            .lock()
            .expect("nobody panics while holding the log")
    }

    /// Stores a message if its expectation holds.
    pub fn try_append(&self, append: &Append) -> AppendOutcome {
        let mut messages = self.messages();
        let subject = append.subject.to_string();
        if last_of(&messages, &subject) != append.expects {
            return AppendOutcome::WrongLast;
        }
        let mark = Some(append.mark.clone());
        AppendOutcome::Stored(self.push(&mut messages, subject, append.payload.clone(), mark))
    }

    /// Stores any bytes on any subject, as a thief of a key could.
    pub fn force(&self, subject: &str, payload: Vec<u8>, mark: Option<String>) -> Seq {
        let mut messages = self.messages();
        self.push(&mut messages, subject.to_owned(), payload, mark)
    }

    fn push(
        &self,
        messages: &mut Vec<Stored>,
        subject: String,
        payload: Vec<u8>,
        mark: Option<String>,
    ) -> Seq {
        let seq = Seq(messages.len() as u64 + 1);
        messages.push(Stored {
            seq,
            subject,
            payload,
            mark,
        });
        self.tail.send_replace(seq.0);
        seq
    }

    /// The message at a sequence.
    pub fn get(&self, seq: Seq) -> Option<Stored> {
        let index = usize::try_from(seq.0.checked_sub(1)?).ok()?;
        self.messages().get(index).cloned()
    }

    /// The first message on a subject after a sequence.
    pub fn next_on(&self, subject: &str, after: Seq) -> Option<Stored> {
        let messages = self.messages();
        let rest = messages.get(usize::try_from(after.0).ok()?..)?;
        rest.iter().find(|one| one.subject == subject).cloned()
    }

    /// Sequence of the last message on a subject; 0 when there is none.
    pub fn last_on(&self, subject: &str) -> Seq {
        last_of(&self.messages(), subject)
    }

    /// Sequence of the last message; 0 when there is none.
    pub fn last(&self) -> Seq {
        Seq(self.messages().len() as u64)
    }
}

fn last_of(messages: &[Stored], subject: &str) -> Seq {
    let mut backwards = messages.iter().rev();
    let last = backwards.find(|one| one.subject == subject);
    last.map_or(Seq(0), |one| one.seq)
}

impl Log for MemoryLog {
    async fn append(&self, append: &Append) -> AppendOutcome {
        self.try_append(append)
    }

    async fn tail(&self) -> Result<Seq, LogError> {
        Ok(self.last())
    }

    fn follow(&self, after: Seq) -> BoxStream<'static, Result<Stored, LogError>> {
        let (log, tail) = (self.clone(), self.tail.subscribe());
        stream::unfold(
            (log, tail, after.next()),
            |(log, mut tail, next)| async move {
                tail.wait_for(|last| *last >= next.0).await.ok()?;
                let stored = log.get(next)?;
                Some((Ok(stored), (log, tail, next.next())))
            },
        )
        .boxed()
    }
}
