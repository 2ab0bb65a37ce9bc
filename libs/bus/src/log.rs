//! `Log`: the one ordered, append-only stream, as a small trait.

use std::future::Future;

use futures::stream::BoxStream;
use gantry_events::{LogSubject, Seq};

/// A message as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the whole log.
    pub seq: Seq,
    /// Where it was written; not every stored subject is one of ours.
    pub subject: String,
    /// The bytes.
    pub payload: Vec<u8>,
    /// The mark of its writer, if it has one.
    pub mark: Option<String>,
}

/// A message to be stored only if nothing else was written to its subject since `expects`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Where.
    pub subject: LogSubject,
    /// The bytes.
    pub payload: Vec<u8>,
    /// The mark of its writer.
    pub mark: String,
    /// Sequence of the last message on the subject; 0 when there is none.
    pub expects: Seq,
}

/// What became of an append, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// Stored, at this sequence.
    Stored(Seq),
    /// Not stored: the subject has another last sequence. It may be our own earlier try.
    WrongLast,
    /// The log said that it cannot take it now, with the reason. Not stored.
    Unavailable(String),
    /// No answer: it may be stored or not.
    Unknown(String),
}

/// Reading the log failed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The server did not answer.
    #[error("the log did not answer while {doing}: {cause}")]
    Unreachable {
        /// What was being done.
        doing: &'static str,
        /// What the client said.
        cause: String,
    },
    /// The server answered that this may not be done.
    #[error("the log refused {doing}: {cause}")]
    Refused {
        /// What was being done.
        doing: &'static str,
        /// What the server said.
        cause: String,
    },
}

/// The log. Implemented by JetStream, and in memory for tests.
pub trait Log: Send + Sync {
    /// Tries to store a message, once. Never waits longer than the implementation's stated time-out.
    fn append(&self, append: &Append) -> impl Future<Output = AppendOutcome> + Send;

    /// Sequence of the last message; 0 when there is none.
    fn tail(&self) -> impl Future<Output = Result<Seq, LogError>> + Send;

    /// Every message after `after`, in order and without gaps, for ever. Ends only with an error.
    fn follow(&self, after: Seq) -> BoxStream<'static, Result<Stored, LogError>>;
}
