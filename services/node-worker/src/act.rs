//! `Act`: the loop that makes the engine match the set: fold readings, see what is to be done, have it
//! done. It needs neither bus nor log, so a node heals itself while both are away.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use gantry_decider::Core;
use gantry_events::{ReplicaKey, Time};
use gantry_node_worker_core::{NodeCore, NodeState, Observed, Outcome, Reading, Step, Work};
use gantry_runtime::{Process, View};
use tokio::sync::{Notify, mpsc, watch};

use crate::disk::{Disk, DiskError};
use crate::docker::Engine;
use crate::probing::Probing;
use crate::room::Room;

/// What the log's engine knows of this node, once it knows.
pub type Reported = watch::Receiver<Option<Arc<View<NodeCore>>>>;

/// Everything the loop acts with.
pub struct Act {
    /// The process it runs in.
    pub process: Process,
    /// The core.
    pub core: NodeCore,
    /// The engine it acts on.
    pub engine: Arc<Engine>,
    /// Asks replicas.
    pub probing: Probing,
    /// Where readings go in.
    pub readings: mpsc::Sender<Reading>,
    /// Wakes whoever looks at the engine.
    pub look: Arc<Notify>,
    /// Room for steps at a time.
    pub room: Arc<Room>,
    /// Where it is remembered what ended for good.
    pub disk: Disk,
    /// What was reported, by what this node remembers.
    pub state: NodeState,
    /// What was reported, by the log.
    pub reported: Reported,
    /// What there is to do, for others to see.
    pub work: watch::Sender<Arc<Work>>,
    /// What was seen, for what is to be reported.
    pub seen: watch::Sender<Observed>,
}

/// The loop's own memory.
#[derive(Default)]
struct Doing {
    observed: Observed,
    now: Time,
    /// What is on disk of what ended, as far as it is known.
    kept: Option<BTreeSet<ReplicaKey>>,
    under_way: BTreeSet<ReplicaKey>,
    /// The last step of each replica that was begun.
    begun: BTreeMap<ReplicaKey, u64>,
}

impl Act {
    /// Runs until the process stops.
    pub async fn run(mut self, mut inbox: mpsc::Receiver<Reading>) -> Result<(), DiskError> {
        let (stopping, mut doing) = (self.process.stopping(), Doing::default());
        loop {
            let wake = doing
                .observed
                .changes_at(doing.now)
                .map(|at| at.since(self.process.clock.now()));
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                Some(reading) = inbox.recv() => self.fold(&mut doing, reading),
                changed = self.reported.changed() => match changed {
                    Ok(()) => self.remember(),
                    Err(_) => return Ok(()),
                },
                () = self.process.sleep_if(wake) => {}
            }
            while let Ok(reading) = inbox.try_recv() {
                self.fold(&mut doing, reading);
            }
            self.keep_ended(&mut doing)?;
            self.act(&mut doing);
        }
    }

    /// Remembers what ended of the set, so that none of it runs again once its report is forgotten.
    fn keep_ended(&self, doing: &mut Doing) -> Result<(), DiskError> {
        let ended = doing.observed.ended(&self.state);
        if doing.kept.as_ref() != Some(&ended) {
            self.disk.save_ended(&ended)?;
            doing.kept = Some(ended.clone());
            self.fold(doing, Reading::Ended(ended));
        }
        Ok(())
    }

    fn remember(&mut self) {
        if let Some(view) = self.reported.borrow_and_update().as_ref() {
            self.state = view.state.clone();
        }
    }

    fn fold(&self, doing: &mut Doing, reading: Reading) {
        if let Reading::Did { replica, .. } = &reading {
            doing.under_way.remove(replica);
        }
        // The wall clock may jump back; what was seen never does.
        doing.now = doing.now.max(self.process.clock.now());
        self.core.observe(&mut doing.observed, reading, doing.now);
    }

    fn act(&mut self, doing: &mut Doing) {
        doing.now = doing.now.max(self.process.clock.now());
        let work = self.core.wanted(&self.state, &doing.observed, doing.now);
        doing.begun.retain(|replica, _| {
            work.steps.contains_key(replica) || doing.under_way.contains(replica)
        });
        for (replica, step) in &work.steps {
            if !doing.under_way.contains(replica) && doing.begun.get(replica) != Some(&step.number)
            {
                doing.under_way.insert(replica.clone());
                doing.begun.insert(replica.clone(), step.number);
                self.begin(replica.clone(), step.clone());
            }
        }
        self.probing.follow(&work.probes);
        self.seen
            .send_if_modified(|seen| replace(seen, &doing.observed));
        self.work
            .send_if_modified(|known| replace(known, &Arc::new(work)));
    }

    fn begin(&self, replica: ReplicaKey, step: Step) {
        let (engine, room, look) = (
            Arc::clone(&self.engine),
            Arc::clone(&self.room),
            Arc::clone(&self.look),
        );
        let (readings, stopping) = (self.readings.clone(), self.process.stopping());
        // Dropped half-way when the process stops; the next one sees what became of it and goes on.
        self.process.spawn("step", async move {
            let outcome = tokio::select! {
                () = stopping.cancelled() => return Ok::<(), Infallible>(()),
                outcome = carry_out(&engine, &room, &replica, &step) => outcome,
            };
            if let Outcome::Unread { because }
            | Outcome::Retry { because }
            | Outcome::Refuse { because } = &outcome
            {
                tracing::warn!(%replica, because, "a step did not succeed");
                look.notify_one();
            }
            let number = step.number;
            // Nobody listens only when the process is ending.
            let _ = readings
                .send(Reading::Did {
                    replica,
                    number,
                    outcome,
                })
                .await;
            Ok(())
        });
    }
}

async fn carry_out(engine: &Engine, room: &Room, replica: &ReplicaKey, step: &Step) -> Outcome {
    let _place = room.place(&step.action).await;
    tracing::info!(%replica, step = step.action.name(), "begun");
    engine.carry_out(replica, &step.action).await
}

fn replace<T: PartialEq + Clone>(old: &mut T, new: &T) -> bool {
    let changed = old != new;
    if changed {
        old.clone_from(new);
    }
    changed
}
