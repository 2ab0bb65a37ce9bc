//! How running changes end when a newer one takes over.

use gantry_decider::Draft;
use gantry_events::{
    OperationId, OperationSuperseded, Place, ProjectName, RolloutStarted, RolloutSuperseded, Scope,
    ServiceName, Time,
};

use crate::operation::overtaken;
use crate::service::{Service, Standing};
use crate::state::State;
use crate::{Operation, Project};

/// The ends of all that changes the project, or was asked for before `command` and would come later. The
/// newer operation says of each service anew what becomes of it.
pub(crate) fn project(
    state: &State,
    name: &ProjectName,
    by: OperationId,
    command: Option<Place>,
) -> Draft {
    let mut draft = Draft::default();
    let services = state
        .projects
        .get(name)
        .into_iter()
        .flat_map(|p| &p.services);
    for (service, aimed) in services {
        if let Some(operation) = aimed.operation().filter(|operation| *operation != by) {
            draft.push(rollout_ends((name, service), operation, by));
        }
    }
    for operation in overtaken(state, name, by, command) {
        draft.push(operation_ends(name, operation, by));
    }
    draft
}

/// The end of the rollout that runs on the service and of its operation, if one does. The other rollouts
/// of that operation go on as those of the newer one.
pub(crate) fn service(
    state: &State,
    (name, service): (&ProjectName, &ServiceName),
    by: OperationId,
) -> Draft {
    let mut draft = Draft::default();
    let project = state.projects.get(name);
    let running = state.service(name, service).and_then(Service::operation);
    let (Some(project), Some(operation)) = (project, running) else {
        return draft;
    };
    draft.push(rollout_ends((name, service), operation, by));
    let others: Vec<_> = others(project, service, operation).collect();
    for (other, _) in &others {
        draft.push(rollout_ends((name, other), operation, by));
    }
    if state.operations.get(&operation).is_some_and(is_rolling) {
        draft.push(operation_ends(name, operation, by));
    }
    for (other, until) in others {
        draft.push(RolloutStarted {
            project: name.clone(),
            service: other.clone(),
            operation: by,
            until,
        });
    }
    draft
}

/// Other services that the operation changes, and until when.
fn others<'a>(
    project: &'a Project,
    service: &'a ServiceName,
    operation: OperationId,
) -> impl Iterator<Item = (&'a ServiceName, Time)> {
    let others = project
        .services
        .iter()
        .filter(move |(id, _)| *id != service);
    others.filter_map(move |(id, other)| match &other.standing {
        Standing::Changing {
            operation: theirs,
            until,
            ..
        } if *theirs == operation => Some((id, *until)),
        Standing::Changing { .. } | Standing::Steady | Standing::GaveUp => None,
    })
}

fn is_rolling(operation: &Operation) -> bool {
    match operation {
        Operation::Rolling { .. } | Operation::RollingBack { .. } => true,
        Operation::Resolving { .. } | Operation::Draining { .. } => false,
    }
}

fn rollout_ends(
    (project, service): (&ProjectName, &ServiceName),
    operation: OperationId,
    by: OperationId,
) -> RolloutSuperseded {
    RolloutSuperseded {
        project: project.clone(),
        service: service.clone(),
        operation,
        by,
    }
}

fn operation_ends(
    project: &ProjectName,
    operation: OperationId,
    by: OperationId,
) -> OperationSuperseded {
    OperationSuperseded {
        operation,
        scope: Scope::Project(project.clone()),
        by,
    }
}
