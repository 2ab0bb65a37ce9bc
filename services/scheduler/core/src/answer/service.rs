//! Answers about one service: another number of replicas, all of them anew, or none.

use gantry_decider::Draft;
use gantry_events::{
    Command, Fact, Problem, ProblemCode, ProjectName, RemoveService, RestartService,
    RolloutStarted, ScaleService, ServiceName, ServiceRemoved, ServiceRestarted, ServiceScaled,
    Time,
};
use gantry_spec::Replicas;

use super::config::no_project;
use super::unchanged;
use crate::limits::patience;
use crate::overtake;
use crate::service::{Service, Standing};
use crate::state::State;

pub(super) fn scale(
    state: &State,
    command: &Command,
    scale: &ScaleService,
    now: Time,
) -> Result<Draft, Problem> {
    let service = find(state, &scale.project, &scale.service)?;
    if let Err(error) = Replicas::try_from(scale.replicas) {
        let detail = format!("{} cannot have so many replicas: {error}", scale.service);
        return Err(Problem::new(ProblemCode::InvalidConfig, detail));
    }
    if service.replicas() == scale.replicas && service.standing != Standing::GaveUp {
        return Ok(unchanged(command));
    }
    let change = ServiceScaled {
        project: scale.project.clone(),
        service: scale.service.clone(),
        replicas: scale.replicas,
    };
    let whose = (&scale.project, &scale.service);
    Ok(begin(state, command, whose, change.into(), now))
}

pub(super) fn restart(
    state: &State,
    command: &Command,
    restart: &RestartService,
    now: Time,
) -> Result<Draft, Problem> {
    let service = find(state, &restart.project, &restart.service)?;
    let change = ServiceRestarted {
        project: restart.project.clone(),
        service: restart.service.clone(),
        round: service.round.saturating_add(1),
    };
    let whose = (&restart.project, &restart.service);
    Ok(begin(state, command, whose, change.into(), now))
}

pub(super) fn remove(
    state: &State,
    command: &Command,
    remove: &RemoveService,
    now: Time,
) -> Result<Draft, Problem> {
    find(state, &remove.project, &remove.service)?;
    let change = ServiceRemoved {
        project: remove.project.clone(),
        service: remove.service.clone(),
    };
    let whose = (&remove.project, &remove.service);
    Ok(begin(state, command, whose, change.into(), now))
}

/// The change takes over what runs on the service, and begins.
fn begin(
    state: &State,
    command: &Command,
    (project, service): (&ProjectName, &ServiceName),
    change: Fact,
    now: Time,
) -> Draft {
    let found = state.service(project, service);
    let patience = found.map(|service| patience(service.policy()));
    overtake::service(state, (project, service), command.operation)
        .and(change)
        .and(RolloutStarted {
            project: project.clone(),
            service: service.clone(),
            operation: command.operation,
            until: now + patience.unwrap_or_default(),
        })
}

fn find<'a>(
    state: &'a State,
    project: &ProjectName,
    service: &ServiceName,
) -> Result<&'a Service, Problem> {
    if !state.projects.contains_key(project) {
        return Err(no_project(project));
    }
    state.service(project, service).ok_or_else(|| {
        let detail = format!(
            "the project {project} has no service {service}; its services are in its file and in `gantry status`"
        );
        Problem::new(ProblemCode::ServiceNotFound, detail)
    })
}
