//! Commands: wishes that the api writes for the service that decides.

use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;

use crate::{
    Actor, Decider, Digest, NodeId, OperationId, PoolName, ProjectName, ReleaseNumber, Scope, Seq,
    ServiceName, Time,
};

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
    /// The sequence of the read it is based on (`If-Match`): refused if what it changes was changed by a
    /// later command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchanged_since: Option<Seq>,
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
    /// Make the project as an earlier release had it.
    #[serde(rename = "release.rollback.v1")]
    Rollback(Rollback),
    /// Replace every replica of a service by one that runs the same.
    #[serde(rename = "service.restart.v1")]
    RestartService(RestartService),
    /// Place nothing more on a node.
    #[serde(rename = "node.cordon.v1")]
    CordonNode(CordonNode),
    /// Let a node take replicas again.
    #[serde(rename = "node.uncordon.v1")]
    UncordonNode(UncordonNode),
    /// Move all that runs on a node elsewhere.
    #[serde(rename = "node.drain.v1")]
    DrainNode(DrainNode),
    /// Make a pool of machines.
    #[serde(rename = "pool.create.v1")]
    CreatePool(CreatePool),
    /// Set how many machines a pool has.
    #[serde(rename = "pool.scale.v1")]
    ScalePool(ScalePool),
    /// Remove a pool and its machines.
    #[serde(rename = "pool.remove.v1")]
    RemovePool(RemovePool),
}

macro_rules! intents {
    ($($variant:ident = $type:literal: $decider:ident, |$d:ident| $scope:expr;)*) => {
        impl Intent {
            /// Every type there is.
            pub const TYPES: &'static [&'static str] = &[$($type),*];

            /// Type and version: `config.put.v1`.
            pub fn type_name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $type),* }
            }

            /// The service that decides it.
            pub fn decider(&self) -> Decider {
                match self { $(Self::$variant(_) => Decider::$decider),* }
            }

            /// Where it belongs.
            pub fn scope(&self) -> Scope {
                match self { $(Self::$variant($d) => $scope),* }
            }
        }
    };
}

intents! {
    ConfigPut = "config.put.v1": Scheduler, |d| Scope::Project(d.project.clone());
    ScaleService = "service.scale.v1": Scheduler, |d| Scope::Project(d.project.clone());
    RemoveService = "service.remove.v1": Scheduler, |d| Scope::Project(d.project.clone());
    Rollback = "release.rollback.v1": Scheduler, |d| Scope::Project(d.project.clone());
    RestartService = "service.restart.v1": Scheduler, |d| Scope::Project(d.project.clone());
    CordonNode = "node.cordon.v1": Scheduler, |_d| Scope::Cluster;
    UncordonNode = "node.uncordon.v1": Scheduler, |_d| Scope::Cluster;
    DrainNode = "node.drain.v1": Scheduler, |_d| Scope::Cluster;
    CreatePool = "pool.create.v1": Provisioner, |_d| Scope::Cluster;
    ScalePool = "pool.scale.v1": Provisioner, |_d| Scope::Cluster;
    RemovePool = "pool.remove.v1": Provisioner, |_d| Scope::Cluster;
}

impl Intent {
    /// The canonical file that it brings, where it brings one. It stands in the log in these bytes, and facts
    /// name it by its digest.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::ConfigPut(put) => Some(&put.config),
            Self::Rollback(back) => Some(&back.config),
            Self::ScaleService(_)
            | Self::RemoveService(_)
            | Self::RestartService(_)
            | Self::CordonNode(_)
            | Self::UncordonNode(_)
            | Self::DrainNode(_)
            | Self::CreatePool(_)
            | Self::ScalePool(_)
            | Self::RemovePool(_) => None,
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
    /// Labels of its nodes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Make the project as an earlier release had it, by a new release. The api reads content and images of
/// that release from the log's own command, so that no decider keeps every file there ever was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// The project.
    pub project: ProjectName,
    /// The release to go back to.
    pub to: ReleaseNumber,
    /// Its canonical file.
    pub config: String,
    /// Each of its images as written in the file, and the same with its digest.
    pub images: BTreeMap<String, String>,
}

/// Replace every replica of a service by one that runs the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartService {
    /// The project.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
}

/// Place nothing more on a node; what runs there stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CordonNode {
    /// The node.
    pub node: NodeId,
}

/// Let a node take replicas again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UncordonNode {
    /// The node.
    pub node: NodeId,
}

/// Move all that runs on a node elsewhere, and place nothing more on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrainNode {
    /// The node.
    pub node: NodeId,
}

/// Set how many machines a pool has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalePool {
    /// The pool.
    pub pool: PoolName,
    /// How many machines.
    pub size: u32,
}

/// Remove a pool: its machines are drained, then removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovePool {
    /// The pool.
    pub pool: PoolName,
}
