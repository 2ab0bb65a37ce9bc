//! What must hold: after every step, and once the faults have ceased and everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use gantry_bus::MemoryLog;
use gantry_decider::Core;
use gantry_events::{NodeId, ReplicaKey, ReplicaPhase, Time};

use crate::service::Service;

/// Something that must hold and does not.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

/// Replayed state = live state, bit for bit.
pub fn replay_is_the_same<C: Core + Clone>(
    name: &str,
    service: &mut Service<C>,
    log: &MemoryLog,
) -> Result<(), Broken> {
    let Some((live, replay)) = service.reflected(log) else {
        return Ok(());
    };
    if live.state() != replay.state() {
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
