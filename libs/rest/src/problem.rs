//! `ProblemCode`: every code there is, with its HTTP status. The body that carries it is in `body`.

mod body;

pub use body::{FieldError, PROBLEM_JSON, Problem};

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The stable code of a problem, kebab-case. `docs/problems.md` says for each what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// The body is neither JSON nor YAML.
    MalformedBody,
    /// The query names a parameter that the path does not take.
    UnknownParameter,
    /// A parameter, header or part of the path has a value it cannot have.
    InvalidParameter,
    /// The past that is asked for has not come yet.
    SeqInFuture,
    /// No bearer token, or none that is known.
    Unauthenticated,
    /// The join token is not of that machine, or of an earlier attempt at making it.
    JoinTokenInvalid,
    /// The token lacks a right, which the detail names.
    Forbidden,
    /// No such path.
    NotFound,
    /// No project of that name, or not yet at that sequence.
    ProjectNotFound,
    /// No service of that name in the project, or not yet at that sequence.
    ServiceNotFound,
    /// No replica of that id in the project, or not yet at that sequence.
    ReplicaNotFound,
    /// No release of that number in the project, or not yet at that sequence.
    ReleaseNotFound,
    /// No node of that id, or not yet at that sequence.
    NodeNotFound,
    /// No pool of that name, or not yet at that sequence.
    PoolNotFound,
    /// No machine of that id, or not yet at that sequence.
    MachineNotFound,
    /// No balancer of that id, or not yet at that sequence.
    BalancerNotFound,
    /// No operation of that id, or not yet at that sequence.
    OperationNotFound,
    /// The path is there, but not for this method.
    MethodNotAllowed,
    /// None of the media types asked for can be given.
    NotAcceptable,
    /// The machine's node has joined with another key already.
    NodeKeyTaken,
    /// A pool of that name exists with another provider or size.
    PoolExists,
    /// No node has room for a replica.
    NoNodeFits,
    /// Another service answers under that host.
    DomainTaken,
    /// What runs on a node could not be moved elsewhere until the deadline.
    DrainBlocked,
    /// The node's machine is being removed.
    NodeLeaving,
    /// The cursor is of a log that a restore has left behind.
    LogRestored,
    /// What was read has changed meanwhile.
    VersionConflict,
    /// The body, or the file in it, is larger than allowed.
    TooLarge,
    /// The body is of a media type that the path does not take.
    UnsupportedMediaType,
    /// The body is JSON, but not what the path takes.
    InvalidRequest,
    /// The file is YAML or JSON, but not a valid project.
    InvalidFile,
    /// The decider could not read the project it was given.
    InvalidConfig,
    /// The key came before, with another request.
    IdempotencyKeyReused,
    /// A registry does not know the image, or refuses it.
    ImageNotFound,
    /// The provider is not known, or cannot be used here.
    ProviderUnknown,
    /// More requests at once than are served.
    TooManyRequests,
    /// A fault of the program.
    Internal,
    /// A registry did not answer until the deadline.
    RegistryUnreachable,
    /// A machine could not be made, or did not join until the deadline.
    MachineFailed,
    /// The log cannot be written or read now; nothing was stored.
    LogUnavailable,
    /// The api is starting, or its read model is being built.
    NotReady,
    /// The node that would have to answer does not.
    NodeUnreachable,
    /// The read model has not reached the sequence in time.
    NotYet,
    /// New replicas did not become ready until the deadline.
    DeadlinePassed,
}

impl ProblemCode {
    /// Every code, by status.
    pub const ALL: &'static [Self] = &[
        Self::MalformedBody,
        Self::UnknownParameter,
        Self::InvalidParameter,
        Self::SeqInFuture,
        Self::Unauthenticated,
        Self::JoinTokenInvalid,
        Self::Forbidden,
        Self::NotFound,
        Self::ProjectNotFound,
        Self::ServiceNotFound,
        Self::ReplicaNotFound,
        Self::ReleaseNotFound,
        Self::NodeNotFound,
        Self::PoolNotFound,
        Self::MachineNotFound,
        Self::BalancerNotFound,
        Self::OperationNotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::NodeKeyTaken,
        Self::PoolExists,
        Self::NoNodeFits,
        Self::DomainTaken,
        Self::DrainBlocked,
        Self::NodeLeaving,
        Self::LogRestored,
        Self::VersionConflict,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidRequest,
        Self::InvalidFile,
        Self::InvalidConfig,
        Self::IdempotencyKeyReused,
        Self::ImageNotFound,
        Self::ProviderUnknown,
        Self::TooManyRequests,
        Self::Internal,
        Self::RegistryUnreachable,
        Self::MachineFailed,
        Self::LogUnavailable,
        Self::NotReady,
        Self::NodeUnreachable,
        Self::NotYet,
        Self::DeadlinePassed,
    ];

    /// The HTTP status it comes with.
    pub fn status(self) -> u16 {
        self.entry().1
    }

    /// The code in words.
    pub fn title(self) -> &'static str {
        self.entry().2
    }

    /// The code as it is written.
    pub fn as_str(self) -> &'static str {
        self.entry().0
    }

    /// Whether the same request may do better in a moment: the answer then says when to try again.
    pub fn may_pass(self) -> bool {
        matches!(self.status(), 429 | 503 | 504)
    }

    fn entry(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::MalformedBody => ("malformed-body", 400, "The body cannot be read"),
            Self::UnknownParameter => ("unknown-parameter", 400, "Unknown parameter"),
            Self::InvalidParameter => ("invalid-parameter", 400, "Invalid parameter"),
            Self::SeqInFuture => ("seq-in-future", 400, "Sequence in the future"),
            Self::Unauthenticated => ("unauthenticated", 401, "Not authenticated"),
            Self::JoinTokenInvalid => ("join-token-invalid", 401, "Join token not valid"),
            Self::Forbidden => ("forbidden", 403, "Not allowed"),
            Self::NotFound => ("not-found", 404, "Not found"),
            Self::ProjectNotFound => ("project-not-found", 404, "No such project"),
            Self::ServiceNotFound => ("service-not-found", 404, "No such service"),
            Self::ReplicaNotFound => ("replica-not-found", 404, "No such replica"),
            Self::ReleaseNotFound => ("release-not-found", 404, "No such release"),
            Self::NodeNotFound => ("node-not-found", 404, "No such node"),
            Self::PoolNotFound => ("pool-not-found", 404, "No such pool"),
            Self::MachineNotFound => ("machine-not-found", 404, "No such machine"),
            Self::BalancerNotFound => ("balancer-not-found", 404, "No such balancer"),
            Self::OperationNotFound => ("operation-not-found", 404, "No such operation"),
            Self::MethodNotAllowed => ("method-not-allowed", 405, "Method not allowed"),
            Self::NotAcceptable => ("not-acceptable", 406, "Not acceptable"),
            Self::NodeKeyTaken => ("node-key-taken", 409, "Node has another key"),
            Self::PoolExists => ("pool-exists", 409, "Pool exists"),
            Self::NoNodeFits => ("no-node-fits", 409, "No node fits"),
            Self::DomainTaken => ("domain-taken", 409, "Domain taken"),
            Self::DrainBlocked => ("drain-blocked", 409, "Drain blocked"),
            Self::NodeLeaving => ("node-leaving", 409, "Node leaving"),
            Self::LogRestored => ("log-restored", 410, "Log was restored"),
            Self::VersionConflict => ("version-conflict", 412, "Changed meanwhile"),
            Self::TooLarge => ("too-large", 413, "Too large"),
            Self::UnsupportedMediaType => {
                ("unsupported-media-type", 415, "Media type not supported")
            }
            Self::InvalidRequest => ("invalid-request", 422, "Invalid request"),
            Self::InvalidFile => ("invalid-file", 422, "Invalid file"),
            Self::InvalidConfig => ("invalid-config", 422, "Invalid project"),
            Self::IdempotencyKeyReused => ("idempotency-key-reused", 422, "Idempotency key reused"),
            Self::ImageNotFound => ("image-not-found", 422, "Image not found"),
            Self::ProviderUnknown => ("provider-unknown", 422, "Provider unknown"),
            Self::TooManyRequests => ("too-many-requests", 429, "Too many requests"),
            Self::Internal => ("internal", 500, "Internal error"),
            Self::RegistryUnreachable => ("registry-unreachable", 502, "Registry unreachable"),
            Self::MachineFailed => ("machine-failed", 502, "Machine failed"),
            Self::LogUnavailable => ("log-unavailable", 503, "Log unavailable"),
            Self::NotReady => ("not-ready", 503, "Not ready"),
            Self::NodeUnreachable => ("node-unreachable", 503, "Node unreachable"),
            Self::NotYet => ("not-yet", 504, "Not yet"),
            Self::DeadlinePassed => ("deadline-passed", 504, "Deadline passed"),
        }
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<gantry_events::ProblemCode> for ProblemCode {
    fn from(code: gantry_events::ProblemCode) -> Self {
        use gantry_events::ProblemCode as Said;
        match code {
            Said::InvalidConfig => Self::InvalidConfig,
            Said::ProjectNotFound => Self::ProjectNotFound,
            Said::ServiceNotFound => Self::ServiceNotFound,
            Said::ImageNotFound => Self::ImageNotFound,
            Said::RegistryUnreachable => Self::RegistryUnreachable,
            Said::NoNodeFits => Self::NoNodeFits,
            Said::DeadlinePassed => Self::DeadlinePassed,
            Said::PoolExists => Self::PoolExists,
            Said::ProviderUnknown => Self::ProviderUnknown,
            Said::VersionConflict => Self::VersionConflict,
            Said::ReleaseNotFound => Self::ReleaseNotFound,
            Said::NodeNotFound => Self::NodeNotFound,
            Said::PoolNotFound => Self::PoolNotFound,
            Said::DomainTaken => Self::DomainTaken,
            Said::DrainBlocked => Self::DrainBlocked,
            Said::NodeLeaving => Self::NodeLeaving,
            Said::MachineFailed => Self::MachineFailed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_written_alike_everywhere() {
        for code in ProblemCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn every_code_has_a_page_that_says_what_to_do() {
        let page = include_str!("../../../docs/problems.md");
        for code in ProblemCode::ALL {
            let heading = format!("## `{code}` ({})", code.status());
            assert!(page.lines().any(|line| line == heading), "{heading}");
        }
    }
}
