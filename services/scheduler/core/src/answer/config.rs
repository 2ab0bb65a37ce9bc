//! Answers about a whole project: a file is put, or an earlier release's content is asked for again.

use std::collections::{BTreeMap, BTreeSet};

use gantry_decider::{Draft, PlacedCommand};
use gantry_events::{
    Command, ConfigPut, Digest, OperationResolving, Problem, ProblemCode, ProjectName, Rollback,
    Time,
};

use super::unchanged;
use crate::limits::RESOLVE_WITHIN;
use crate::release::{self, Asker, Content};
use crate::state::State;
use crate::{domains, file};

pub(super) fn put(
    state: &State,
    command: &Command,
    put: &ConfigPut,
    now: Time,
) -> Result<Draft, Problem> {
    let file = read(&put.config, &put.project)?;
    domains::are_free(state, &file)?;
    let config = Digest::of(put.config.as_bytes());
    let images: BTreeSet<String> = file
        .services
        .values()
        .filter(|service| service.image.digest().is_none())
        .map(|service| service.image.as_str().to_owned())
        .collect();
    if images.is_empty() && is_already_so(state, &file, config) {
        return Ok(unchanged(command));
    }
    Ok(Draft::of(OperationResolving {
        operation: command.operation,
        project: put.project.clone(),
        config,
        images,
        until: now + RESOLVE_WITHIN,
    }))
}

/// The release is made at once: its images have digests already.
pub(super) fn roll_back(
    state: &State,
    placed: &PlacedCommand,
    back: &Rollback,
    now: Time,
) -> Result<Draft, Problem> {
    let Some(project) = state.projects.get(&back.project) else {
        return Err(no_project(&back.project));
    };
    if back.to.0 == 0 || back.to > project.release {
        let detail = format!(
            "{} has no release {}; its last is {}, and `gantry releases` lists them",
            back.project, back.to, project.release
        );
        return Err(Problem::new(ProblemCode::ReleaseNotFound, detail));
    }
    let file = read(&back.config, &back.project)?;
    domains::are_free(state, &file)?;
    let specs = file::specs(&file, &back.images);
    if let Some(name) = file.services.keys().find(|name| !specs.contains_key(*name)) {
        let detail = format!(
            "the image of {name} in release {} has no digest; go back to another release",
            back.to
        );
        return Err(Problem::new(ProblemCode::ReleaseNotFound, detail));
    }
    let asker = Asker {
        operation: placed.command.operation,
        command: placed.place,
    };
    let content = Content {
        config: Digest::of(back.config.as_bytes()),
        plans: file::plans(Some(project), &file, &back.images),
        images: back.images.clone(),
        rollback_of: Some(back.to),
    };
    Ok(release::release(state, &back.project, asker, content, now))
}

fn read(config: &str, project: &ProjectName) -> Result<gantry_spec::Project, Problem> {
    let file = file::read(config).map_err(|error| unreadable(&error.to_string()))?;
    if file.name == *project {
        return Ok(file);
    }
    Err(unreadable(&format!(
        "it is for the project {} and was sent to {project}",
        file.name
    )))
}

/// Whether the file, with every image named by digest, is what the project is, and nothing else is on
/// its way.
fn is_already_so(state: &State, file: &gantry_spec::Project, config: Digest) -> bool {
    let is_busy = state
        .operations
        .values()
        .any(|operation| operation.project() == Some(&file.name));
    let images = file::pins(file, &BTreeMap::new());
    !is_busy
        && state.projects.get(&file.name).is_some_and(|project| {
            let plans = file::plans(Some(project), file, &images);
            project.config == config && release::changes(Some(project), &plans).is_empty()
        })
}

pub(super) fn no_project(project: &ProjectName) -> Problem {
    let detail = format!(
        "there is no project {project}; deploy its file first, or list the projects there are"
    );
    Problem::new(ProblemCode::ProjectNotFound, detail)
}

fn unreadable(why: &str) -> Problem {
    let detail = format!("the file cannot be read: {why}; check it with `gantry validate`");
    Problem::new(ProblemCode::InvalidConfig, detail)
}
