//! How each entry of the log changes the state. What nodes and balancers say counts only for what is
//! theirs.

use gantry_decider::{Entry, Said};
use gantry_events::{
    Command, Digest, Fact, Intent, OperationId, OperationResolving, ProjectName, ReleaseCreated,
    ServiceConfigured, ServiceName, TableApplied, Writer,
};

use crate::release;
use crate::state::{Project, State, Table};
use crate::{Aim, Operation, Service, Standing, Version};

mod replicas;

pub(crate) fn fold(state: &mut State, entry: &Entry<'_>) {
    match &entry.said {
        Said::Command(command) => take_command(state, entry, command),
        Said::Fact(fact) => {
            take_fact(state, entry, fact);
            if let Some(command) = entry.answers {
                state.unanswered.remove(&command);
            }
        }
    }
    let needed = state.needed_contents();
    state.contents.retain(|digest, _| needed.contains(digest));
}

/// A file is kept from here on, as the answer names it by its digest alone.
fn take_command(state: &mut State, entry: &Entry<'_>, command: &Command) {
    match &command.intent {
        Intent::ConfigPut(put) => {
            let digest = Digest::of(put.config.as_bytes());
            state.unanswered.insert(entry.place, digest);
            state.contents.insert(digest, put.config.clone());
        }
        Intent::ScaleService(_)
        | Intent::Rollback(_)
        | Intent::RemoveService(_)
        | Intent::RestartService(_)
        | Intent::CordonNode(_)
        | Intent::UncordonNode(_)
        | Intent::DrainNode(_)
        | Intent::CreatePool(_)
        | Intent::ScalePool(_)
        | Intent::RemovePool(_) => {}
    }
}

fn take_fact(state: &mut State, entry: &Entry<'_>, fact: &Fact) {
    match fact {
        Fact::NodeJoined(said) if *entry.writer == Writer::Node(said.node.clone()) => {
            state.nodes.insert(said.node.clone(), said.capacity);
        }
        Fact::TableApplied(said) => table_applied(state, entry.writer, said),
        Fact::OperationResolving(said) => resolving(state, entry, said),
        Fact::OperationRefused(said) => ended(state, said.operation),
        Fact::OperationUnchanged(said) => ended(state, said.operation),
        Fact::OperationSucceeded(said) => ended(state, said.operation),
        Fact::OperationFailed(said) => ended(state, said.operation),
        Fact::OperationSuperseded(said) => ended(state, said.operation),
        Fact::ReleaseCreated(said) => released(state, said),
        Fact::ServiceConfigured(said) => configured(state, said),
        Fact::ServiceScaled(said) => scaled(state, &said.project, &said.service, said.replicas),
        Fact::ServiceRemoved(said) => removed(state, &said.project, &said.service),
        Fact::ServiceEnded(said) => gone(state, &said.project, &said.service),
        Fact::ServiceUnplaced(said) => replicas::unplaced(state, said),
        Fact::RolloutStarted(said) => {
            let project = said.project.clone();
            state
                .operations
                .insert(said.operation, Operation::Rolling { project });
            with_service(state, &said.project, &said.service, |service| {
                service.begins(said.operation, said.until);
            });
        }
        Fact::RolloutFinished(said) => {
            with_service(state, &said.project, &said.service, |service| {
                service.standing = Standing::Steady;
                service.last_failure = None;
            });
            with_project(state, &said.project, Project::forget_specs);
        }
        Fact::RolloutFailed(said) => {
            with_service(state, &said.project, &said.service, Service::gives_up);
            with_project(state, &said.project, Project::forget_specs);
        }
        Fact::ReplicaPlaced(said) => replicas::placed(state, said),
        Fact::ReplicaDraining(said) => replicas::draining(state, entry, said),
        Fact::ReplicaStopping(said) => replicas::stopping(state, said),
        Fact::ReplicaOverdue(said) => replicas::overdue(state, said),
        Fact::ReplicaReady(said) => replicas::ready(state, entry, said),
        Fact::ReplicaUnready(said) => replicas::unready(state, entry, said),
        Fact::ReplicaRestarted(said) => replicas::restarted(state, entry, said),
        Fact::ReplicaFailed(said) => replicas::failed(state, entry, said),
        Fact::ReplicaStopped(said) => replicas::stopped(state, entry, said),
        // Overtaken rollouts are begun anew in the same commit; the rest is about other services' matters.
        Fact::RolloutSuperseded(_)
        | Fact::NodeJoined(_)
        | Fact::NodeAdmitted(_)
        | Fact::LogBegun(_)
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

fn with_project(state: &mut State, project: &ProjectName, change: impl FnOnce(&mut Project)) {
    if let Some(project) = state.projects.get_mut(project) {
        change(project);
    }
}

fn with_service(
    state: &mut State,
    project: &ProjectName,
    service: &ServiceName,
    change: impl FnOnce(&mut Service),
) {
    with_project(state, project, |project| {
        if let Some(service) = project.services.get_mut(service) {
            change(service);
        }
    });
}

fn table_applied(state: &mut State, writer: &Writer, said: &TableApplied) {
    if *writer != Writer::Balancer(said.balancer.clone()) {
        return;
    }
    let table = Table {
        seq: said.table,
        routed: said.routed.clone(),
        released: said.released.clone(),
    };
    state.balancers.insert(said.balancer.clone(), table);
}

fn resolving(state: &mut State, entry: &Entry<'_>, said: &OperationResolving) {
    let operation = Operation::Resolving {
        project: said.project.clone(),
        command: entry.answers.unwrap_or(entry.place),
        config: said.config,
        images: said.images.clone(),
        since: entry.time,
        until: said.until,
    };
    state.operations.insert(said.operation, operation);
}

fn ended(state: &mut State, operation: OperationId) {
    state.operations.remove(&operation);
}

fn released(state: &mut State, said: &ReleaseCreated) {
    let specs = state
        .contents
        .get(&said.config)
        .and_then(|content| release::read(content).ok())
        .map(|file| release::specs(&file, &said.images))
        .unwrap_or_default();
    let project = state
        .projects
        .entry(said.project.clone())
        .or_insert_with(|| Project::begun(said.config));
    project.release = said.release;
    project.config = said.config;
    project
        .specs
        .extend(specs.into_values().map(|spec| (spec.digest(), spec)));
    let rolling = Operation::Rolling {
        project: said.project.clone(),
    };
    state.operations.insert(said.operation, rolling);
}

fn configured(state: &mut State, said: &ServiceConfigured) {
    let version = Version {
        release: said.release,
        spec: said.spec,
    };
    let aim = Aim::Run {
        version,
        replicas: said.replicas,
    };
    with_project(state, &said.project, |project| {
        let service = project
            .services
            .entry(said.service.clone())
            .or_insert_with(|| Service::aiming(aim.clone()));
        service.aim = aim;
        project.forget_slots(&said.service);
    });
}

fn scaled(state: &mut State, project: &ProjectName, service: &ServiceName, to: u32) {
    with_service(state, project, service, |service| match &mut service.aim {
        Aim::Run { replicas, .. } => *replicas = to,
        Aim::Gone => {}
    });
    with_project(state, project, |project| project.forget_slots(service));
}

fn removed(state: &mut State, project: &ProjectName, service: &ServiceName) {
    with_service(state, project, service, |service| service.aim = Aim::Gone);
    with_project(state, project, |project| project.forget_slots(service));
}

fn gone(state: &mut State, project: &ProjectName, service: &ServiceName) {
    with_project(state, project, |project| {
        project.forget_slots(service);
        project.services.remove(service);
        project.forget_specs();
    });
}
