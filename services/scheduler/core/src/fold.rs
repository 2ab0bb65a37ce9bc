//! How each entry of the log changes the state. What nodes and balancers say counts only for what is
//! theirs.

use gantry_decider::{Entry, Said};
use gantry_events::{
    Command, Digest, Fact, OperationId, OperationResolving, ProjectName, RolloutFailed,
    ServiceName, TableApplied, Writer,
};

use crate::operation::Late;
use crate::project::Project;
use crate::state::{State, Table};
use crate::{Aim, Operation, Service, Standing, rollout};

mod nodes;
mod replicas;
mod services;

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
    let Some(config) = command.intent.file() else {
        return;
    };
    let digest = Digest::of(config.as_bytes());
    state.unanswered.insert(entry.place, digest);
    state.contents.insert(digest, config.to_owned());
}

fn take_fact(state: &mut State, entry: &Entry<'_>, fact: &Fact) {
    match fact {
        Fact::TableApplied(said) => table_applied(state, entry.writer, said),
        Fact::OperationResolving(said) => resolving(state, entry, said),
        Fact::OperationRefused(said) => ended(state, said.operation),
        Fact::OperationUnchanged(said) => ended(state, said.operation),
        Fact::OperationSucceeded(said) => {
            let operation = state.operations.remove(&said.operation);
            if let Some(project) = operation.as_ref().and_then(Operation::project) {
                with_project(state, project, settles);
            }
        }
        Fact::OperationFailed(said) => ended(state, said.operation),
        Fact::OperationSuperseded(said) => ended(state, said.operation),
        Fact::ReleaseCreated(said) => services::released(state, entry, said),
        Fact::ServiceConfigured(said) => services::configured(state, entry, said),
        Fact::ServiceRestarted(said) => {
            services::aims(state, entry, (&said.project, &said.service), |service| {
                service.round = said.round;
                if let Aim::Run(plan) = &mut service.aim {
                    plan.version.round = said.round;
                }
            });
        }
        Fact::ServiceScaled(said) => {
            services::aims(state, entry, (&said.project, &said.service), |service| {
                if let Aim::Run(plan) = &mut service.aim {
                    plan.replicas = said.replicas;
                }
            });
        }
        Fact::ServiceRemoved(said) => {
            services::aims(state, entry, (&said.project, &said.service), |service| {
                service.aim = Aim::Gone(service.policy().clone());
            });
        }
        Fact::ServiceEnded(said) => services::gone(state, &said.project, &said.service),
        Fact::ServiceUnplaced(said) => replicas::unplaced(state, entry, said),
        Fact::RolloutStarted(said) => {
            begins(state, &said.project, said.operation);
            with_service(state, &said.project, &said.service, |service| {
                service.begins(said.operation, said.until);
            });
            let done = rollout::done(state, &said.project, &said.service);
            with_service(state, &said.project, &said.service, |service| {
                service.advances(done, said.until);
            });
        }
        Fact::RolloutAdvanced(said) => {
            with_service(state, &said.project, &said.service, |service| {
                service.advances(said.done, said.until);
            });
        }
        Fact::RolloutFinished(said) => {
            with_service(state, &said.project, &said.service, |service| {
                service.standing = Standing::Steady;
                service.last_failure = None;
            });
            with_project(state, &said.project, settles);
        }
        Fact::RolloutFailed(said) => failed(state, said),
        Fact::ReplicaPlaced(said) => replicas::placed(state, said),
        Fact::ReplicaDraining(said) => replicas::draining(state, entry, said),
        Fact::ReplicaStopping(said) => replicas::stopping(state, said),
        Fact::ReplicaOverdue(said) => replicas::overdue(state, said),
        Fact::ReplicaReady(said) => replicas::ready(state, entry, said),
        Fact::ReplicaUnready(said) => replicas::unready(state, entry, said),
        Fact::ReplicaRestarted(said) => replicas::restarted(state, entry, said),
        Fact::ReplicaFailed(said) => replicas::failed(state, entry, said),
        Fact::ReplicaStopped(said) => replicas::stopped(state, entry, said),
        Fact::ReplicaLost(said) => replicas::lost(state, said),
        Fact::ReplicaRegained(said) => replicas::regained(state, said),
        Fact::NodeJoined(said) => nodes::joined(state, entry, said),
        Fact::NodeSuspected(said) => nodes::suspected(state, said),
        Fact::NodeReturned(said) => nodes::returned(state, said),
        Fact::NodeLost(said) => nodes::lost(state, said),
        Fact::NodeCordoned(said) => nodes::cordoned(state, entry, said),
        Fact::NodeUncordoned(said) => nodes::uncordoned(state, entry, said),
        Fact::NodeDraining(said) => nodes::draining(state, entry, said),
        Fact::NodeOverdue(said) => nodes::overdue(state, said),
        Fact::NodeDrained(said) => nodes::drained(state, said),
        Fact::MachineRequested(said) => nodes::machine_requested(state, said),
        Fact::MachineLeaving(said) => nodes::machine_leaving(state, said),
        Fact::MachineKept(said) => nodes::machine_kept(state, said),
        Fact::MachineRemoved(said) => nodes::machine_removed(state, said),
        Fact::MachineGone(said) => nodes::machine_gone(state, said),
        // Overtaken rollouts are begun anew in the same commit; the rest is about other services' matters.
        Fact::RolloutSuperseded(_)
        | Fact::NodeAdmitted(_)
        | Fact::LogBegun(_)
        | Fact::PoolCreated(_)
        | Fact::PoolScaled(_)
        | Fact::PoolClosing(_)
        | Fact::PoolRemoved(_)
        | Fact::MachineCreated(_)
        | Fact::MachineStarted(_)
        | Fact::MachineReady(_)
        | Fact::MachineOverdue(_)
        | Fact::MachineRemoving(_) => {}
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

/// Something of the project came to its end: it may be all as asked for now.
fn settles(project: &mut Project) {
    project.note_good();
    project.forget_specs();
}

/// A rollout begins: its operation goes on, or begins with it.
fn begins(state: &mut State, project: &ProjectName, operation: OperationId) {
    match state.operations.get(&operation) {
        Some(Operation::Rolling { .. } | Operation::RollingBack { .. }) => {}
        Some(Operation::Resolving { .. } | Operation::Draining { .. }) | None => {
            let project = project.clone();
            let rolling = Operation::Rolling {
                project,
                late: None,
            };
            state.operations.insert(operation, rolling);
        }
    }
}

fn failed(state: &mut State, said: &RolloutFailed) {
    let project = state.projects.get(&said.project);
    let service = project.and_then(|project| project.services.get(&said.service));
    let failure = service.and_then(|service| service.last_failure.clone());
    if let Some(Operation::Rolling { late, .. }) = state.operations.get_mut(&said.operation) {
        late.get_or_insert(Late {
            service: said.service.clone(),
            problem: said.problem.clone(),
            failure,
            is_new: false,
        });
    }
    with_service(state, &said.project, &said.service, Service::gives_up);
    with_project(state, &said.project, Project::forget_specs);
}
