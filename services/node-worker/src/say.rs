//! What this node says off the log: heartbeats, and what its replicas wrote when somebody asks.

use std::sync::Arc;

use futures::StreamExt;
use gantry_bus::{BusError, NatsBus, Question};
use gantry_events::{Heartbeat, LogId, Millis, NodeId, OutputAnswer};
use gantry_node_worker_core::Work;
use gantry_runtime::Process;
use tokio::sync::watch;

use crate::docker::Engine;
use crate::output;

/// Time between two heartbeats.
const BEAT: Millis = Millis::from_secs(1);

/// Questions that are answered at a time, most of them waiting for a line; more wait their turn.
const AT_ONCE: usize = 256;

/// Who speaks.
#[derive(Clone, Debug)]
pub struct Say {
    /// The process it runs in.
    pub process: Process,
    /// The bus.
    pub bus: NatsBus,
    /// The node that speaks.
    pub node: NodeId,
    /// The log it reports to.
    pub log: LogId,
}

impl Say {
    /// Beats each second, and at once when a stage changes.
    pub async fn heartbeats(self, mut work: watch::Receiver<Arc<Work>>) -> Result<(), BusError> {
        let (stopping, mut every) = (self.process.stopping(), self.process.every(BEAT));
        let subject = format!("hb.{}", self.node);
        let mut last = None;
        loop {
            let due = tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = every.tick() => true,
                changed = work.changed() => match changed {
                    Ok(()) => false,
                    Err(_) => return Ok(()),
                },
            };
            let beat = self.beat(&work.borrow_and_update());
            let is_news = last.as_ref() != Some(&beat);
            // Away, a beat would only wait and then come late.
            if (due || is_news) && self.bus.link().borrow().up {
                let payload = serde_json::to_vec(&beat).expect("a heartbeat has string keys only");
                self.bus.publish(&subject, payload).await?;
                last = Some(beat);
            }
        }
    }

    fn beat(&self, work: &Work) -> Heartbeat {
        Heartbeat {
            node: self.node.clone(),
            log: self.log,
            seq: work.follows,
            capacity: work.capacity.unwrap_or_default(),
            stages: work.stages.clone(),
        }
    }

    /// Answers what replicas wrote.
    pub async fn outputs(self, engine: Arc<Engine>) -> Result<(), BusError> {
        let questions = self.bus.serve(&format!("ask.node.{}", self.node)).await?;
        let process = &self.process;
        let answers =
            questions.for_each_concurrent(AT_ONCE, |question| answer(process, &engine, question));
        tokio::select! {
            () = self.process.stopping().cancelled_owned() => {}
            () = answers => {}
        }
        Ok(())
    }
}

async fn answer(process: &Process, engine: &Engine, question: Question) {
    let answer = match serde_json::from_slice(&question.payload) {
        Ok(asked) => output::answer(process, engine, &asked).await,
        Err(error) => OutputAnswer::Unavailable {
            because: format!("the question cannot be read: {error}"),
        },
    };
    let payload = serde_json::to_vec(&answer).expect("an answer has string keys only");
    question.answer(payload).await;
}
