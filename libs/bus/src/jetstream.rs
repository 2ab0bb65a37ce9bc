//! `JetStreamLog`: the log as the control plane reads and writes it.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::{ConsumerError, ConsumerErrorKind};
use async_nats::jetstream::{self, ErrorCode};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, future};
use gantry_events::{LogSubject, Seq};
use tokio::sync::watch;

use crate::stream::LOG;
use crate::submit::{MARK, TIMEOUT, direct_get, submit};
use crate::{Append, AppendOutcome, Link, Log, LogError, NatsBus, Stored};

/// Bytes of messages that may wait here for their reader. More than the largest message.
const AHEAD: usize = 16 * 1024 * 1024;

/// The server forgets a reader that has not come back after this.
const FORGOTTEN: Duration = Duration::from_secs(30);

/// A server that says nothing for this long, not even that it has nothing to say, is asked anew.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Tries to go on reading before the reader is told, and the wait between them: the server may just
/// be starting.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(100);

/// The log behind JetStream. Clones share the connection.
#[derive(Clone, Debug)]
pub struct JetStreamLog {
    pub(crate) bus: NatsBus,
    pub(crate) context: jetstream::Context,
}

impl NatsBus {
    /// The whole log, for the control plane.
    pub fn log(&self) -> JetStreamLog {
        let mut context = jetstream::new(self.client.clone());
        context.set_timeout(TIMEOUT);
        JetStreamLog {
            bus: self.clone(),
            context,
        }
    }
}

impl JetStreamLog {
    /// The message at a sequence; none when nothing stands there yet.
    pub async fn get(&self, seq: Seq) -> Result<Option<Stored>, LogError> {
        let asked = format!("{{\"seq\":{}}}", seq.0).into_bytes();
        direct_get(&self.bus.client, format!("$JS.API.DIRECT.GET.{LOG}"), asked).await
    }

    /// The last message on a subject; none when there is none.
    pub async fn last_on(&self, subject: &LogSubject) -> Result<Option<Stored>, LogError> {
        direct_get(
            &self.bus.client,
            format!("$JS.API.DIRECT.GET.{LOG}.{subject}"),
            Vec::new(),
        )
        .await
    }
}

impl Log for JetStreamLog {
    /// Waits 2 s at most for the acknowledgement.
    async fn append(&self, append: &Append) -> AppendOutcome {
        append_to(&self.bus, append).await
    }

    async fn tail(&self) -> Result<Seq, LogError> {
        self.state()
            .await
            .map(|info| Seq(info.state.last_sequence))
            .map_err(|error| error.into_log_error("reading its end"))
    }

    fn follow(&self, after: Seq) -> BoxStream<'static, Result<Stored, LogError>> {
        let link = self.bus.link();
        let follower = Follower {
            context: self.context.clone(),
            link,
            last: after,
            messages: None,
        };
        stream::unfold(Some(follower), |follower| async {
            let mut follower = follower?;
            match follower.next().await {
                Ok(stored) => Some((Ok(stored), Some(follower))),
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }
}

/// Tries once to store a message; the same for the control plane and for nodes.
pub(crate) async fn append_to(bus: &NatsBus, append: &Append) -> AppendOutcome {
    let mut headers = HeaderMap::new();
    headers.insert(MARK, append.mark.as_str());
    let subject = append.subject.to_string();
    submit(
        &bus.client,
        &subject,
        headers,
        append.payload.clone(),
        append.expects,
    )
    .await
}

/// Reads message after message. What goes wrong on the way is begun anew after the last one read.
struct Follower {
    context: jetstream::Context,
    link: watch::Receiver<Link>,
    last: Seq,
    messages: Option<pull::Stream>,
}

impl Follower {
    async fn next(&mut self) -> Result<Stored, LogError> {
        let mut anew = 0;
        loop {
            let message = match &mut self.messages {
                None => {
                    self.messages = Some(self.begin().await?);
                    continue;
                }
                // The server keeps no reader over its own restart, and does not say so.
                Some(messages) => tokio::select! {
                    message = messages.next() => message,
                    () = reconnected(&mut self.link) => None,
                },
            };
            if let Some(Ok(message)) = message {
                match self.take(&message)? {
                    Some(stored) => return Ok(stored),
                    None if anew == TRIES => return Err(gap(self.last)),
                    None => anew += 1,
                }
            }
            self.messages = None;
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

    async fn begin(&mut self) -> Result<pull::Stream, LogError> {
        let mut pace = tokio::time::interval(BETWEEN);
        let mut tries = 0;
        loop {
            pace.tick().await;
            self.link.mark_unchanged();
            tries += 1;
            match self.try_begin().await {
                Err(LogError::Unreachable { .. }) if tries < TRIES => {}
                ended => return ended,
            }
        }
    }

    async fn try_begin(&self) -> Result<pull::Stream, LogError> {
        const DOING: &str = "beginning to read";
        let consumer = self
            .context
            .create_consumer_on_stream(reader(self.last), LOG)
            .await
            .map_err(not_begun)?;
        let messages = consumer
            .stream()
            .max_bytes_per_batch(AHEAD)
            .heartbeat(HEARTBEAT);
        messages
            .messages()
            .await
            .map_err(|e| LogError::Unreachable {
                doing: DOING,
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

async fn reconnected(link: &mut watch::Receiver<Link>) {
    let before = link.borrow().connects;
    if link.wait_for(|link| link.connects > before).await.is_err() {
        // The connection is gone for good; what reads from it says so.
        future::pending::<()>().await;
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
