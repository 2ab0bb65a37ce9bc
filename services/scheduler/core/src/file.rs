//! A canonical file as the plans of its services.

use std::collections::BTreeMap;

use gantry_events::{Digest, ReleaseNumber, ServiceName};
use gantry_spec::{ContainerSpec, ImageRef};

use crate::project::Project;
use crate::service::{Plan, Version};

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

/// What each of the file's services should be, in the round that it is in.
pub(crate) fn plans(
    project: Option<&Project>,
    file: &gantry_spec::Project,
    images: &BTreeMap<String, String>,
) -> BTreeMap<ServiceName, Plan> {
    let round = |name: &ServiceName| {
        let service = project.and_then(|project| project.services.get(name));
        service.map_or(0, |service| {
            service
                .version()
                .map_or(service.round, |version| version.round)
        })
    };
    let specs = specs(file, images).into_iter();
    let plan = |(name, spec): (ServiceName, ContainerSpec)| {
        let service = file.services.get(&name)?;
        let version = Version {
            release: ReleaseNumber(0),
            spec: spec.digest(),
            round: round(&name),
        };
        let plan = Plan {
            version,
            replicas: service.replicas.get(),
            rollout: service.rollout.clone(),
            place: service.place.clone(),
            domains: service.domains.clone(),
        };
        Some((name, plan))
    };
    specs.filter_map(plan).collect()
}
