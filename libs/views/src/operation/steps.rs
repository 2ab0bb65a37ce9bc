//! Steps of an operation that releases: the release, the change of each service, and the way back.

use gantry_events::{ReleaseCreated, RolloutFailed, ServiceName};

use super::OperationDoc;
use crate::Entry;
use crate::steps::StepState;

/// A release exists. The second one of an operation undoes the first.
pub(super) fn released(doc: &mut OperationDoc, entry: &Entry<'_>, fact: &ReleaseCreated) {
    doc.changed = Some(true);
    doc.taken_on(entry);
    doc.steps.end("images", StepState::Done, entry.time, None);
    let made = format!("release/{}", fact.release);
    match (fact.rollback_of, doc.release) {
        (Some(good), Some(failed)) => {
            doc.rolled_back_by = Some(fact.release);
            doc.steps.end_all(StepState::Failed, entry.time);
            doc.steps.done(&made, entry.time);
            let what = format!(
                "{failed} to give way to {}, which is as {good}",
                fact.release
            );
            doc.begin(entry, (&way_back(doc), &what), None);
        }
        (None, _) | (Some(_), None) => {
            doc.release = Some(fact.release);
            doc.steps.done(&made, entry.time);
        }
    }
}

/// The change of a service has ended.
pub(super) fn end_rollout(
    doc: &mut OperationDoc,
    entry: &Entry<'_>,
    service: &ServiceName,
    state: StepState,
) {
    let step = format!("service/{service}");
    doc.steps.end(&step, state, entry.time, None);
    let back = way_back(doc);
    if state == StepState::Done && doc.rolled_back_by.is_some() && doc.steps.runs_alone(&back) {
        doc.steps.end(&back, StepState::Done, entry.time, None);
    }
    doc.wait_for_steps();
}

/// The change of a service was given up.
pub(super) fn fail_rollout(doc: &mut OperationDoc, entry: &Entry<'_>, fact: &RolloutFailed) {
    let (step, why) = (format!("service/{}", fact.service), &fact.problem.detail);
    doc.steps
        .end(&step, StepState::Failed, entry.time, Some(why));
    doc.wait_for_steps();
}

/// Name of the step that leads back: after the release it leaves.
fn way_back(doc: &OperationDoc) -> String {
    match doc.release {
        Some(failed) => format!("rollback/{failed}"),
        None => "rollback".to_owned(),
    }
}
