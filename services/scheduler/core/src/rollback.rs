//! The way back: a release that fails is followed by one with the content of the last that was well.

use gantry_decider::Draft;
use gantry_events::{OperationId, Problem, ProjectName, RolloutFailed};

use crate::project::{Good, Project};
use crate::release::{self, Content};
use crate::rollout::Rollout;
use crate::service::Plan;
use crate::state::State;
use crate::{Operation, overtake};
use gantry_events::Time;

/// A rollout that is over without being finished, and why.
pub(crate) type Failed<'a, 'b> = (&'b Rollout<'a>, Problem);

/// The facts that have the whole project go back, in one commit; nothing if it cannot.
pub(crate) fn begin(
    state: &State,
    operation: OperationId,
    failed: &[Failed<'_, '_>],
    now: Time,
) -> Option<Draft> {
    let Some(Operation::Rolling { project: name, .. }) = state.operations.get(&operation) else {
        return None;
    };
    let project = state.projects.get(name)?;
    let good = good(project, failed)?;
    let mut draft = Draft::default().for_operation(operation);
    for (rollout, problem) in failed {
        draft.push(RolloutFailed {
            project: rollout.name.clone(),
            service: rollout.id.clone(),
            operation,
            problem: problem.clone(),
        });
    }
    let overtaken = overtake::project(state, name, operation, None);
    draft.events.extend(overtaken.events);
    draft
        .events
        .extend(back(project, name, (good, operation), now));
    Some(draft)
}

/// What to go back to: the last good release, if the newest is another and one of its slots is not as
/// that asks for. Where only a number or a round was set since, there is nothing to go back to.
fn good<'a>(project: &'a Project, failed: &[Failed<'_, '_>]) -> Option<&'a Good> {
    let good = project.good.as_ref()?;
    let is_of_release = |rollout: &Rollout<'_>| {
        let before = good.services.get(rollout.id);
        rollout.course.open.is_some()
            && rollout.service.plan().is_some_and(|plan| {
                before.is_none_or(|before| !is_same_but_for_rounds(plan, before))
            })
    };
    let is_newer = good.release != project.release;
    (is_newer && failed.iter().any(|(rollout, _)| is_of_release(rollout))).then_some(good)
}

fn is_same_but_for_rounds(plan: &Plan, before: &Plan) -> bool {
    let mut before = before.clone();
    before.version.round = plan.version.round;
    plan.is_same(&before)
}

fn back(
    project: &Project,
    name: &ProjectName,
    (good, operation): (&Good, OperationId),
    now: Time,
) -> Vec<gantry_events::Event> {
    let content = Content {
        config: good.config,
        images: good.images.clone(),
        plans: good.services.clone(),
        rollback_of: Some(good.release),
    };
    let changes = release::changes(Some(project), &content.plans);
    release::made(Some(project), name, operation, (content, changes), now)
}
