//! A release: what a file, or an earlier release, makes of a project, compared with what it is.

use std::collections::BTreeMap;

use gantry_decider::Draft;
use gantry_events::{
    Digest, Event, OperationId, OperationSucceeded, OperationUnchanged, Place, ProjectName,
    ReleaseCreated, ReleaseNumber, RolloutStarted, Scope, ServiceConfigured, ServiceName,
    ServiceRemoved, Time,
};

use crate::limits::patience;
use crate::overtake;
use crate::project::Project;
use crate::service::{Plan, Standing};
use crate::state::State;

/// What a project should be.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// Digest of the canonical file.
    pub config: Digest,
    /// Each of its images as written there, and the same with its digest.
    pub images: BTreeMap<String, String>,
    /// Its services.
    pub plans: BTreeMap<ServiceName, Plan>,
    /// The release whose content it is, if it is an earlier one's.
    pub rollback_of: Option<ReleaseNumber>,
}

/// What a content changes about one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It gets this plan.
    Configure(Plan),
    /// It goes.
    Remove,
    /// It stays as it should be, but is not so yet: the release sees to it from here on.
    TakeOver,
}

/// What the plans change, service by service; those that stay as they are do not appear.
pub(crate) fn changes(
    project: Option<&Project>,
    plans: &BTreeMap<ServiceName, Plan>,
) -> BTreeMap<ServiceName, Change> {
    let services = || project.into_iter().flat_map(|project| &project.services);
    let mut changes = BTreeMap::new();
    for (name, plan) in plans {
        let now = project.and_then(|project| project.services.get(name));
        let is_aimed_at = |aim: &Plan| aim.is_same(plan);
        if !now
            .and_then(|service| service.plan())
            .is_some_and(is_aimed_at)
        {
            changes.insert(name.clone(), Change::Configure(plan.clone()));
        } else if now.is_some_and(|service| service.standing != Standing::Steady) {
            changes.insert(name.clone(), Change::TakeOver);
        }
    }
    for (name, service) in services().filter(|(name, _)| !plans.contains_key(*name)) {
        if service.plan().is_some() {
            changes.insert(name.clone(), Change::Remove);
        } else if service.standing != Standing::Steady {
            changes.insert(name.clone(), Change::TakeOver);
        }
    }
    changes
}

/// Who asks for a release, by which command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    pub operation: OperationId,
    pub command: Place,
}

/// The release that makes the project so, in one commit; or that nothing changes. What is on its way to
/// be just so already is taken over as it is, under the number it has.
pub(crate) fn release(
    state: &State,
    name: &ProjectName,
    asker: Asker,
    content: Content,
    now: Time,
) -> Draft {
    let operation = asker.operation;
    let project = state.projects.get(name);
    let changes = changes(project, &content.plans);
    let scope = Scope::Project(name.clone());
    let is_new = project.is_none_or(|project| project.config != content.config);
    let overtaken = overtake::project(state, name, operation, Some(asker.command));
    if changes.is_empty() && !is_new {
        return overtaken.and(OperationUnchanged { operation, scope });
    }
    let mut draft = Draft::default();
    if !is_new
        && changes
            .iter()
            .all(|(service, change)| is_on_its_way(project, service, change))
    {
        draft.events.extend(overtaken.events);
        draft.events.extend(continued(project, name, operation));
        return draft;
    }
    let whole = changes.is_empty();
    let mut made = made(project, name, operation, (content, changes), now).into_iter();
    // The release comes first, as long as the command's file is at hand.
    draft.events.extend(made.next());
    draft.events.extend(overtaken.events);
    draft.events.extend(made);
    if whole {
        draft.push(OperationSucceeded { operation, scope });
    }
    draft
}

fn is_on_its_way(project: Option<&Project>, service: &ServiceName, change: &Change) -> bool {
    let service = project.and_then(|project| project.services.get(service));
    *change == Change::TakeOver && service.is_some_and(|service| service.operation().is_some())
}

/// The running rollouts go on, with the time they have left, for the operation.
fn continued(project: Option<&Project>, name: &ProjectName, operation: OperationId) -> Vec<Event> {
    let services = project.into_iter().flat_map(|project| &project.services);
    let running = services.filter_map(|(id, service)| match &service.standing {
        Standing::Changing { until, .. } => Some((id, *until)),
        Standing::Steady | Standing::GaveUp => None,
    });
    running
        .map(|(service, until)| {
            let (project, service) = (name.clone(), service.clone());
            Event::from(RolloutStarted {
                project,
                service,
                operation,
                until,
            })
        })
        .collect()
}

/// The facts of a new release, that it was created first.
pub(crate) fn made(
    project: Option<&Project>,
    name: &ProjectName,
    operation: OperationId,
    (content, changes): (Content, BTreeMap<ServiceName, Change>),
    now: Time,
) -> Vec<Event> {
    let release = ReleaseNumber(project.map_or(1, |project| project.release.0 + 1));
    let created = ReleaseCreated {
        project: name.clone(),
        release,
        operation,
        config: content.config,
        images: content.images,
        rollback_of: content.rollback_of,
    };
    let mut events = vec![Event::from(created)];
    for (service, change) in changes {
        let policy = match &change {
            Change::Configure(plan) => Some(&plan.rollout),
            Change::Remove | Change::TakeOver => project
                .and_then(|project| project.services.get(&service))
                .map(|service| service.policy()),
        };
        let until = now + policy.map(patience).unwrap_or_default();
        events.extend(aim(name, &service, &change, release));
        let (project, service) = (name.clone(), service);
        events.push(
            RolloutStarted {
                project,
                service,
                operation,
                until,
            }
            .into(),
        );
    }
    events
}

fn aim(
    project: &ProjectName,
    service: &ServiceName,
    change: &Change,
    release: ReleaseNumber,
) -> Option<Event> {
    let (project, service) = (project.clone(), service.clone());
    match change {
        Change::Configure(plan) => Some(
            ServiceConfigured {
                project,
                service,
                release,
                spec: plan.version.spec,
                replicas: plan.replicas,
                rollout: plan.rollout.clone(),
                place: plan.place.clone(),
                domains: plan.domains.clone(),
            }
            .into(),
        ),
        Change::Remove => Some(ServiceRemoved { project, service }.into()),
        Change::TakeOver => None,
    }
}
