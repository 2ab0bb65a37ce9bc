//! The state as a route table: one host a service, at most one replica a slot.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use gantry_events::{
    Backend, Draining, Millis, ProjectName, ReplicaId, ReplicaKey, Route, RouteTable, ServiceName,
    host_of,
};

use crate::state::{Phase, Replica, Service, State};

/// What a balancer should route; none while the log is unknown.
pub fn table(state: &State) -> Option<RouteTable> {
    let mut table = RouteTable {
        log: state.log?,
        seq: state.seq,
        routes: BTreeMap::new(),
        draining: BTreeMap::new(),
    };
    for (project, content) in &state.projects {
        for (name, service) in &content.services {
            add(&mut table, project, name, &Share::of(service));
        }
    }
    Some(table)
}

fn add(table: &mut RouteTable, project: &ProjectName, name: &ServiceName, share: &Share) {
    let key = |replica: &ReplicaId| ReplicaKey {
        project: project.clone(),
        replica: replica.clone(),
    };
    if let Some(backends) = &share.backends {
        let backends = backends
            .iter()
            .map(|(replica, address)| (key(replica), Backend { address: *address }));
        table.routes.insert(
            host_of(project, name),
            Route {
                backends: backends.collect(),
            },
        );
    }
    let draining = share
        .draining
        .iter()
        .map(|(replica, drain)| (key(replica), Draining { drain: *drain }));
    table.draining.extend(draining);
}

/// One service's share of the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// None for a service without a port.
    backends: Option<BTreeMap<ReplicaId, SocketAddr>>,
    draining: BTreeMap<ReplicaId, Millis>,
}

impl Share {
    pub(crate) fn of(service: &Service) -> Self {
        let draining = service
            .replicas
            .iter()
            .filter_map(|(id, replica)| match replica.phase {
                Phase::Draining { drain, .. } => Some((id.clone(), drain)),
                Phase::Placed | Phase::Ready { .. } | Phase::Unready { .. } => None,
            });
        Self {
            backends: service.has_port.then(|| backends(service)),
            draining: draining.collect(),
        }
    }

    /// Whether the table says nothing of the service.
    pub(crate) fn is_empty(&self) -> bool {
        self.backends.is_none() && self.draining.is_empty()
    }
}

/// Of each slot its current holder, if that is ready. Where no holder of the service is, all of them
/// as a last resort: an answer from what may be ill is better than none from nothing.
fn backends(service: &Service) -> BTreeMap<ReplicaId, SocketAddr> {
    let holders = holders(service);
    let ready = holders
        .iter()
        .filter_map(|(id, replica)| match replica.phase {
            Phase::Ready { address } => Some(((*id).clone(), address?)),
            Phase::Placed | Phase::Unready { .. } | Phase::Draining { .. } => None,
        });
    let ready: BTreeMap<_, _> = ready.collect();
    if !ready.is_empty() {
        return ready;
    }
    let ill = holders
        .iter()
        .filter_map(|(id, replica)| match replica.phase {
            Phase::Unready { address } => Some(((*id).clone(), address?)),
            Phase::Placed | Phase::Ready { .. } | Phase::Draining { .. } => None,
        });
    ill.collect()
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
