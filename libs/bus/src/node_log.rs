//! `NodeLog`: the log as a node sees it: its own subject, and of that the last message alone. What
//! lands there is known from acknowledgements, and where one is missing or says no, by looking.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use gantry_events::{LogSubject, NodeId, Seq, Writer};
use tokio::sync::watch;

use crate::jetstream::append_to;
use crate::submit::direct_get;
use crate::{Append, AppendOutcome, Log, LogError, NatsBus, Stored};

/// A node's own subject. Clones share what is known of it.
#[derive(Clone, Debug)]
pub struct NodeLog {
    bus: NatsBus,
    subject: LogSubject,
    last: Arc<watch::Sender<Option<Stored>>>,
}

impl NatsBus {
    /// The subject of one node, for that node.
    pub fn node_log(&self, node: NodeId) -> NodeLog {
        let subject = LogSubject::Facts(Writer::Node(node));
        NodeLog {
            bus: self.clone(),
            subject,
            last: Arc::new(watch::Sender::new(None)),
        }
    }
}

impl NodeLog {
    /// Looks up the last message, and tells followers when it is a new one.
    async fn look(&self) -> Result<Option<Stored>, LogError> {
        let subject = format!("$JS.API.DIRECT.GET.{}.{}", crate::stream::LOG, self.subject);
        let found = direct_get(&self.bus, subject, Vec::new()).await?;
        if let Some(stored) = &found {
            self.tell(stored.clone());
        }
        Ok(found)
    }

    fn tell(&self, stored: Stored) {
        self.last.send_if_modified(|last| {
            let is_new = last.as_ref().is_none_or(|last| last.seq < stored.seq);
            if is_new {
                *last = Some(stored);
            }
            is_new
        });
    }
}

impl Log for NodeLog {
    /// Waits 2 s at most for the acknowledgement, and 2 s more where it has to look.
    async fn append(&self, append: &Append) -> AppendOutcome {
        let outcome = append_to(&self.bus, append).await;
        match &outcome {
            AppendOutcome::Stored(seq) => self.tell(Stored {
                seq: *seq,
                subject: append.subject.to_string(),
                payload: append.payload.clone(),
                mark: Some(append.mark.clone()),
            }),
            AppendOutcome::WrongLast | AppendOutcome::Unknown(_) => {
                if let Err(error) = self.look().await {
                    tracing::debug!(%error, "the own last message could not be read");
                }
            }
            AppendOutcome::Unavailable(_) => {}
        }
        outcome
    }

    async fn tail(&self) -> Result<Seq, LogError> {
        Ok(self.look().await?.map_or(Seq(0), |stored| stored.seq))
    }

    /// The last message at the start, if it is after `after`, then each that lands. Of several that
    /// landed unseen it shows the last alone.
    fn follow(&self, after: Seq) -> BoxStream<'static, Result<Stored, LogError>> {
        let log = self.clone();
        let first = stream::once(async move { log.look().await.err() })
            .filter_map(|error| futures::future::ready(error.map(Err)));
        let rest = stream::unfold(
            (self.last.subscribe(), after),
            |(mut last, after)| async move {
                let newer =
                    |last: &Option<Stored>| last.as_ref().is_some_and(|last| last.seq > after);
                let stored = last.wait_for(newer).await.ok()?.clone()?;
                let seq = stored.seq;
                Some((Ok(stored), (last, seq)))
            },
        );
        first.chain(rest).boxed()
    }
}
