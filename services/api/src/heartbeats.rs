//! Heartbeats: what nodes last said off the log, laid over reads of now. It is no fact: it stands
//! outside `ETag` and `at_seq`, and is gone after a restart.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use gantry_bus::NatsBus;
use gantry_events::{Heartbeat, LogId, Millis, NodeId, ReplicaKey, Stage, Standing, Time};
use gantry_runtime::{Moment, Process};
use gantry_views::{NodeDoc, NodeState, ReplicaDoc, ReplicaState};

/// A node is silent when nothing came from it for so long. Source: design, section 4.
const SILENT_AFTER: Millis = Millis(2500);

/// Most nodes that are remembered; more than any cluster has.
const MOST: usize = 20_000;

/// The last heartbeat of each node. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Heartbeats {
    process: Process,
    log: LogId,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Debug)]
struct Heard {
    /// Since when heartbeats are listened for without a break; silence counts from here.
    listening: Option<Moment>,
    last: BTreeMap<NodeId, Last>,
}

#[derive(Debug)]
struct Last {
    moment: Moment,
    time: Time,
    stages: BTreeMap<ReplicaKey, Standing>,
}

impl Heartbeats {
    pub(crate) fn new(process: &Process, log: LogId) -> Self {
        let heard = Heard {
            listening: None,
            last: BTreeMap::new(),
        };
        Self {
            process: process.clone(),
            log,
            heard: Arc::new(Mutex::new(heard)),
        }
    }

    /// Listens until the process stops. While the bus is away nobody is silent: nothing is known.
    pub(crate) async fn listen(self, bus: NatsBus) -> Result<(), gantry_bus::BusError> {
        let stopping = self.process.stopping();
        let mut link = bus.link();
        let mut beats = bus.subscribe("hb.>").await?;
        loop {
            let up = link.borrow_and_update().up;
            self.listening(up);
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                changed = link.changed() => if changed.is_err() { return Ok(()) },
                beat = beats.next() => match beat {
                    Some((subject, payload)) => self.hear(&subject, &payload),
                    None => return Ok(()),
                },
            }
        }
    }

    fn listening(&self, up: bool) {
        let mut heard = self.locked();
        heard.listening = match (up, heard.listening) {
            (true, None) => Some(self.process.clock.moment()),
            (true, since) => since,
            (false, _) => None,
        };
    }

    /// Takes one heartbeat. The subject tells who speaks, as the bus lets each node use its own alone.
    fn hear(&self, subject: &str, payload: &[u8]) {
        let Ok(beat) = serde_json::from_slice::<Heartbeat>(payload) else {
            return;
        };
        if subject != format!("hb.{}", beat.node) || beat.log != self.log {
            return;
        }
        let last = Last {
            moment: self.process.clock.moment(),
            time: self.process.clock.now(),
            stages: beat.stages,
        };
        let mut heard = self.locked();
        if heard.last.len() < MOST || heard.last.contains_key(&beat.node) {
            heard.last.insert(beat.node, last);
        }
    }

    /// The node as it is now: silent, if nothing came from it for too long.
    pub(crate) fn lay_over_node(&self, node: &mut NodeDoc) {
        // Of a node that joins nothing is heard yet; of others the scheduler has said so already.
        let is_heard = match node.state {
            NodeState::Ready | NodeState::Cordoned | NodeState::Draining | NodeState::Drained => {
                true
            }
            NodeState::Joining
            | NodeState::Suspect
            | NodeState::Lost
            | NodeState::Removed
            | NodeState::Gone => false,
        };
        if !is_heard {
            return;
        }
        let heard = self.locked();
        let Some(listening) = heard.listening else {
            return;
        };
        let now = self.process.clock.now();
        let (quiet, since) = match heard.last.get(&node.id) {
            Some(last) => (last.moment.elapsed().min(listening.elapsed()), last.time),
            // One that has joined just now had no time to be heard.
            None => {
                let there = now.since(node.standing.since);
                let quiet = listening.elapsed().min(there);
                (quiet, now - quiet)
            }
        };
        if quiet >= SILENT_AFTER {
            node.state = NodeState::Suspect;
            node.standing.since = since;
            node.standing.waiting_for = Some(format!("a heartbeat of {}", node.machine));
        }
    }

    /// The replica as it is now: the stage that its node tells of, where it only passes through it.
    pub(crate) fn lay_over_replica(&self, replica: &mut ReplicaDoc) {
        let key = ReplicaKey {
            project: replica.project.clone(),
            replica: replica.id.clone(),
        };
        let heard = self.locked();
        let last = heard.last.get(&replica.node);
        let fresh = last.filter(|last| last.moment.elapsed() < SILENT_AFTER);
        let Some(standing) = fresh.and_then(|last| last.stages.get(&key)) else {
            return;
        };
        if let Some(state) = passing(replica.state, standing.stage) {
            replica.state = state;
        }
        if let (Some(why), false) = (&standing.held_up, replica.state.is_final()) {
            replica.standing.waiting_for = Some(why.clone());
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard
            .lock()
            .expect("nobody panics while holding the heartbeats")
    }
}

/// A stage that is no fact, where the facts leave room for it.
fn passing(state: ReplicaState, stage: Stage) -> Option<ReplicaState> {
    if !matches!(state, ReplicaState::Placed | ReplicaState::Starting) {
        return None;
    }
    match stage {
        Stage::Pulling => Some(ReplicaState::Pulling),
        Stage::Creating => Some(ReplicaState::Creating),
        Stage::Starting => Some(ReplicaState::Starting),
        // What these mean is told by facts.
        Stage::Placed
        | Stage::Ready
        | Stage::Unready
        | Stage::Stopping
        | Stage::Stopped
        | Stage::Failed => None,
    }
}
