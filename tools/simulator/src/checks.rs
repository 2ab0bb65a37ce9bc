//! What must hold: after every step, and once the faults have ceased and everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use gantry_bus::{Ledger, MemoryLog, Message, Stored};
use gantry_decider::Core;
use gantry_events::{
    Commit, Fact, NodeId, OperationId, ProjectName, ReplicaKey, ReplicaPhase, RouteTable, Seq,
    Slot, Time,
};
use gantry_runtime::{Engine, Input};

use crate::service::Service;

/// Something that must hold and does not.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

/// Reads the log as an honest auditor does, beside all services.
#[derive(Debug)]
pub struct Audit {
    ledger: Ledger,
    read: Seq,
    slots: BTreeMap<ReplicaKey, (ProjectName, Slot)>,
    filled: BTreeSet<(ProjectName, Slot, u32)>,
    ended: BTreeMap<OperationId, Seq>,
    /// Lines for people: what each valid message said.
    pub lines: Vec<String>,
}

impl Audit {
    /// An auditor at the log's beginning.
    pub fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            read: Seq(0),
            slots: BTreeMap::new(),
            filled: BTreeSet::new(),
            ended: BTreeMap::new(),
            lines: Vec::new(),
        }
    }

    /// The last valid payload's digest of a subject, as anybody can see it.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Reads what is new.
    pub fn read(&mut self, log: &MemoryLog) -> Result<(), Broken> {
        while let Some(stored) = log.get(self.read.next()) {
            self.read = stored.seq;
            self.take(&stored)?;
        }
        Ok(())
    }

    /// At most one replica a slot is routed.
    pub fn check_table(&self, table: &RouteTable) -> Result<(), Broken> {
        for (host, route) in &table.routes {
            let mut seen = BTreeMap::new();
            for replica in route.backends.keys() {
                let Some(slot) = self.slots.get(replica) else {
                    return Err(Broken(format!(
                        "{host} routes to {replica}, which was never placed"
                    )));
                };
                if let Some(other) = seen.insert(slot, replica) {
                    return Err(Broken(format!(
                        "{host} routes to {replica} and {other}, of one slot"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Every accepted operation has ended, once.
    pub fn check_outcomes(&self, accepted: &BTreeSet<OperationId>) -> Result<(), Broken> {
        match accepted
            .iter()
            .find(|operation| !self.ended.contains_key(operation))
        {
            Some(operation) => Err(Broken(format!(
                "operation {operation} was accepted and never ended"
            ))),
            None => Ok(()),
        }
    }

    fn take(&mut self, stored: &Stored) -> Result<(), Broken> {
        match self.ledger.check(stored) {
            Ok(Message::Commit(writer, commit)) => {
                let facts: Vec<&str> = commit
                    .events
                    .iter()
                    .map(|event| event.fact.type_name())
                    .collect();
                self.lines
                    .push(format!("{} {writer:?}: {}", stored.seq, facts.join(", ")));
                self.take_commit(stored.seq, &commit)
            }
            Ok(Message::Commands(_, batch)) => {
                let intents: Vec<&str> = batch
                    .commands
                    .iter()
                    .map(|command| command.intent.type_name())
                    .collect();
                self.lines
                    .push(format!("{} asks {}", stored.seq, intents.join(", ")));
                Ok(())
            }
            Err(why) => {
                self.lines
                    .push(format!("{} void on {}: {why}", stored.seq, stored.subject));
                Ok(())
            }
        }
    }

    fn take_commit(&mut self, seq: Seq, commit: &Commit) -> Result<(), Broken> {
        for event in &commit.events {
            if let Fact::ReplicaPlaced(placed) = &event.fact {
                let key = ReplicaKey {
                    project: placed.project.clone(),
                    replica: placed.replica.clone(),
                };
                self.slots
                    .insert(key, (placed.project.clone(), placed.slot.clone()));
                if !self
                    .filled
                    .insert((placed.project.clone(), placed.slot.clone(), placed.epoch))
                {
                    let slot = &placed.slot;
                    return Err(Broken(format!(
                        "{}/{} has two replicas for epoch {}",
                        slot.service, slot.ordinal, placed.epoch
                    )));
                }
            }
            if let Some(operation) = outcome(&event.fact)
                && let Some(earlier) = self.ended.insert(operation, seq)
            {
                return Err(Broken(format!(
                    "operation {operation} ended twice, at {earlier} and {seq}"
                )));
            }
        }
        Ok(())
    }
}

/// The operation that this fact ends.
fn outcome(fact: &Fact) -> Option<OperationId> {
    if let Fact::OperationRefused(f) = fact {
        Some(f.operation)
    } else if let Fact::OperationUnchanged(f) = fact {
        Some(f.operation)
    } else if let Fact::OperationSucceeded(f) = fact {
        Some(f.operation)
    } else if let Fact::OperationFailed(f) = fact {
        Some(f.operation)
    } else if let Fact::OperationSuperseded(f) = fact {
        Some(f.operation)
    } else {
        None
    }
}

/// Replayed state = live state, bit for bit, by an engine that looks at every mark.
pub fn replay_is_the_same<C: Core + Clone>(
    name: &str,
    service: &Service<C>,
    log: &MemoryLog,
    own: Option<&str>,
) -> Result<(), Broken> {
    let Some(live) = service.engine() else {
        return Ok(());
    };
    let birth = service.birth().clone();
    let mut replay = Engine::new(birth.core, birth.ledger, birth.marker);
    for seq in 1..=live.folded().0 {
        if let Some(stored) = log
            .get(Seq(seq))
            .filter(|stored| own.is_none_or(|own| stored.subject == own))
        {
            replay.step(Input::Stored(stored), Time::default());
        }
    }
    let text = |engine: &Engine<C>| {
        serde_json::to_string(engine.state()).map_err(|e| Broken(format!("{name}: {e}")))
    };
    if text(live)? != text(&replay)? {
        return Err(Broken(format!(
            "{name}: its state differs from what a replay of the log gives"
        )));
    }
    Ok(())
}

/// Every wait of a service that has nothing left to do has its deadline ahead.
pub fn deadlines_lie_ahead<C: Core + Clone>(
    name: &str,
    service: &Service<C>,
    now: Time,
) -> Result<(), Broken> {
    let late = service
        .live()
        .into_iter()
        .flat_map(|engine| engine.deadlines())
        .find(|deadline| deadline.until < now);
    match late {
        Some(late) => Err(Broken(format!(
            "{name}: {} waits for {} since {}",
            late.entity, late.waiting_for, late.until
        ))),
        None => Ok(()),
    }
}

/// What a node runs is what the scheduler wants it to run.
pub fn wanted_is_present(
    node: &NodeId,
    wanted: &BTreeMap<ReplicaKey, gantry_events::WantedReplica>,
    running: &[ReplicaKey],
) -> Result<(), Broken> {
    let should: BTreeSet<&ReplicaKey> = wanted
        .iter()
        .filter(|(_, replica)| replica.phase == ReplicaPhase::Run)
        .map(|(key, _)| key)
        .collect();
    let does: BTreeSet<&ReplicaKey> = running.iter().collect();
    if should == does {
        return Ok(());
    }
    Err(Broken(format!(
        "{node} runs {does:?} and should run {should:?}"
    )))
}
