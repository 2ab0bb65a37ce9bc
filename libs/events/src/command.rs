//! Commands: wishes that the api writes for the service that decides.

use serde::{Deserialize, Serialize};

use crate::{Actor, Decider, Digest, OperationId, PoolName, ProjectName, Scope, ServiceName, Time};

/// One accepted command. The message it stands in, and its index there, are its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The operation it begins. A retry with the same `Idempotency-Key` names the same one.
    pub operation: OperationId,
    /// Who asks.
    pub actor: Actor,
    /// When the api accepted it.
    pub time: Time,
    /// Digest of method, path and body, by which a retry is told from another request under its key.
    pub request: Digest,
    /// The trace it belongs to (W3C `traceparent`), where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// What is asked for.
    #[serde(flatten)]
    pub intent: Intent,
}

/// What is asked for: a type with its version, and its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Intent {
    /// Make the project as this file says.
    #[serde(rename = "config.put.v1")]
    ConfigPut(ConfigPut),
    /// Set how many replicas a service has.
    #[serde(rename = "service.scale.v1")]
    ScaleService(ScaleService),
    /// Remove a service.
    #[serde(rename = "service.remove.v1")]
    RemoveService(RemoveService),
    /// Make a pool of machines.
    #[serde(rename = "pool.create.v1")]
    CreatePool(CreatePool),
}

impl Intent {
    /// Every type there is.
    pub const TYPES: &'static [&'static str] = &[
        "config.put.v1",
        "service.scale.v1",
        "service.remove.v1",
        "pool.create.v1",
    ];

    /// Type and version: `config.put.v1`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::ConfigPut(_) => Self::TYPES[0],
            Self::ScaleService(_) => Self::TYPES[1],
            Self::RemoveService(_) => Self::TYPES[2],
            Self::CreatePool(_) => Self::TYPES[3],
        }
    }

    /// The service that decides it.
    pub fn decider(&self) -> Decider {
        match self {
            Self::ConfigPut(_) | Self::ScaleService(_) | Self::RemoveService(_) => {
                Decider::Scheduler
            }
            Self::CreatePool(_) => Decider::Provisioner,
        }
    }

    /// Where it belongs.
    pub fn scope(&self) -> Scope {
        match self {
            Self::ConfigPut(put) => Scope::Project(put.project.clone()),
            Self::ScaleService(scale) => Scope::Project(scale.project.clone()),
            Self::RemoveService(remove) => Scope::Project(remove.project.clone()),
            Self::CreatePool(_) => Scope::Cluster,
        }
    }
}

/// Make the project as this file says; what it does not name is removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigPut {
    /// The project.
    pub project: ProjectName,
    /// The canonical file: JSON as `gantry-spec` writes it.
    pub config: String,
}

/// Set how many replicas a service has, until the next file is applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaleService {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
    /// How many.
    pub replicas: u32,
}

/// Remove a service and its replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveService {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
}

/// Make a pool of machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatePool {
    /// The pool.
    pub pool: PoolName,
    /// Who makes its machines: `local`.
    pub provider: String,
    /// How many machines.
    pub size: u32,
}
