//! A release: a file with every image pinned, compared with what the project is.

use std::collections::BTreeMap;

use gantry_decider::Draft;
use gantry_events::{
    Digest, Event, OperationId, OperationSucceeded, OperationSuperseded, OperationUnchanged, Place,
    ProjectName, ReleaseCreated, ReleaseNumber, RolloutStarted, RolloutSuperseded, Scope,
    ServiceConfigured, ServiceName, ServiceRemoved, Time,
};
use gantry_spec::{ContainerSpec, ImageRef};

use crate::limits::ROLLOUT_WITHIN;
use crate::operation::overtaken;
use crate::service::{Service, Standing};
use crate::state::{Project, State};

/// Reads a canonical file.
pub(crate) fn read(content: &str) -> Result<gantry_spec::Project, serde_json::Error> {
    serde_json::from_str(content)
}

/// Each image of the file and the same with its digest: as it stands there, or as it was found.
pub(crate) fn pins(
    file: &gantry_spec::Project,
    found: &BTreeMap<String, Digest>,
) -> BTreeMap<String, String> {
    let pin = |image: &ImageRef| {
        let digest = image
            .digest()
            .or_else(|| found.get(image.as_str()).copied())?;
        Some((
            image.as_str().to_owned(),
            image.pinned(digest).as_str().to_owned(),
        ))
    };
    file.services
        .values()
        .filter_map(|service| pin(&service.image))
        .collect()
}

/// The container spec of each service whose image is pinned.
pub(crate) fn specs(
    file: &gantry_spec::Project,
    images: &BTreeMap<String, String>,
) -> BTreeMap<ServiceName, ContainerSpec> {
    let spec = |service: &gantry_spec::Service| {
        let pinned = images.get(service.image.as_str())?.parse().ok()?;
        Some(ContainerSpec::of(service, pinned))
    };
    file.services
        .iter()
        .filter_map(|(name, service)| Some((name.clone(), spec(service)?)))
        .collect()
}

/// What a file changes about one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It gets this spec and so many replicas.
    Configure { spec: Digest, replicas: u32 },
    /// It goes.
    Remove,
    /// It stays as it should be, but is not so yet: the release sees to it from here on.
    TakeOver,
}

/// What the file changes, service by service; those that stay as they are do not appear.
pub(crate) fn changes(
    project: Option<&Project>,
    file: &gantry_spec::Project,
    images: &BTreeMap<String, String>,
) -> BTreeMap<ServiceName, Change> {
    let now = |name: &ServiceName| project.and_then(|project| project.services.get(name));
    let mut changes = BTreeMap::new();
    for (name, spec) in specs(file, images) {
        let spec = spec.digest();
        let replicas = file
            .services
            .get(&name)
            .map_or(0, |service| service.replicas.get());
        if !is_aimed_at(now(&name), spec, replicas) {
            changes.insert(name, Change::Configure { spec, replicas });
        } else if now(&name).is_some_and(|service| service.standing != Standing::Steady) {
            changes.insert(name, Change::TakeOver);
        }
    }
    for (name, service) in project.into_iter().flat_map(|project| &project.services) {
        if file.services.contains_key(name) {
            continue;
        }
        if service.version().is_some() {
            changes.insert(name.clone(), Change::Remove);
        } else if service.standing != Standing::Steady {
            changes.insert(name.clone(), Change::TakeOver);
        }
    }
    changes
}

fn is_aimed_at(service: Option<&Service>, spec: Digest, replicas: u32) -> bool {
    service.is_some_and(|service| {
        service
            .version()
            .is_some_and(|version| version.spec == spec)
            && service.replicas() == replicas
    })
}

/// A file whose images are all known.
pub(crate) struct Known<'a> {
    pub operation: OperationId,
    pub command: Place,
    pub config: Digest,
    pub file: &'a gantry_spec::Project,
    pub images: BTreeMap<String, String>,
}

/// The release that makes the project as the file says, in one commit; or that nothing changes.
pub(crate) fn release(state: &State, known: Known<'_>, now: Time) -> Draft {
    let name = &known.file.name;
    let project = state.projects.get(name);
    let changes = changes(project, known.file, &known.images);
    let scope = Scope::Project(name.clone());
    let is_new = project.is_none_or(|project| project.config != known.config);
    let mut draft = overtake(state, name, &known);
    if changes.is_empty() && !is_new {
        return draft.and(OperationUnchanged {
            operation: known.operation,
            scope,
        });
    }
    let number = ReleaseNumber(project.map_or(1, |project| project.release.0 + 1));
    draft.push(ReleaseCreated {
        project: name.clone(),
        release: number,
        operation: known.operation,
        config: known.config,
        images: known.images,
        rollback_of: None,
    });
    let whole = changes.is_empty();
    for (service, change) in changes {
        draft.events.extend(aim(name, &service, &change, number));
        draft.push(RolloutStarted {
            project: name.clone(),
            service,
            operation: known.operation,
            until: now + ROLLOUT_WITHIN,
        });
    }
    if whole {
        draft.push(OperationSucceeded {
            operation: known.operation,
            scope,
        });
    }
    draft
}

fn aim(
    project: &ProjectName,
    service: &ServiceName,
    change: &Change,
    release: ReleaseNumber,
) -> Option<Event> {
    let (project, service) = (project.clone(), service.clone());
    match change {
        Change::Configure { spec, replicas } => Some(
            ServiceConfigured {
                project,
                service,
                release,
                spec: *spec,
                replicas: *replicas,
                rollout: Default::default(),
                place: Default::default(),
                domains: Default::default(),
            }
            .into(),
        ),
        Change::Remove => Some(ServiceRemoved { project, service }.into()),
        Change::TakeOver => None,
    }
}

/// The ends of what still changes the project: the release names every service anew.
fn overtake(state: &State, name: &ProjectName, known: &Known<'_>) -> Draft {
    let by = known.operation;
    let mut draft = Draft::default();
    for (service, aimed) in state
        .projects
        .get(name)
        .into_iter()
        .flat_map(|p| &p.services)
    {
        if let Some(operation) = aimed.operation() {
            let (project, service) = (name.clone(), service.clone());
            draft.push(RolloutSuperseded {
                project,
                service,
                operation,
                by,
            });
        }
    }
    for operation in overtaken(state, name, by, known.command) {
        let scope = Scope::Project(name.clone());
        draft.push(OperationSuperseded {
            operation,
            scope,
            by,
        });
    }
    draft
}
