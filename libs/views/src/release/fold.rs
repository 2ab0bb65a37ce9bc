//! What each fact makes of a release, and of which one a project runs.

use std::collections::BTreeMap;

use gantry_events::{
    Fact, OperationId, Problem, ProjectName, ReleaseCreated, ReleaseNumber, RolloutFailed, Time,
};

use super::{ReleaseDoc, ReleaseState};
use crate::short::short;
use crate::{DocKey, Documents, Entry, OperationDoc, ProjectDoc, Standing};

/// Room for images, as JSON. The rest of a release takes under 1.5 KiB.
const IMAGES_MOST: usize = 2500;

/// Releases whose state follows from an operation's: those it made, and the one that runs.
pub(crate) fn of_operation(operation: OperationId, known: &Documents) -> Vec<DocKey> {
    let doc = known.find::<OperationDoc>(&DocKey::operation(operation));
    let Some((doc, project)) = doc.and_then(|doc| Some((doc, doc.project()?))) else {
        return Vec::new();
    };
    let of_project = DocKey::project(project);
    let runs = known
        .find::<ProjectDoc>(&of_project)
        .and_then(|doc| doc.current);
    let all = [doc.release, doc.rolled_back_by, runs]
        .into_iter()
        .flatten();
    let releases = all.map(|number| DocKey::release(project, number));
    releases.chain([of_project.clone()]).collect()
}

/// A release exists.
pub(crate) fn created(entry: &Entry<'_>, fact: &ReleaseCreated, documents: &mut Documents) {
    leave_behind(entry.time, fact, documents);
    let images = within(&fact.images);
    let left_out = fact.images.len() - images.len();
    documents.write(ReleaseDoc {
        id: fact.release.to_string(),
        project: fact.project.clone(),
        release: fact.release,
        operation: fact.operation,
        config: fact.config,
        images,
        images_left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
        seq: entry.place.seq,
        created: entry.time,
        rollback_of: fact.rollback_of,
        state: ReleaseState::RollingOut,
        ran: false,
        standing: Standing::waiting(entry.time, "its operation to end", None),
        rolled_back_by: None,
        problem: None,
    });
}

/// The release that was made last is undone by this one, or overtaken if it was still rolled out.
fn leave_behind(now: Time, fact: &ReleaseCreated, documents: &mut Documents) {
    let operation = documents.find::<OperationDoc>(&DocKey::operation(fact.operation));
    let undone = operation.and_then(|doc| doc.release);
    if let (Some(undone), Some(_)) = (undone, fact.rollback_of) {
        change(&fact.project, undone, documents, |doc| {
            doc.rolled_back_by = Some(fact.release);
            doc.becomes(ReleaseState::RolledBack, now);
        });
        return;
    }
    let last = documents.find::<ProjectDoc>(&DocKey::project(&fact.project));
    if let Some(last) = last.map(|doc| doc.release) {
        change(&fact.project, last, documents, |doc| {
            if doc.state == ReleaseState::RollingOut {
                doc.becomes(ReleaseState::Superseded, now);
            }
        });
    }
}

/// A service could not be changed to it.
pub(crate) fn rollout_failed(entry: &Entry<'_>, fact: &RolloutFailed, documents: &mut Documents) {
    let operation = documents.find::<OperationDoc>(&DocKey::operation(fact.operation));
    let last = operation.and_then(|doc| doc.rolled_back_by.or(doc.release));
    if let Some(last) = last {
        change(&fact.project, last, documents, |doc| {
            doc.fails(entry.time, &fact.problem)
        });
    }
}

/// The operation that made it has ended.
pub(crate) fn operation_ended(entry: &Entry<'_>, fact: &Fact, documents: &mut Documents) {
    let (operation, problem) = match fact {
        Fact::OperationSucceeded(d) => (d.operation, None),
        Fact::OperationFailed(d) => (d.operation, Some(&d.problem)),
        Fact::OperationSuperseded(d) => (d.operation, None),
        // foreign: nothing else ends an operation that made a release.
        _ => return,
    };
    let doc = documents.find::<OperationDoc>(&DocKey::operation(operation));
    let Some((made, undone_by, project)) = doc.and_then(|doc| {
        let running = !doc.state.is_final();
        let made = doc.release.filter(|_| running)?;
        Some((made, doc.rolled_back_by, doc.project()?.clone()))
    }) else {
        return;
    };
    let last = undone_by.unwrap_or(made);
    let state = documents
        .find::<ReleaseDoc>(&DocKey::release(&project, last))
        .map(|doc| doc.state);
    if state != Some(ReleaseState::RollingOut) {
        return;
    }
    match (problem, undone_by, fact) {
        (Some(problem), None, _) => {
            change(&project, last, documents, |doc| {
                doc.fails(entry.time, problem)
            });
        }
        (None, _, Fact::OperationSuperseded(d)) => {
            if !is_carried_on(d.by, last, documents) {
                change(&project, last, documents, |doc| {
                    doc.becomes(ReleaseState::Superseded, entry.time);
                });
            }
        }
        // What was gone back to runs, or all that was asked for does.
        (Some(_), Some(_), _) | (None, _, _) => runs(&project, last, entry.time, documents),
    }
}

/// Hands a release to the operation that overtook its own, if that makes none itself: a scale or a restart changes
/// services on the way to the release, and when it has succeeded the release is what runs.
fn is_carried_on(by: OperationId, release: ReleaseNumber, documents: &mut Documents) -> bool {
    let Some(doc) = documents.change::<OperationDoc>(&DocKey::operation(by)) else {
        return false;
    };
    let carries_on = doc.kind.changes_a_service();
    if carries_on {
        doc.release = Some(release);
    }
    carries_on
}

fn runs(project: &ProjectName, number: ReleaseNumber, now: Time, documents: &mut Documents) {
    let of_project = DocKey::project(project);
    let Some(doc) = documents.change::<ProjectDoc>(&of_project) else {
        return;
    };
    let before = doc
        .current
        .replace(number)
        .filter(|before| *before != number);
    if let Some(before) = before {
        change(project, before, documents, |doc| {
            if doc.state == ReleaseState::Current {
                doc.becomes(ReleaseState::Superseded, now);
            }
        });
    }
    change(project, number, documents, |doc| {
        doc.becomes(ReleaseState::Current, now);
        doc.ran = true;
    });
}

fn change(
    project: &ProjectName,
    number: ReleaseNumber,
    documents: &mut Documents,
    act: impl FnOnce(&mut ReleaseDoc),
) {
    if let Some(doc) = documents.change::<ReleaseDoc>(&DocKey::release(project, number)) {
        act(doc);
    }
}

impl ReleaseDoc {
    fn becomes(&mut self, state: ReleaseState, now: Time) {
        self.state = state;
        self.standing = Standing::at_rest(now);
    }

    fn fails(&mut self, now: Time, problem: &Problem) {
        self.problem = Some(Problem::new(problem.code, short(&problem.detail, 300)));
        self.becomes(ReleaseState::Failed, now);
    }
}

fn within(images: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut left = IMAGES_MOST;
    let mut fits = |(image, pinned): &(&String, &String)| {
        let size = image.len() + pinned.len() + "\"\":\"\",".len();
        left.checked_sub(size).map(|rest| left = rest).is_some()
    };
    let kept = images.iter().take_while(|pair| fits(pair));
    kept.map(|(image, pinned)| (image.clone(), pinned.clone()))
        .collect()
}
