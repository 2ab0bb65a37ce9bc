//! The answer to a command, from the state alone: refused, unchanged, or taken on.

use std::collections::{BTreeMap, BTreeSet};

use gantry_decider::{Draft, PlacedCommand};
use gantry_events::{
    Command, ConfigPut, Digest, Intent, OperationRefused, OperationResolving, OperationSuperseded,
    OperationUnchanged, Problem, ProblemCode, ProjectName, RemoveService, RolloutStarted,
    RolloutSuperseded, ScaleService, Scope, ServiceName, ServiceRemoved, ServiceScaled, Time,
};
use gantry_spec::Replicas;

use crate::limits::{RESOLVE_WITHIN, ROLLOUT_WITHIN};
use crate::service::{Service, Standing};
use crate::state::State;
use crate::{Operation, release};

pub(crate) fn answer(state: &State, placed: &PlacedCommand, now: Time) -> Draft {
    let command = &placed.command;
    match &command.intent {
        Intent::ConfigPut(put) => put_config(state, command, put, now),
        Intent::ScaleService(scale) => scale_service(state, command, scale, now),
        Intent::RemoveService(remove) => remove_service(state, command, remove, now),
        Intent::Rollback(_)
        | Intent::RestartService(_)
        | Intent::CordonNode(_)
        | Intent::UncordonNode(_)
        | Intent::DrainNode(_)
        | Intent::CreatePool(_)
        | Intent::ScalePool(_)
        | Intent::RemovePool(_) => refuse(
            command,
            Problem::new(
                ProblemCode::InvalidConfig,
                "this command is not the scheduler's to decide; send it again",
            ),
        ),
    }
}

fn put_config(state: &State, command: &Command, put: &ConfigPut, now: Time) -> Draft {
    let file = match release::read(&put.config) {
        Ok(file) => file,
        Err(error) => return refuse(command, unreadable(&error.to_string())),
    };
    if file.name != put.project {
        let why = format!(
            "it is for the project {} and was sent to {}",
            file.name, put.project
        );
        return refuse(command, unreadable(&why));
    }
    let config = Digest::of(put.config.as_bytes());
    let images: BTreeSet<String> = file
        .services
        .values()
        .filter(|service| service.image.digest().is_none())
        .map(|service| service.image.as_str().to_owned())
        .collect();
    if images.is_empty() && is_already_so(state, &file, config) {
        return unchanged(command);
    }
    Draft::of(OperationResolving {
        operation: command.operation,
        project: put.project.clone(),
        config,
        images,
        until: now + RESOLVE_WITHIN,
    })
}

/// Whether the file, with every image named by digest, is what the project is, and nothing else is on
/// its way.
fn is_already_so(state: &State, file: &gantry_spec::Project, config: Digest) -> bool {
    let is_busy = state
        .operations
        .values()
        .any(|operation| *operation.project() == file.name);
    let images = release::pins(file, &BTreeMap::new());
    !is_busy
        && state.projects.get(&file.name).is_some_and(|project| {
            project.config == config && release::changes(Some(project), file, &images).is_empty()
        })
}

fn scale_service(state: &State, command: &Command, scale: &ScaleService, now: Time) -> Draft {
    let service = match find(state, &scale.project, &scale.service) {
        Ok(service) => service,
        Err(problem) => return refuse(command, problem),
    };
    if let Err(error) = Replicas::try_from(scale.replicas) {
        let detail = format!("{} cannot have so many replicas: {error}", scale.service);
        return refuse(command, Problem::new(ProblemCode::InvalidConfig, detail));
    }
    if service.replicas() == scale.replicas && service.standing != Standing::GaveUp {
        return unchanged(command);
    }
    let change = ServiceScaled {
        project: scale.project.clone(),
        service: scale.service.clone(),
        replicas: scale.replicas,
    };
    let draft = overtake(state, command, &scale.project, &scale.service).and(change);
    begin(draft, command, (&scale.project, &scale.service), now)
}

fn remove_service(state: &State, command: &Command, remove: &RemoveService, now: Time) -> Draft {
    if let Err(problem) = find(state, &remove.project, &remove.service) {
        return refuse(command, problem);
    }
    let change = ServiceRemoved {
        project: remove.project.clone(),
        service: remove.service.clone(),
    };
    let draft = overtake(state, command, &remove.project, &remove.service).and(change);
    begin(draft, command, (&remove.project, &remove.service), now)
}

/// The end of the rollout that runs on the service, and of its operation, if one does.
fn overtake(
    state: &State,
    command: &Command,
    project: &ProjectName,
    service: &ServiceName,
) -> Draft {
    let mut draft = Draft::default();
    let running = state.service(project, service).and_then(Service::operation);
    let Some(operation) = running else {
        return draft;
    };
    draft.push(RolloutSuperseded {
        project: project.clone(),
        service: service.clone(),
        operation,
        by: command.operation,
    });
    if matches!(
        state.operations.get(&operation),
        Some(Operation::Rolling { .. })
    ) {
        draft.push(OperationSuperseded {
            operation,
            scope: Scope::Project(project.clone()),
            by: command.operation,
        });
    }
    draft
}

fn begin(
    draft: Draft,
    command: &Command,
    (project, service): (&ProjectName, &ServiceName),
    now: Time,
) -> Draft {
    draft.and(RolloutStarted {
        project: project.clone(),
        service: service.clone(),
        operation: command.operation,
        until: now + ROLLOUT_WITHIN,
    })
}

fn find<'a>(
    state: &'a State,
    project: &ProjectName,
    service: &ServiceName,
) -> Result<&'a Service, Problem> {
    if !state.projects.contains_key(project) {
        let detail = format!(
            "there is no project {project}; deploy its file first, or list the projects there are"
        );
        return Err(Problem::new(ProblemCode::ProjectNotFound, detail));
    }
    state.service(project, service).ok_or_else(|| {
        let detail = format!(
            "the project {project} has no service {service}; its services are in its file and in `gantry status`"
        );
        Problem::new(ProblemCode::ServiceNotFound, detail)
    })
}

fn unreadable(why: &str) -> Problem {
    let detail = format!("the file cannot be read: {why}; check it with `gantry validate`");
    Problem::new(ProblemCode::InvalidConfig, detail)
}

fn refuse(command: &Command, problem: Problem) -> Draft {
    Draft::of(OperationRefused {
        operation: command.operation,
        scope: command.intent.scope(),
        problem,
    })
}

fn unchanged(command: &Command) -> Draft {
    Draft::of(OperationUnchanged {
        operation: command.operation,
        scope: command.intent.scope(),
    })
}
