//! From a file that was taken on to its release, once every image has a digest.

use std::collections::BTreeMap;

use gantry_decider::Draft;
use gantry_events::{
    Digest, OperationFailed, OperationId, Place, Problem, ProblemCode, ProjectName, Scope, Time,
};

use crate::Operation;
use crate::images::Found;
use crate::limits::RESOLVE_WITHIN;
use crate::observed::Observed;
use crate::release::{self, Asker, Content};
use crate::state::State;
use crate::{domains, file};

/// An operation that waits for its images.
struct Waiting<'a> {
    id: OperationId,
    project: &'a ProjectName,
    command: Place,
    config: Digest,
    /// What was found of each image, if anything yet.
    images: BTreeMap<&'a str, Option<&'a Found>>,
    until: Time,
}

/// What the oldest operation that can go on or is over comes to.
pub(crate) fn next(state: &State, observed: &Observed, now: Time) -> Option<Draft> {
    let mut all: Vec<Waiting<'_>> = state
        .operations
        .iter()
        .filter_map(|(id, operation)| waiting(*id, operation, observed))
        .collect();
    all.sort_by_key(|waiting| waiting.command);
    all.iter().find_map(|waiting| settle(state, waiting, now))
}

fn waiting<'a>(
    id: OperationId,
    operation: &'a Operation,
    observed: &'a Observed,
) -> Option<Waiting<'a>> {
    let Operation::Resolving {
        project,
        command,
        config,
        images,
        since,
        until,
    } = operation
    else {
        return None;
    };
    let found = images
        .iter()
        .map(|image| (image.as_str(), observed.images.image(image, *since)));
    Some(Waiting {
        id,
        project,
        command: *command,
        config: *config,
        images: found.collect(),
        until: *until,
    })
}

fn settle(state: &State, waiting: &Waiting<'_>, now: Time) -> Option<Draft> {
    if let Some(problem) = refusal(waiting) {
        return Some(fail(waiting, problem));
    }
    let digests = digests(waiting);
    if digests.len() == waiting.images.len() {
        return Some(make(state, waiting, &digests, now));
    }
    (now >= waiting.until).then(|| fail(waiting, silence(waiting)))
}

fn digests(waiting: &Waiting<'_>) -> BTreeMap<String, Digest> {
    let digest = |found: &Option<&Found>| match found {
        Some(Found::Digest(digest)) => Some(*digest),
        Some(Found::Refused(_) | Found::Unreachable(_)) | None => None,
    };
    let known = waiting
        .images
        .iter()
        .filter_map(|(image, found)| Some((image, digest(found)?)));
    known
        .map(|(image, digest)| ((*image).to_owned(), digest))
        .collect()
}

fn make(
    state: &State,
    waiting: &Waiting<'_>,
    digests: &BTreeMap<String, Digest>,
    now: Time,
) -> Draft {
    let content = state
        .contents
        .get(&waiting.config)
        .map_or("", String::as_str);
    let file = match file::read(content) {
        Ok(file) => file,
        Err(error) => {
            let detail = format!("the file cannot be read: {error}; deploy it again");
            return fail(waiting, Problem::new(ProblemCode::InvalidConfig, detail));
        }
    };
    if let Err(problem) = domains::are_free(state, &file) {
        return fail(waiting, problem);
    }
    let images = file::pins(&file, digests);
    let content = Content {
        config: waiting.config,
        plans: file::plans(state.projects.get(&file.name), &file, &images),
        images,
        rollback_of: None,
    };
    let asker = Asker {
        operation: waiting.id,
        command: waiting.command,
    };
    let draft = release::release(state, waiting.project, asker, content, now);
    answer(draft, waiting)
}

fn refusal(waiting: &Waiting<'_>) -> Option<Problem> {
    waiting.images.iter().find_map(|(image, found)| match found {
        Some(Found::Refused(said)) => Some(Problem::new(
            ProblemCode::ImageNotFound,
            format!(
                "the image {image} cannot be had: {said}; check its name and tag, or push it with `gantry image push`"
            ),
        )),
        Some(Found::Digest(_) | Found::Unreachable(_)) | None => None,
    })
}

fn silence(waiting: &Waiting<'_>) -> Problem {
    let open = waiting
        .images
        .iter()
        .filter_map(|(image, found)| match found {
            Some(Found::Unreachable(said)) => Some(format!("{image} ({said})")),
            None => Some(format!("{image} (no answer yet)")),
            Some(Found::Digest(_) | Found::Refused(_)) => None,
        });
    let images: Vec<String> = open.collect();
    let detail = format!(
        "within {RESOLVE_WITHIN} no registry gave the digest of {}; check that the registry can be reached, then deploy again",
        images.join(", ")
    );
    Problem::new(ProblemCode::RegistryUnreachable, detail)
}

fn fail(waiting: &Waiting<'_>, problem: Problem) -> Draft {
    let fact = OperationFailed {
        operation: waiting.id,
        scope: Scope::Project(waiting.project.clone()),
        problem,
    };
    answer(Draft::of(fact), waiting)
}

/// The same as what the command led to, with the readings that decided.
fn answer(draft: Draft, waiting: &Waiting<'_>) -> Draft {
    let draft = draft.for_operation(waiting.id).caused_by(waiting.command);
    waiting
        .images
        .iter()
        .fold(draft, |draft, (image, found)| match found {
            Some(Found::Digest(digest)) => {
                draft.seeing(format!("image {image}"), digest.to_string())
            }
            Some(Found::Refused(said) | Found::Unreachable(said)) => {
                draft.seeing(format!("image {image}"), said)
            }
            None => draft,
        })
}
