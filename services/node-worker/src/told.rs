//! What the control plane tells this node: its wanted set and container specs, each signed. No answer
//! means unknown, and changes nothing.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use gantry_bus::{BusError, NatsBus, Verifier};
use gantry_events::{Digest, LogId, Millis, NodeId};
use gantry_node_worker_core::{Reading, Work};
use gantry_runtime::Process;
use gantry_spec::ContainerSpec;
use tokio::sync::{mpsc, watch};

use crate::disk::{Disk, DiskError};
use crate::followed::{Followed, Heard, Refusal};

/// The set is asked for this often, whatever is pushed.
const ASK: Millis = Millis::from_secs(5);

/// Longest wait for an answer.
const ANSWER: Duration = Duration::from_secs(3);

/// Wait before a spec is asked for again.
const AGAIN: Millis = Millis::from_secs(1);

/// Following what is told failed for good.
#[derive(Debug, thiserror::Error)]
pub enum ToldError {
    /// What was told cannot be remembered.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The bus does not take the subscription.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Hears and asks the control plane.
#[derive(Clone, Debug)]
pub struct Told {
    /// The process it runs in.
    pub process: Process,
    /// The bus.
    pub bus: NatsBus,
    /// The node that is told.
    pub node: NodeId,
    /// The log it reports to.
    pub log: LogId,
    /// Checks who speaks.
    pub verifier: Verifier,
    /// Where it is remembered.
    pub disk: Disk,
    /// Where readings go in.
    pub readings: mpsc::Sender<Reading>,
}

impl Told {
    /// Follows wanted sets: pushed ones, and those asked for at start, after a reconnect and each 5 s.
    pub async fn sets(self) -> Result<(), ToldError> {
        let mut followed = Followed::resume(
            self.node.clone(),
            self.log,
            self.verifier.clone(),
            self.disk.clone(),
        )?;
        let mut pushed = pin!(self.bus.subscribe(&format!("want.{}", self.node)).await?);
        let (stopping, mut every, mut link) = (
            self.process.stopping(),
            self.process.every(ASK),
            self.bus.link(),
        );
        let subject = format!("ask.want.{}", self.node);
        loop {
            let signed = tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                Some((_, signed)) = pushed.next() => Some(signed),
                () = every.tick() => self.ask(&subject, Vec::new()).await,
                Ok(()) = link.changed() => self.ask(&subject, Vec::new()).await,
            };
            if let Some(signed) = signed {
                self.take(followed.hear(&signed)?).await;
            }
        }
    }

    /// Passes on what is to be followed; counts what is refused, and says why.
    async fn take(&self, heard: Heard) {
        match heard {
            // Nobody listens only when the process is ending.
            Heard::News(set) => drop(self.readings.send(Reading::Set(set)).await),
            Heard::Same => {}
            Heard::Refused(refusal) => self.refuse(refusal),
        }
    }

    fn refuse(&self, refusal: Refusal) {
        let because = refusal.because();
        self.process
            .metrics
            .count("gantry_node_sets_refused_total", &[("because", because)], 1);
        match refusal {
            Refusal::Older => tracing::debug!(because, "a wanted set is not followed"),
            Refusal::Signature | Refusal::Unreadable | Refusal::OtherNode | Refusal::OtherLog => {
                tracing::error!(because, "a wanted set is not followed")
            }
        }
    }

    /// Fetches the specs that are missing, until none is.
    pub async fn specs(self, mut work: watch::Receiver<Arc<Work>>) -> Result<(), ToldError> {
        let stopping = self.process.stopping();
        loop {
            let missing = work.borrow_and_update().specs.clone();
            let mut failed = false;
            for digest in missing {
                match self.spec(digest).await? {
                    Some(spec) => drop(
                        self.readings
                            .send(Reading::Spec(digest, Arc::new(spec)))
                            .await,
                    ),
                    None => failed = true,
                }
            }
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                changed = work.changed() => if changed.is_err() { return Ok(()) },
                () = self.process.sleep(AGAIN), if failed => {}
            }
        }
    }

    async fn spec(&self, digest: Digest) -> Result<Option<ContainerSpec>, ToldError> {
        if let Some(spec) = self.disk.spec(digest) {
            return Ok(Some(spec));
        }
        let question = digest.to_string().into_bytes();
        let Some(signed) = self.ask(&format!("ask.spec.{}", self.node), question).await else {
            return Ok(None);
        };
        let Some(bytes) = self
            .verifier
            .open(&signed)
            .filter(|bytes| Digest::of(bytes) == digest)
        else {
            tracing::error!(%digest, "a spec that is not what was asked for is not used");
            return Ok(None);
        };
        self.disk.save_spec(digest, &bytes)?;
        let read = serde_json::from_slice(&bytes);
        Ok(read
            .inspect_err(|error| tracing::error!(%digest, %error, "a spec cannot be read"))
            .ok())
    }

    async fn ask(&self, subject: &str, question: Vec<u8>) -> Option<Vec<u8>> {
        if !self.bus.link().borrow().up {
            return None;
        }
        let answer = self.bus.ask(subject, question, ANSWER).await;
        answer
            .inspect_err(|error| tracing::debug!(%error, "no answer; nothing changes"))
            .ok()
    }
}
