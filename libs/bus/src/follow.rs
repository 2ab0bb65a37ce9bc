//! `Follower`: reads the log message after message through a reader that the server keeps for it, and
//! begins anew after the last one read when anything goes wrong on the way.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::{ConsumerError, ConsumerErrorKind};
use async_nats::jetstream::{self, ErrorCode};
use futures::StreamExt;
use gantry_events::Seq;

use crate::connection::replaced;
use crate::stream::LOG;
use crate::submit::MARK;
use crate::{JetStreamLog, LogError, NatsBus, Stored};

/// Bytes of messages that may wait here for their reader. More than the largest message.
const AHEAD: usize = 16 * 1024 * 1024;

/// The server forgets a reader that has not come back after this.
const FORGOTTEN: Duration = Duration::from_secs(30);

/// A server that says nothing for this long, not even that it has nothing to say, is asked anew.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Tries to go on reading before the reader is told, and the wait between them: the server may just
/// be starting.
const TRIES: u32 = 5;
const BETWEEN: Duration = Duration::from_millis(100);

/// A place in the log, and the messages after it.
pub(crate) struct Follower {
    bus: NatsBus,
    context: jetstream::Context,
    last: Seq,
    reading: Option<Reading>,
}

/// Messages as they come, over one connection: the server keeps no reader over its own restart, and
/// does not say so.
struct Reading {
    messages: Box<pull::Stream>,
    connects: u64,
}

impl Follower {
    /// A reader of what comes after `after`.
    pub(crate) fn new(log: &JetStreamLog, after: Seq) -> Self {
        Self {
            bus: log.bus.clone(),
            context: log.context.clone(),
            last: after,
            reading: None,
        }
    }

    /// The next message. Waits for ever when none comes; fails when it cannot be read.
    pub(crate) async fn next(&mut self) -> Result<Stored, LogError> {
        let mut anew = 0;
        loop {
            let Some(reading) = &mut self.reading else {
                self.reading = Some(self.begin().await?);
                continue;
            };
            let mut link = self.bus.link();
            let message = tokio::select! {
                biased;
                message = reading.messages.next() => message,
                () = replaced(&mut link, reading.connects) => None,
            };
            if let Some(Ok(message)) = message {
                match self.take(&message)? {
                    Some(stored) => return Ok(stored),
                    None if anew == TRIES => return Err(gap(self.last)),
                    None => anew += 1,
                }
            }
            self.reading = None;
        }
    }

    /// The message as stored, if it is the next one. None after a gap: it is read again from there.
    fn take(&mut self, message: &jetstream::Message) -> Result<Option<Stored>, LogError> {
        let seq = message
            .info()
            .map(|info| Seq(info.stream_sequence))
            .map_err(|e| LogError::Unreachable {
                doing: "reading a message",
                cause: e.to_string(),
            })?;
        if seq <= self.last {
            return Err(shorter(seq, self.last));
        }
        if seq != self.last.next() {
            return Ok(None);
        }
        self.last = seq;
        let mark = message
            .headers
            .as_ref()
            .and_then(|headers| headers.get(MARK));
        Ok(Some(Stored {
            seq,
            subject: message.subject.to_string(),
            payload: message.payload.to_vec(),
            mark: mark.map(|mark| mark.as_str().to_owned()),
        }))
    }

    async fn begin(&self) -> Result<Reading, LogError> {
        let mut pace = tokio::time::interval(BETWEEN);
        let mut tries = 0;
        loop {
            pace.tick().await;
            tries += 1;
            let connects = self.bus.link().borrow().connects;
            match self.bus.unless_replaced(self.try_begin()).await {
                Some(Ok(messages)) => {
                    return Ok(Reading {
                        messages: Box::new(messages),
                        connects,
                    });
                }
                Some(Err(LogError::Unreachable { .. })) if tries < TRIES => {}
                Some(Err(error)) => return Err(error),
                None => {}
            }
        }
    }

    async fn try_begin(&self) -> Result<pull::Stream, LogError> {
        let begun = self
            .context
            .create_consumer_on_stream(reader(self.last), LOG)
            .await;
        let consumer = begun.map_err(not_begun)?;
        let messages = consumer
            .stream()
            .max_bytes_per_batch(AHEAD)
            .heartbeat(HEARTBEAT);
        messages
            .messages()
            .await
            .map_err(|e| LogError::Unreachable {
                doing: "beginning to read",
                cause: e.to_string(),
            })
    }
}

fn reader(last: Seq) -> pull::Config {
    pull::Config {
        deliver_policy: DeliverPolicy::ByStartSequence {
            start_sequence: last.next().0,
        },
        ack_policy: AckPolicy::None,
        inactive_threshold: FORGOTTEN,
        memory_storage: true,
        num_replicas: 1,
        ..pull::Config::default()
    }
}

fn not_begun(error: ConsumerError) -> LogError {
    const DOING: &str = "beginning to read";
    match error.kind() {
        ConsumerErrorKind::JetStream(said) if said.error_code() == ErrorCode::STREAM_NOT_FOUND => {
            LogError::Refused {
                doing: DOING,
                cause: format!(
                    "there is no stream {LOG} any more; restore the log from a backup before anything is started"
                ),
            }
        }
        _ => LogError::Unreachable {
            doing: DOING,
            cause: error.to_string(),
        },
    }
}

fn gap(last: Seq) -> LogError {
    LogError::Refused {
        doing: "reading on",
        cause: format!(
            "the message after {} is missing, and nothing is ever deleted here",
            last.0
        ),
    }
}

fn shorter(seq: Seq, last: Seq) -> LogError {
    LogError::Refused {
        doing: "reading on",
        cause: format!(
            "it gave message {} after {}: it is not the log that was read before",
            seq.0, last.0
        ),
    }
}
