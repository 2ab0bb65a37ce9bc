//! One service's share of the table: which replica of each slot is given requests, and what drains.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use gantry_events::{Millis, NodeId, ReplicaId};

use crate::state::{Phase, Replica, Service};

/// One service's share of the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// None for a service without a port.
    pub(crate) backends: Option<BTreeMap<ReplicaId, SocketAddr>>,
    pub(crate) draining: BTreeMap<ReplicaId, Millis>,
}

impl Share {
    /// The share of a service, while these nodes are doubted.
    pub(crate) fn of(service: &Service, doubted: &BTreeSet<NodeId>) -> Self {
        let draining = service
            .replicas
            .iter()
            .filter_map(|(id, replica)| match replica.phase {
                Phase::Draining { drain, .. } => Some((id.clone(), drain)),
                Phase::Placed | Phase::Ready { .. } | Phase::Unready { .. } => None,
            });
        // A host that is claimed is known before its first replica is.
        let answers = service.has_port || !service.domains.is_empty();
        Self {
            backends: answers.then(|| backends(service, doubted)),
            draining: draining.collect(),
        }
    }
}

/// Of each slot its current holder, if that is ready and its node is heard. Where no holder of the
/// service is, all of them as a last resort: an answer from what may be ill or away is better than none
/// from nothing.
fn backends(service: &Service, doubted: &BTreeSet<NodeId>) -> BTreeMap<ReplicaId, SocketAddr> {
    let holders = holders(service);
    let trusted = holders.iter().filter_map(|(id, replica)| {
        let is_heard = !replica.lost && !doubted.contains(&replica.node);
        match replica.phase {
            Phase::Ready { address } if is_heard => Some(((*id).clone(), address?)),
            Phase::Placed
            | Phase::Ready { .. }
            | Phase::Unready { .. }
            | Phase::Draining { .. } => None,
        }
    });
    let trusted: BTreeMap<_, _> = trusted.collect();
    if !trusted.is_empty() {
        return trusted;
    }
    let last_resort = holders
        .iter()
        .filter_map(|(id, replica)| Some(((*id).clone(), replica.phase.address()?)));
    last_resort.collect()
}

/// The current holder of each slot: the highest epoch that has been ready and does not leave.
fn holders(service: &Service) -> Vec<(&ReplicaId, &Replica)> {
    let mut holders: BTreeMap<u32, (&ReplicaId, &Replica)> = BTreeMap::new();
    for (id, replica) in &service.replicas {
        let stays = match replica.phase {
            Phase::Ready { .. } | Phase::Unready { .. } => true,
            Phase::Placed | Phase::Draining { .. } => false,
        };
        let newest = holders
            .get(&replica.ordinal)
            .is_none_or(|(_, other)| other.epoch < replica.epoch);
        if stays && newest {
            holders.insert(replica.ordinal, (id, replica));
        }
    }
    holders.into_values().collect()
}
