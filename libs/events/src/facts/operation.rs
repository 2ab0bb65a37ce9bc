//! Facts about operations: how a command was answered and how it ended.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Digest, OperationId, Problem, ProjectName, Scope, Time};

/// The command cannot be carried out; nothing changed. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationRefused {
    /// The operation.
    pub operation: OperationId,
    /// The project it was meant for, or the cluster.
    pub scope: Scope,
    /// Why.
    pub problem: Problem,
}

/// The world already is as the command asks; nothing changed. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationUnchanged {
    /// The operation.
    pub operation: OperationId,
    /// The project it was meant for, or the cluster.
    pub scope: Scope,
}

/// The command is taken on; its images are looked up at their registries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationResolving {
    /// The operation.
    pub operation: OperationId,
    /// The project.
    pub project: ProjectName,
    /// Digest of the canonical file, whose bytes the command holds.
    pub config: Digest,
    /// Image references, as written in the file, that need a digest.
    pub images: BTreeSet<String>,
    /// When the look-up is given up.
    pub until: Time,
}

/// Everything the command asked for is true. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationSucceeded {
    /// The operation.
    pub operation: OperationId,
    /// The project, or the cluster.
    pub scope: Scope,
}

/// The command was taken on and could not be finished. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationFailed {
    /// The operation.
    pub operation: OperationId,
    /// The project, or the cluster.
    pub scope: Scope,
    /// Why.
    pub problem: Problem,
}

/// A newer command overtook this one. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationSuperseded {
    /// The operation.
    pub operation: OperationId,
    /// The project, or the cluster.
    pub scope: Scope,
    /// The newer operation.
    pub by: OperationId,
}
