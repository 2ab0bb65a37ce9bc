//! Facts about services: what each should be.

use serde::{Deserialize, Serialize};

use crate::{
    Digest, Domains, Explanation, PlacePolicy, ProjectName, ReleaseNumber, RolloutPolicy,
    ServiceName, Time,
};

/// A release set what the service should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceConfigured {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
    /// The release that set it.
    pub release: ReleaseNumber,
    /// Names the container spec of its replicas.
    pub spec: Digest,
    /// How many replicas it should have.
    pub replicas: u32,
    /// How it goes from one version to the next.
    #[serde(default)]
    pub rollout: RolloutPolicy,
    /// Where its replicas may run.
    #[serde(default)]
    pub place: PlacePolicy,
    /// Hosts it answers under beside `SERVICE.PROJECT.localhost`.
    #[serde(default)]
    pub domains: Domains,
}

/// Every replica should be replaced by one that runs the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRestarted {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
    /// How often it was restarted by now: replicas of an earlier round are replaced.
    pub round: u32,
}

/// The number of replicas was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceScaled {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
    /// How many replicas it should have.
    pub replicas: u32,
}

/// The service should be no more; its replicas leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRemoved {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
}

/// The last replica of a removed service has left. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceEnded {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
}

/// Slots of the service fit no node. Placement is tried again as soon as one has room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceUnplaced {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
    /// Number of the lowest of them.
    pub ordinal: u32,
    /// How many others there are.
    #[serde(default)]
    pub further: u32,
    /// Why no node fits the lowest.
    pub explanation: Explanation,
    /// When it is said again if nothing changed.
    pub until: Time,
}
