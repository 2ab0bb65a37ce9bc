//! `Reader`: follows the log for ever, as a task of its own, so that nothing else delays a new try.

use std::convert::Infallible;

use futures::StreamExt;
use gantry_bus::{Log, LogError, Stored};
use gantry_decider::Backoff;
use gantry_events::Seq;
use gantry_runtime::{Condition, Process};
use tokio::sync::{mpsc, watch};

/// What is heard of the log.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It ends here now; whoever has folded that far is up to date.
    Tail(Seq),
    /// The next message.
    Stored(Box<Stored>),
}

/// Follows the log from its beginning.
pub(crate) struct Reader<L> {
    pub(crate) process: Process,
    pub(crate) log: L,
    pub(crate) heard: mpsc::Sender<Heard>,
    pub(crate) condition: Condition,
}

/// The clerk has gone, so there is nobody to read for.
struct Unheard;

impl<L: Log> Reader<L> {
    /// Reads until the process stops, once the log `may` be read.
    pub(crate) async fn run(self, mut may: watch::Receiver<bool>) -> Result<(), Infallible> {
        let stopping = self.process.stopping();
        tokio::select! {
            () = stopping.cancelled() => {}
            () = async {
                // The inspector never passed: then the process ends, and nothing is read.
                if may.wait_for(|may| *may).await.is_ok() {
                    self.read().await;
                }
            } => {}
        }
        Ok(())
    }

    async fn read(&self) {
        let (mut last, mut failures) = (Seq(0), 0);
        loop {
            self.process.sleep(Backoff::NEAR.after(failures)).await;
            let before = last;
            match self.read_on(&mut last).await {
                Err(Unheard) => return,
                Ok(error) => {
                    failures = if last > before { 1 } else { failures + 1 };
                    self.condition.unmet(&format!("{error}; trying again"));
                    tracing::warn!(%error, failures, "following the log failed");
                }
            }
        }
    }

    /// Reads until it fails; the answer is why.
    async fn read_on(&self, last: &mut Seq) -> Result<LogError, Unheard> {
        match self.log.tail().await {
            Ok(tail) => self.tell(Heard::Tail(tail)).await?,
            Err(error) => return Ok(error),
        }
        let mut messages = self.log.follow(*last);
        while let Some(message) = messages.next().await {
            match message {
                Ok(stored) => {
                    *last = stored.seq;
                    self.tell(Heard::Stored(Box::new(stored))).await?;
                }
                Err(error) => return Ok(error),
            }
        }
        Ok(LogError::Unreachable {
            doing: "following the log",
            cause: "it ended".to_owned(),
        })
    }

    async fn tell(&self, heard: Heard) -> Result<(), Unheard> {
        self.heard.send(heard).await.map_err(|_| Unheard)
    }
}
