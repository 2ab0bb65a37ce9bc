//! Facts about releases and their rollouts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Digest, OperationId, Problem, ProjectName, ReleaseNumber, ServiceName, Time};

/// A release exists: immutable, numbered for the project, named by content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseCreated {
    /// The project.
    pub project: ProjectName,
    /// Its number, one above the last.
    pub release: ReleaseNumber,
    /// The operation that asked for it.
    pub operation: OperationId,
    /// Digest of the canonical file, whose bytes the command holds.
    pub config: Digest,
    /// Each image as written in the file, and the same with its digest (`name@sha256:…`).
    pub images: BTreeMap<String, String>,
    /// The earlier release whose content this one has, if it was made to go back to that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_of: Option<ReleaseNumber>,
}

/// One service begins to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutStarted {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
    /// The operation it belongs to.
    pub operation: OperationId,
    /// When it is given up, unless a slot is done before.
    pub until: Time,
}

/// More slots of the service are as asked for; the time for the next one runs anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutAdvanced {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
    /// The operation it belongs to.
    pub operation: OperationId,
    /// Slots that are as asked for.
    pub done: u32,
    /// Slots in all.
    pub of: u32,
    /// When it is given up, unless another slot is done before.
    pub until: Time,
}

/// The service is as asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutFinished {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
    /// The operation it belongs to.
    pub operation: OperationId,
}

/// The service could not be changed until the deadline; what ran before, if anything did, still runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutFailed {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
    /// The operation it belongs to.
    pub operation: OperationId,
    /// Why.
    pub problem: Problem,
}

/// A newer change of the same service took over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutSuperseded {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
    /// The operation it belonged to.
    pub operation: OperationId,
    /// The operation that took over.
    pub by: OperationId,
}
