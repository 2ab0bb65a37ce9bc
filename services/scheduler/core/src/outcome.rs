//! What rollouts came to, and with the last of them their operation.

use std::collections::BTreeMap;

use gantry_decider::Draft;
use gantry_events::{
    OperationFailed, OperationId, OperationSucceeded, Problem, RolloutFailed, RolloutFinished,
    Scope, ServiceEnded, Time,
};

use crate::Operation;
use crate::explain;
use crate::rollout::{self, Rollout};
use crate::service::Standing;
use crate::state::State;

/// The ends of the first operation's rollouts that have come to one.
pub(crate) fn next(state: &State, now: Time) -> Option<Draft> {
    let mut running: BTreeMap<OperationId, Vec<Rollout<'_>>> = BTreeMap::new();
    for rollout in rollout::all(state) {
        if let Some(operation) = rollout.service.operation() {
            running.entry(operation).or_default().push(rollout);
        }
    }
    running
        .iter()
        .find_map(|(operation, rollouts)| conclude(state, *operation, rollouts, now))
}

/// How one rollout ends now.
enum End {
    Finished,
    Failed(Problem),
}

fn conclude(
    state: &State,
    operation: OperationId,
    rollouts: &[Rollout<'_>],
    now: Time,
) -> Option<Draft> {
    let ends: Vec<(&Rollout<'_>, End)> = rollouts
        .iter()
        .filter_map(|rollout| Some((rollout, end(rollout, now)?)))
        .collect();
    if ends.is_empty() {
        return None;
    }
    let is_last = ends.len() == rollouts.len();
    let mut draft = Draft::default().for_operation(operation);
    for (rollout, end) in &ends {
        say(&mut draft, operation, rollout, end);
    }
    let failure = ends.into_iter().find_map(|(_, end)| match end {
        End::Failed(problem) => Some(problem),
        End::Finished => None,
    });
    if let Some(Operation::Rolling { project }) = state.operations.get(&operation) {
        let scope = Scope::Project(project.clone());
        match failure {
            Some(problem) => draft.push(OperationFailed {
                operation,
                scope,
                problem,
            }),
            None if is_last => draft.push(OperationSucceeded { operation, scope }),
            None => {}
        }
    }
    Some(draft)
}

fn end(rollout: &Rollout<'_>, now: Time) -> Option<End> {
    match &rollout.service.standing {
        Standing::Changing { .. } if rollout.is_finished() => Some(End::Finished),
        Standing::Changing { until, .. } if now >= *until => {
            Some(End::Failed(explain::problem(rollout)))
        }
        Standing::Changing { .. } | Standing::Steady | Standing::GaveUp => None,
    }
}

fn say(draft: &mut Draft, operation: OperationId, rollout: &Rollout<'_>, end: &End) {
    let (project, service) = (rollout.name.clone(), rollout.id.clone());
    match end {
        End::Finished => {
            draft.push(RolloutFinished {
                project: project.clone(),
                service: service.clone(),
                operation,
            });
            if rollout.service.version().is_none() {
                draft.push(ServiceEnded { project, service });
            }
        }
        End::Failed(problem) => {
            let problem = problem.clone();
            draft.push(RolloutFailed {
                project,
                service,
                operation,
                problem,
            });
        }
    }
}
