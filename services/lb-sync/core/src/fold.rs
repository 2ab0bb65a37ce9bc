//! How each fact changes what is routed. The table's sequence moves only when the table does.

use gantry_decider::{Entry, Said};
use gantry_events::{
    BalancerId, Fact, NodeId, ProjectName, ReplicaDraining, ReplicaId, ReplicaOverdue,
    ReplicaPlaced, ReplicaReady, Seq, ServiceEnded, TableApplied, Time, Writer,
};

use crate::state::{Phase, Project, Replica, Service, State, Told};
use crate::table::Share;

/// Folds one entry of the log.
pub(crate) fn fold(state: &mut State, own: &BalancerId, entry: &Entry<'_>) {
    let fact = match &entry.said {
        Said::Fact(fact) => fact,
        Said::Command(_) => return,
    };
    let seq = entry.place.seq;
    let by = teller(entry.writer);
    match fact {
        Fact::LogBegun(begun) => {
            state.log = Some(begun.log);
            state.seq = seq;
        }
        Fact::ReplicaPlaced(placed) => place(state, placed),
        Fact::ReplicaReady(ready) => become_ready(state, seq, by, ready),
        Fact::ReplicaUnready(f) => fall_ill(state, seq, by, (&f.project, &f.replica)),
        Fact::ReplicaRestarted(f) => fall_ill(state, seq, by, (&f.project, &f.replica)),
        Fact::ReplicaDraining(draining) => drain(state, seq, draining),
        Fact::ReplicaOverdue(overdue) => wait_longer(state, overdue),
        Fact::ReplicaStopping(f) => forget(state, seq, None, (&f.project, &f.replica)),
        Fact::ReplicaStopped(f) => forget(state, seq, by, (&f.project, &f.replica)),
        Fact::ReplicaFailed(f) => forget(state, seq, by, (&f.project, &f.replica)),
        Fact::ServiceEnded(ended) => end(state, seq, ended),
        Fact::TableApplied(applied) => remember(state, own, entry.time, applied),
        Fact::NodeAdmitted(_)
        | Fact::NodeJoined(_)
        | Fact::OperationRefused(_)
        | Fact::OperationUnchanged(_)
        | Fact::OperationResolving(_)
        | Fact::OperationSucceeded(_)
        | Fact::OperationFailed(_)
        | Fact::OperationSuperseded(_)
        | Fact::ReleaseCreated(_)
        | Fact::RolloutStarted(_)
        | Fact::RolloutFinished(_)
        | Fact::RolloutFailed(_)
        | Fact::RolloutSuperseded(_)
        | Fact::ServiceConfigured(_)
        | Fact::ServiceScaled(_)
        | Fact::ServiceRemoved(_)
        | Fact::ServiceUnplaced(_)
        | Fact::PoolCreated(_)
        | Fact::MachineRequested(_)
        | Fact::MachineCreated(_)
        | Fact::MachineStarted(_)
        | Fact::MachineReady(_)
        | Fact::MachineOverdue(_)
        | Fact::NodeSuspected(_)
        | Fact::NodeReturned(_)
        | Fact::NodeLost(_)
        | Fact::NodeCordoned(_)
        | Fact::NodeUncordoned(_)
        | Fact::NodeDraining(_)
        | Fact::NodeOverdue(_)
        | Fact::NodeDrained(_)
        | Fact::RolloutAdvanced(_)
        | Fact::ServiceRestarted(_)
        | Fact::ReplicaLost(_)
        | Fact::ReplicaRegained(_)
        | Fact::PoolScaled(_)
        | Fact::PoolClosing(_)
        | Fact::PoolRemoved(_)
        | Fact::MachineLeaving(_)
        | Fact::MachineKept(_)
        | Fact::MachineRemoving(_)
        | Fact::MachineRemoved(_)
        | Fact::MachineGone(_) => {}
    }
}

/// The node that speaks, if one does.
fn teller(writer: &Writer) -> Option<&NodeId> {
    match writer {
        Writer::Node(node) => Some(node),
        Writer::Init
        | Writer::Api
        | Writer::Scheduler
        | Writer::Provisioner
        | Writer::Balancer(_) => None,
    }
}

fn place(state: &mut State, placed: &ReplicaPlaced) {
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
    };
    service
        .replicas
        .entry(placed.replica.clone())
        .or_insert(replica);
}

fn become_ready(state: &mut State, seq: Seq, by: Option<&NodeId>, ready: &ReplicaReady) {
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

fn fall_ill(
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

fn drain(state: &mut State, seq: Seq, draining: &ReplicaDraining) {
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

fn wait_longer(state: &mut State, overdue: &ReplicaOverdue) {
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

/// Takes a replica out for good. A later word about it finds nobody.
fn forget(
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

fn end(state: &mut State, seq: Seq, ended: &ServiceEnded) {
    let Some(content) = state.projects.get_mut(&ended.project) else {
        return;
    };
    content.home.retain(|_, name| *name != ended.service);
    let share = content
        .services
        .remove(&ended.service)
        .as_ref()
        .map(Share::of);
    if share.is_some_and(|share| !share.is_empty()) {
        state.seq = seq;
    }
    if content.services.is_empty() {
        state.projects.remove(&ended.project);
    }
}

fn remember(state: &mut State, own: &BalancerId, at: Time, said: &TableApplied) {
    if said.balancer == *own {
        state.told = Some(Told {
            at,
            said: said.clone(),
        });
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
    let Some(service) = at_home(state, id) else {
        return;
    };
    let before = Share::of(service);
    step(service);
    if Share::of(service) != before {
        state.seq = seq;
    }
}

fn at_home<'a>(
    state: &'a mut State,
    (project, id): (&ProjectName, &ReplicaId),
) -> Option<&'a mut Service> {
    let Project { services, home } = state.projects.get_mut(project)?;
    services.get_mut(home.get(id)?)
}
