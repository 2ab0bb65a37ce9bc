//! How facts about releases, and about what services should be, change the state.

use gantry_decider::Entry;
use gantry_events::{ProjectName, ReleaseCreated, ServiceConfigured, ServiceName};

use super::{settles, with_project};
use crate::project::Project;
use crate::state::State;
use crate::{Aim, Operation, Plan, Service, Version, file};

pub(super) fn released(state: &mut State, entry: &Entry<'_>, said: &ReleaseCreated) {
    let specs = state
        .contents
        .get(&said.config)
        .and_then(|content| file::read(content).ok())
        .map(|file| file::specs(&file, &said.images))
        .unwrap_or_default();
    let project = state
        .projects
        .entry(said.project.clone())
        .or_insert_with(|| Project::begun(said.config));
    let failed = project.release;
    project.release = said.release;
    project.config = said.config;
    project.images = said.images.clone();
    project.changed = entry.place.seq;
    project
        .specs
        .extend(specs.into_values().map(|spec| (spec.digest(), spec)));
    let before = (state.operations.remove(&said.operation), said.rollback_of);
    let name = said.project.clone();
    let operation = if let (
        Some(Operation::Rolling {
            late: Some(late), ..
        }),
        Some(to),
    ) = before
    {
        Operation::RollingBack {
            project: name,
            failed,
            release: said.release,
            to,
            late,
        }
    } else {
        Operation::Rolling {
            project: name,
            late: None,
        }
    };
    state.operations.insert(said.operation, operation);
}

pub(super) fn configured(state: &mut State, entry: &Entry<'_>, said: &ServiceConfigured) {
    let goes_back = matches!(
        entry
            .operation
            .and_then(|operation| state.operations.get(&operation)),
        Some(Operation::RollingBack { .. })
    );
    with_project(state, &said.project, |project| {
        let before = project.good.as_ref().filter(|_| goes_back);
        let before = before.and_then(|good| good.services.get(&said.service));
        let round = before.map(|plan| plan.version.round);
        let known = project.services.remove(&said.service);
        let plan = Plan {
            version: Version {
                release: said.release,
                spec: said.spec,
                round: round.unwrap_or_else(|| known.as_ref().map_or(0, round_of)),
            },
            replicas: said.replicas,
            rollout: said.rollout.clone(),
            place: said.place.clone(),
            domains: said.domains.clone(),
        };
        let mut service = known.unwrap_or_else(|| Service::aiming(Aim::Gone(said.rollout.clone())));
        service.round = service.round.max(plan.version.round);
        service.aim = Aim::Run(plan);
        service.changed = entry.place.seq;
        project.services.insert(said.service.clone(), service);
        project.forget_slots(&said.service);
    });
}

/// The round that a service is in.
fn round_of(service: &Service) -> u32 {
    service
        .version()
        .map_or(service.round, |version| version.round)
}

/// What the service should be changes.
pub(super) fn aims(
    state: &mut State,
    entry: &Entry<'_>,
    (project, name): (&ProjectName, &ServiceName),
    change: impl FnOnce(&mut Service),
) {
    with_project(state, project, |project| {
        project.changed = entry.place.seq;
        if let Some(service) = project.services.get_mut(name) {
            service.changed = entry.place.seq;
            change(service);
        }
        project.forget_slots(name);
    });
}

pub(super) fn gone(state: &mut State, project: &ProjectName, service: &ServiceName) {
    with_project(state, project, |project| {
        // What is left of it is lost or failed; a node that comes back is told by its set to stop it.
        project
            .replicas
            .retain(|_, replica| replica.slot.service != *service);
        project.forget_slots(service);
        project.services.remove(service);
        settles(project);
    });
}
