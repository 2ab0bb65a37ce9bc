//! `Problem`: why an operation was refused or failed, as it stands in the log.

use serde::{Deserialize, Serialize};

/// Why something was refused or failed: a stable code and a sentence with the values and the way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The stable code, kebab-case.
    pub code: ProblemCode,
    /// What happened, why, and what to do.
    pub detail: String,
}

impl Problem {
    /// A problem of this code with this sentence.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

/// Causes that are known only once a decider has seen the command. Each has an entry in
/// `docs/problems.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// The command's content could not be read by the decider.
    InvalidConfig,
    /// No such project.
    ProjectNotFound,
    /// No such service in the project.
    ServiceNotFound,
    /// A registry does not know the image, or refuses it.
    ImageNotFound,
    /// A registry did not answer until the deadline.
    RegistryUnreachable,
    /// No node has room for a replica.
    NoNodeFits,
    /// New replicas did not become ready until the deadline.
    DeadlinePassed,
    /// A pool of that name exists with another provider or size.
    PoolExists,
    /// The provider is not known, or cannot be used here.
    ProviderUnknown,
    /// What the request was based on has changed meanwhile.
    VersionConflict,
    /// No such release, or one that nothing can be gone back to.
    ReleaseNotFound,
    /// No such node in the cluster.
    NodeNotFound,
    /// No such pool.
    PoolNotFound,
    /// Another service answers under that host.
    DomainTaken,
    /// A node's machine is being removed, so that it cannot take replicas again.
    NodeLeaving,
    /// What runs on a node could not be moved elsewhere until the deadline.
    DrainBlocked,
    /// A machine could not be made, or did not join until the deadline.
    MachineFailed,
}
