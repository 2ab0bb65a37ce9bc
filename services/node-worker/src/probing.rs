//! `Probing`: the probes under way, one task a replica, each asked at the pace that the core says.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use gantry_events::ReplicaKey;
use gantry_node_worker_core::{Answer, Asks, Pace, Probe, Reading};
use gantry_runtime::Process;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::docker::Engine;
use crate::probe;

/// Questions to one replica that wait for an answer at a time; of programs one runs at a time.
const MOST_OPEN: usize = 4;

/// Asks replicas steadily.
#[derive(Debug)]
pub struct Probing {
    process: Process,
    engine: Arc<Engine>,
    readings: mpsc::Sender<Reading>,
    under_way: BTreeMap<ReplicaKey, (Probe, DropGuard)>,
}

impl Probing {
    /// Asks nobody yet. Answers go into `readings`.
    pub fn new(process: Process, engine: Arc<Engine>, readings: mpsc::Sender<Reading>) -> Self {
        Self {
            process,
            engine,
            readings,
            under_way: BTreeMap::new(),
        }
    }

    /// From now on these probes are under way, and no others.
    pub fn follow(&mut self, wanted: &BTreeMap<ReplicaKey, Probe>) {
        self.under_way
            .retain(|replica, (probe, _)| wanted.get(replica) == Some(probe));
        for (replica, probe) in wanted {
            if !self.under_way.contains_key(replica) {
                let stop = CancellationToken::new();
                self.begin(replica.clone(), probe.clone(), stop.clone());
                self.under_way
                    .insert(replica.clone(), (probe.clone(), stop.drop_guard()));
            }
        }
    }

    fn begin(&self, replica: ReplicaKey, probe: Probe, stop: CancellationToken) {
        let steady = Steady {
            process: self.process.clone(),
            engine: Arc::clone(&self.engine),
            readings: self.readings.clone(),
            replica,
            probe,
        };
        let stopping = self.process.stopping();
        self.process.spawn("probe", async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                () = stop.cancelled() => {}
                () = steady.ask() => {}
            }
            Ok::<(), Infallible>(())
        });
    }
}

/// One probe, asked again and again.
struct Steady {
    process: Process,
    engine: Arc<Engine>,
    readings: mpsc::Sender<Reading>,
    replica: ReplicaKey,
    probe: Probe,
}

impl Steady {
    /// Asks until nobody listens. A question that is not answered soon gets another beside it; a good
    /// answer to any speaks for all.
    async fn ask(self) {
        self.clear().await;
        let most_open = if self.asks_program() { 1 } else { MOST_OPEN };
        let mut pace = Pace::of(self.probe.interval);
        let mut open = FuturesUnordered::from_iter([probe::ask(&self.engine, &self.probe)]);
        let mut due = Box::pin(self.process.sleep(pace.patience()));
        loop {
            tokio::select! {
                Some(answer) = open.next() => {
                    if answer == Answer::Good {
                        open.clear();
                    }
                    pace.answered(&answer);
                    due = Box::pin(self.process.sleep(pace.rest()));
                    if !self.tell(answer).await {
                        return;
                    }
                }
                () = &mut due, if open.len() < most_open => {
                    open.push(probe::ask(&self.engine, &self.probe));
                    due = Box::pin(self.process.sleep(pace.patience()));
                }
            }
        }
    }

    fn asks_program(&self) -> bool {
        matches!(self.probe.asks, Asks::Program { .. })
    }

    /// A worker that was killed, or a probe that was changed, may have left a program running.
    async fn clear(&self) {
        if let Asks::Program { container, command } = &self.probe.asks
            && let Err(error) = self.engine.end_left_programs(container, command).await
        {
            tracing::warn!(replica = %self.replica, %error, "programs left running are not known");
        }
    }

    async fn tell(&self, answer: Answer) -> bool {
        let reading = Reading::Probed {
            replica: self.replica.clone(),
            since: self.probe.since,
            answer,
        };
        self.readings.send(reading).await.is_ok()
    }
}
