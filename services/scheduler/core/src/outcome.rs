//! What rollouts came to, and with the last of them their operation.

use std::collections::BTreeMap;

use gantry_decider::Draft;
use gantry_events::{
    OperationFailed, OperationId, OperationSucceeded, Problem, ProjectName, RolloutFailed,
    RolloutFinished, Scope, ServiceEnded, Time,
};

use crate::Operation;
use crate::problem::{self, WayBack};
use crate::replica::{Life, Replica};
use crate::rollback;
use crate::rollout::Rollout;
use crate::service::Standing;
use crate::state::State;

/// The ends of the first operation's rollouts that have come to one.
pub(crate) fn next(state: &State, rollouts: &[Rollout<'_>], now: Time) -> Option<Draft> {
    let mut running: BTreeMap<OperationId, Vec<&Rollout<'_>>> = BTreeMap::new();
    for rollout in rollouts {
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
    rollouts: &[&Rollout<'_>],
    now: Time,
) -> Option<Draft> {
    let ends: Vec<(&Rollout<'_>, End)> = rollouts
        .iter()
        .filter_map(|rollout| Some((*rollout, end_of(rollout, now)?)))
        .collect();
    if ends.is_empty() {
        return None;
    }
    let failed: Vec<_> = ends
        .iter()
        .filter_map(|(rollout, end)| match end {
            End::Failed(problem) => Some((*rollout, problem.clone())),
            End::Finished => None,
        })
        .collect();
    if let Some(draft) = rollback::begin(state, operation, &failed, now) {
        return Some(draft);
    }
    let mut draft = Draft::default().for_operation(operation);
    for (rollout, end) in &ends {
        say(&mut draft, operation, rollout, end);
    }
    let is_last = ends.len() == rollouts.len();
    let problem = failed.into_iter().next().map(|(_, problem)| problem);
    end(&mut draft, (state, operation), problem, is_last);
    Some(draft)
}

fn end_of(rollout: &Rollout<'_>, now: Time) -> Option<End> {
    match &rollout.service.standing {
        Standing::Changing { .. } if rollout.is_finished() => Some(End::Finished),
        Standing::Changing { until, .. } if now >= *until && is_stuck(rollout) => {
            Some(End::Failed(problem::late(rollout)))
        }
        Standing::Changing { .. } | Standing::Steady | Standing::GaveUp => None,
    }
}

/// When changes are given up that have slots to do, if nothing comes of them before.
pub(crate) fn wakes<'a>(rollouts: &'a [Rollout<'_>]) -> impl Iterator<Item = Time> + 'a {
    let open = rollouts.iter().filter(|one| one.course.open.is_some());
    open.filter_map(|rollout| match &rollout.service.standing {
        Standing::Changing { until, .. } => Some(*until),
        Standing::Steady | Standing::GaveUp => None,
    })
}

/// Whether more than time is missing: what came further, or leaves in the time it has, is waited for.
fn is_stuck(rollout: &Rollout<'_>) -> bool {
    let is_overdue = |replica: &Replica| match &replica.life {
        Life::Stopping { reminders, .. } => *reminders > 0,
        Life::Placed { .. }
        | Life::Ready { .. }
        | Life::Unready { .. }
        | Life::Draining { .. }
        | Life::Failed
        | Life::Lost { .. } => false,
    };
    (rollout.course.open.is_some() && !rollout.has_advanced())
        || rollout.holding_up().any(|(_, it)| is_overdue(it))
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
            if rollout.service.plan().is_none() {
                draft.push(ServiceEnded { project, service });
            }
        }
        End::Failed(problem) => draft.push(RolloutFailed {
            project,
            service,
            operation,
            problem: problem.clone(),
        }),
    }
}

/// The operation's end, if it has come to one: with the last of its rollouts, or the first that failed.
fn end(
    draft: &mut Draft,
    (state, operation): (&State, OperationId),
    problem: Option<Problem>,
    is_last: bool,
) {
    match state.operations.get(&operation) {
        Some(Operation::Rolling { project, .. }) => match problem {
            Some(problem) => draft.push(failed(project, operation, problem)),
            None if is_last => {
                let scope = Scope::Project(project.clone());
                draft.push(OperationSucceeded { operation, scope });
            }
            None => {}
        },
        Some(Operation::RollingBack {
            project,
            failed: number,
            release,
            to,
            late,
        }) => {
            let way = WayBack {
                failed: *number,
                release: *release,
                to: *to,
            };
            let problem = match problem {
                Some(problem) => Some(problem::stuck(&way, late, &problem)),
                None => is_last.then(|| problem::went_back(&way, late)),
            };
            if let Some(problem) = problem {
                draft.push(failed(project, operation, problem));
            }
        }
        // Rollouts may outlive the operation that began them, once another of its rollouts has failed.
        Some(Operation::Resolving { .. } | Operation::Draining { .. }) | None => {}
    }
}

fn failed(project: &ProjectName, operation: OperationId, problem: Problem) -> OperationFailed {
    OperationFailed {
        operation,
        scope: Scope::Project(project.clone()),
        problem,
    }
}
