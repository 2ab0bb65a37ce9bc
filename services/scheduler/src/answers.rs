//! What nodes are told: their wanted sets and the container specs these name, each signed.
//!
//! Only the holder of the lease tells, and only once it has folded the log to the end it had when the
//! lease was taken: an older word could stop what a newer one started. Whoever gets no answer keeps
//! what it has.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use gantry_bus::{BusError, Log, NatsBus, Question, Signer};
use gantry_events::{Digest, LogId, Millis, NodeId, ReplicaKey, Seq, WantedReplica, WantedSet};
use gantry_runtime::{Condition, Process, View};
use gantry_scheduler_core::SchedulerCore;
use tokio::sync::watch;

/// How often the log's end is asked for anew, after the lease was taken and the log did not answer.
const RETRY: Millis = Millis(500);

/// The subjects of a node's questions, but for the node's name at the end.
const WANT: &str = "ask.want.";
const SPEC: &str = "ask.spec.";

/// Answers nodes until the process stops.
pub struct Answers {
    process: Process,
    bus: NatsBus,
    log: LogId,
    signer: Signer,
    view: watch::Receiver<Option<Arc<View<SchedulerCore>>>>,
    held: watch::Receiver<bool>,
    useful: Condition,
    /// The end of the log when the lease was taken: what is older must not be told.
    fence: Option<Seq>,
    /// What each node was last told without having asked.
    pushed: BTreeMap<NodeId, BTreeMap<ReplicaKey, WantedReplica>>,
}

impl Answers {
    /// Answers from what the engine knows, while `held` says so.
    pub fn new(
        process: &Process,
        bus: NatsBus,
        (log, signer): (LogId, Signer),
        view: watch::Receiver<Option<Arc<View<SchedulerCore>>>>,
        held: watch::Receiver<bool>,
    ) -> Self {
        Self {
            process: process.clone(),
            bus,
            log,
            signer,
            view,
            held,
            useful: process.health.condition("answers"),
            fence: None,
            pushed: BTreeMap::new(),
        }
    }

    /// Answers each question, and tells nodes unasked when their set changed.
    pub async fn give(mut self) -> Result<(), BusError> {
        let mut sets = self.bus.serve(&format!("{WANT}*")).await?;
        let mut specs = self.bus.serve(&format!("{SPEC}*")).await?;
        let (stopping, mut pace) = (self.process.stopping(), self.process.every(RETRY));
        let (mut view, mut held) = (self.view.clone(), self.held.clone());
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                Some(question) = sets.next() => self.answer_set(question).await,
                Some(question) = specs.next() => self.answer_spec(question).await,
                Ok(()) = view.changed() => self.push().await?,
                Ok(()) = held.changed() => self.begin_duty().await?,
                () = pace.tick() => self.begin_duty().await?,
            }
        }
    }

    /// Notes the log's end once the lease is held, and forgets it once it is not.
    async fn begin_duty(&mut self) -> Result<(), BusError> {
        if !*self.held.borrow() {
            self.fence = None;
            self.pushed.clear();
            self.useful.unmet("waiting for the lease");
            return Ok(());
        }
        if self.fence.is_none() {
            match self.bus.log().tail().await {
                Ok(tail) => self.fence = Some(tail),
                Err(error) => self.useful.unmet(&error.to_string()),
            }
            self.push().await?;
        }
        Ok(())
    }

    /// What may be told now; none while another may know better.
    fn known(&self) -> Option<Arc<View<SchedulerCore>>> {
        let view = self.view.borrow().clone()?;
        let fence = self.fence?;
        (*self.held.borrow() && view.leading && view.seq >= fence).then_some(view)
    }

    async fn push(&mut self) -> Result<(), BusError> {
        let Some(view) = self.known() else {
            return Ok(());
        };
        self.useful.met();
        // A node that is gone is told nothing ever again.
        self.pushed
            .retain(|node, _| view.wanted.nodes.contains_key(node));
        for (node, replicas) in &view.wanted.nodes {
            if self.pushed.get(node) == Some(replicas) {
                continue;
            }
            let signed = self.signed_set(&view, node, replicas);
            self.bus.publish(&format!("want.{node}"), signed).await?;
            self.pushed.insert(node.clone(), replicas.clone());
            self.process
                .metrics
                .count("gantry_scheduler_sets_pushed_total", &[], 1);
        }
        Ok(())
    }

    /// A node that has never joined gets no answer: nothing is known of it.
    async fn answer_set(&self, question: Question) {
        let asks = question
            .subject
            .strip_prefix(WANT)
            .and_then(|node| node.parse().ok());
        let Some((node, view)) = asks.zip(self.known()) else {
            return;
        };
        if let Some(replicas) = view.wanted.nodes.get(&node) {
            let signed = self.signed_set(&view, &node, replicas);
            question.answer(signed).await;
            self.process
                .metrics
                .count("gantry_scheduler_sets_answered_total", &[], 1);
        }
    }

    async fn answer_spec(&self, question: Question) {
        let asks = std::str::from_utf8(&question.payload)
            .ok()
            .and_then(|text| text.parse().ok());
        let Some((digest, view)) = asks.zip(self.known()) else {
            return;
        };
        match view.wanted.specs.get(&digest) {
            Some(spec) => {
                let signed = self.signer.sign(spec.canonical().as_bytes());
                question.answer(signed).await;
                self.process
                    .metrics
                    .count("gantry_scheduler_specs_answered_total", &[], 1);
            }
            None => unknown_spec(&question.subject, digest),
        }
    }

    fn signed_set(
        &self,
        view: &View<SchedulerCore>,
        node: &NodeId,
        replicas: &BTreeMap<ReplicaKey, WantedReplica>,
    ) -> Vec<u8> {
        let set = WantedSet {
            log: self.log,
            seq: view.seq,
            node: node.clone(),
            replicas: replicas.clone(),
        };
        let bytes = serde_json::to_vec(&set).expect("a set has string keys only");
        self.signer.sign(&bytes)
    }
}

fn unknown_spec(subject: &str, digest: Digest) {
    tracing::warn!(subject, %digest, "a node asks for a spec that no replica is made from");
}
