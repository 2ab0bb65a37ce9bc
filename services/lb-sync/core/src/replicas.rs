//! How facts about replicas change what is routed.

use gantry_events::{
    NodeId, ProjectName, ReplicaDraining, ReplicaId, ReplicaOverdue, ReplicaPlaced, ReplicaReady,
    Seq, Writer,
};

use crate::share::Share;
use crate::state::{Phase, Project, Replica, Service, State};

/// The node that speaks, if one does.
pub(crate) fn teller(writer: &Writer) -> Option<&NodeId> {
    match writer {
        Writer::Node(node) => Some(node),
        Writer::Init
        | Writer::Api
        | Writer::Scheduler
        | Writer::Provisioner
        | Writer::Balancer(_) => None,
    }
}

pub(crate) fn place(state: &mut State, placed: &ReplicaPlaced) {
    let project = state.projects.entry(placed.project.clone()).or_default();
    project
        .home
        .insert(placed.replica.clone(), placed.slot.service.clone());
    let service = project
        .services
        .entry(placed.slot.service.clone())
        .or_default();
    let replica = Replica {
        ordinal: placed.slot.ordinal,
        epoch: placed.epoch,
        node: placed.node.clone(),
        phase: Phase::Placed,
        lost: false,
    };
    service
        .replicas
        .entry(placed.replica.clone())
        .or_insert(replica);
}

pub(crate) fn become_ready(state: &mut State, seq: Seq, by: Option<&NodeId>, ready: &ReplicaReady) {
    change(state, seq, (&ready.project, &ready.replica), |service| {
        let told = service
            .replicas
            .get_mut(&ready.replica)
            .filter(|replica| speaks_for(by, replica));
        if let Some(replica) = told {
            replica.phase = replica.phase.ready(ready.address);
            service.has_port |= ready.address.is_some();
        }
    });
}

pub(crate) fn fall_ill(
    state: &mut State,
    seq: Seq,
    by: Option<&NodeId>,
    (project, id): (&ProjectName, &ReplicaId),
) {
    change(state, seq, (project, id), |service| {
        if let Some(replica) = service
            .replicas
            .get_mut(id)
            .filter(|replica| speaks_for(by, replica))
        {
            replica.phase = replica.phase.unready();
        }
    });
}

pub(crate) fn drain(state: &mut State, seq: Seq, draining: &ReplicaDraining) {
    change(
        state,
        seq,
        (&draining.project, &draining.replica),
        |service| {
            if let Some(replica) = service.replicas.get_mut(&draining.replica) {
                replica.phase = Phase::Draining {
                    drain: draining.drain,
                    until: draining.until,
                };
            }
        },
    );
}

pub(crate) fn wait_longer(state: &mut State, overdue: &ReplicaOverdue) {
    let Some(service) = at_home(state, (&overdue.project, &overdue.replica)) else {
        return;
    };
    match service
        .replicas
        .get_mut(&overdue.replica)
        .map(|replica| &mut replica.phase)
    {
        Some(Phase::Draining { until, .. }) => *until = overdue.until,
        Some(Phase::Placed | Phase::Ready { .. } | Phase::Unready { .. }) | None => {}
    }
}

/// Its node was given up: it is a last resort from here on.
pub(crate) fn give_up(state: &mut State, seq: Seq, id: (&ProjectName, &ReplicaId)) {
    change(state, seq, id, |service| {
        if let Some(replica) = service.replicas.get_mut(id.1) {
            replica.lost = true;
        }
    });
}

/// It counts again as what it last was, its address included.
pub(crate) fn regain(state: &mut State, seq: Seq, id: (&ProjectName, &ReplicaId)) {
    change(state, seq, id, |service| {
        if let Some(replica) = service.replicas.get_mut(id.1) {
            replica.lost = false;
        }
    });
}

/// Takes a replica out for good. A later word about it finds nobody.
pub(crate) fn forget(
    state: &mut State,
    seq: Seq,
    by: Option<&NodeId>,
    (project, id): (&ProjectName, &ReplicaId),
) {
    change(state, seq, (project, id), |service| {
        let may = |replica: &Replica| by.is_none_or(|_| speaks_for(by, replica));
        if service.replicas.get(id).is_some_and(may) {
            service.replicas.remove(id);
        }
    });
    if let Some(content) = state.projects.get_mut(project) {
        let gone = content
            .home
            .get(id)
            .and_then(|name| content.services.get(name));
        if gone.is_none_or(|service| !service.replicas.contains_key(id)) {
            content.home.remove(id);
        }
    }
}

/// Only the node a replica was placed on speaks for it: a stolen key of another moves no traffic.
fn speaks_for(by: Option<&NodeId>, replica: &Replica) -> bool {
    by == Some(&replica.node)
}

/// Changes the service a replica belongs to, and moves the table's sequence if its share changed.
fn change(
    state: &mut State,
    seq: Seq,
    id: (&ProjectName, &ReplicaId),
    step: impl FnOnce(&mut Service),
) {
    let doubted = std::mem::take(&mut state.doubted);
    if let Some(service) = at_home(state, id) {
        let before = Share::of(service, &doubted);
        step(service);
        if Share::of(service, &doubted) != before {
            state.seq = seq;
        }
    }
    state.doubted = doubted;
}

fn at_home<'a>(
    state: &'a mut State,
    (project, id): (&ProjectName, &ReplicaId),
) -> Option<&'a mut Service> {
    let Project { services, home } = state.projects.get_mut(project)?;
    services.get_mut(home.get(id)?)
}
