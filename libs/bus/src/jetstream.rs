//! `JetStreamLog`: the log as the control plane reads and writes it.

use async_nats::HeaderMap;
use async_nats::jetstream;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use gantry_events::{LogSubject, Seq};

use crate::follow::Follower;
use crate::stream::LOG;
use crate::submit::{MARK, TIMEOUT, direct_get, submit};
use crate::{Append, AppendOutcome, Log, LogError, NatsBus, Stored};

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
        direct_get(&self.bus, format!("$JS.API.DIRECT.GET.{LOG}"), asked).await
    }

    /// The last message on a subject; none when there is none.
    pub async fn last_on(&self, subject: &LogSubject) -> Result<Option<Stored>, LogError> {
        direct_get(
            &self.bus,
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
        let follower = Follower::new(self, after);
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
        bus,
        &subject,
        headers,
        append.payload.clone(),
        append.expects,
    )
    .await
}
