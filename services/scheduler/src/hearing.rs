//! Listens for heartbeats and brings the core word of who was heard. What silence means is the core's to
//! say; here it is only made sure that silence is theirs and not the listener's own.

use std::collections::BTreeSet;

use futures::StreamExt;
use gantry_bus::{BusError, NatsBus};
use gantry_events::{BalancerId, LogId, Millis, NodeId, Time};
use gantry_runtime::{Moment, Process};
use gantry_scheduler_core::Reading;
use serde::Deserialize;
use tokio::sync::{mpsc, watch};

/// How often those who were heard are told to the core, all at once: each word has it look at everything.
const PACE: Millis = Millis(250);

/// A pause of this process, or a jump of its clock, after which silence counts afresh: what was sent
/// meanwhile may not have been read yet.
const PAUSE: Millis = Millis(1000);

/// Listens until the process stops.
pub struct Hearing {
    process: Process,
    bus: NatsBus,
    log: LogId,
    readings: mpsc::Sender<Reading>,
    held: watch::Receiver<bool>,
    /// The connection on which is listened now, by its number.
    listening: Option<u64>,
    /// The last time those who were heard were told, by both clocks.
    told: (Moment, Time),
    nodes: BTreeSet<NodeId>,
    balancers: BTreeSet<BalancerId>,
}

/// What of a beat matters here. Who sent it is told by its subject: the bus lets each use its own alone.
#[derive(Deserialize)]
struct Beat {
    log: LogId,
}

impl Hearing {
    /// Listens on the bus while `held` says that this process schedules.
    pub fn new(
        process: &Process,
        bus: NatsBus,
        log: LogId,
        readings: mpsc::Sender<Reading>,
        held: watch::Receiver<bool>,
    ) -> Self {
        Self {
            process: process.clone(),
            bus,
            log,
            readings,
            held,
            listening: None,
            told: (process.clock.moment(), process.clock.now()),
            nodes: BTreeSet::new(),
            balancers: BTreeSet::new(),
        }
    }

    /// Dropped half-way, it leaves nothing behind.
    pub async fn follow(mut self) -> Result<(), BusError> {
        let (stopping, mut pace) = (self.process.stopping(), self.process.every(PACE));
        let (mut link, mut held) = (self.bus.link(), self.held.clone());
        let mut beats = self.bus.subscribe("hb.>").await?;
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                Ok(()) = link.changed() => self.attend().await,
                Ok(()) = held.changed() => self.attend().await,
                Some((subject, payload)) = beats.next() => self.hear(&subject, &payload),
                () = pace.tick() => self.tell().await,
            }
        }
    }

    /// Begins to listen, afresh on each connection, or ceases to.
    async fn attend(&mut self) {
        let link = *self.bus.link().borrow();
        let listening = (link.up && *self.held.borrow()).then_some(link.connects);
        if listening != self.listening {
            self.listening = listening;
            self.nodes.clear();
            self.balancers.clear();
            self.bring(Reading::Listening(listening.is_some())).await;
        }
    }

    fn hear(&mut self, subject: &str, payload: &[u8]) {
        let is_ours = serde_json::from_slice(payload).is_ok_and(|beat: Beat| beat.log == self.log);
        let Some(name) = subject.strip_prefix("hb.").filter(|_| is_ours) else {
            return;
        };
        match name.strip_prefix("balancer.") {
            Some(balancer) => self.balancers.extend(balancer.parse()),
            None => self.nodes.extend(name.parse()),
        }
    }

    async fn tell(&mut self) {
        self.attend().await;
        let (moment, time) = (self.process.clock.moment(), self.process.clock.now());
        let (passed, by_wall) = (self.told.0.elapsed(), time.since(self.told.1));
        self.told = (moment, time);
        if self.listening.is_none() {
            return;
        }
        if passed > PAUSE || by_wall > PAUSE {
            tracing::warn!(
                paused = %passed.max(by_wall),
                "this process paused or its clock jumped; listening afresh"
            );
            self.bring(Reading::Listening(true)).await;
        }
        let heard = Reading::Heard {
            at: time,
            nodes: std::mem::take(&mut self.nodes),
            balancers: std::mem::take(&mut self.balancers),
        };
        self.bring(heard).await;
    }

    async fn bring(&self, reading: Reading) {
        // The engine's inbox closes only when the process ends.
        let _ = self.readings.send(reading).await;
    }
}
