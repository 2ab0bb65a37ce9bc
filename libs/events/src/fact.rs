//! `Fact`: the closed list of what can be said in the log, and what each is about.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::facts::*;
use crate::{ParseNameError, ProjectName};

/// Where something belongs: one project, or the cluster above all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Above all projects; written `cluster`.
    Cluster,
    /// In one project; written as its name.
    Project(ProjectName),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => f.write_str("cluster"),
            Self::Project(name) => name.fmt(f),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = ParseNameError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "cluster" => Ok(Self::Cluster),
            name => name.parse().map(Self::Project),
        }
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

/// Kinds of entities that facts are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The log itself.
    Log,
    /// An operation.
    Operation,
    /// A project.
    Project,
    /// A release of a project.
    Release,
    /// A service of a project.
    Service,
    /// The change of one service.
    Rollout,
    /// A replica of a service.
    Replica,
    /// A node.
    Node,
    /// A pool of machines.
    Pool,
    /// A machine.
    Machine,
    /// A balancer.
    Balancer,
}

impl Kind {
    /// The kind as it stands in subjects and paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Operation => "operation",
            Self::Project => "project",
            Self::Release => "release",
            Self::Service => "service",
            Self::Rollout => "rollout",
            Self::Replica => "replica",
            Self::Node => "node",
            Self::Pool => "pool",
            Self::Machine => "machine",
            Self::Balancer => "balancer",
        }
    }
}

/// What an event is about: `service/web`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntityRef {
    /// Kind of the entity.
    pub kind: Kind,
    /// Its id, unique in the event's scope.
    pub id: String,
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.as_str(), self.id)
    }
}

macro_rules! facts {
    ($($variant:ident($data:ident) = $type:literal: |$d:ident| $scope:expr, $kind:ident, $id:expr;)*) => {
        /// One fact: its type with its version, and its data.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "type", content = "data")]
        #[allow(missing_docs, reason = "each arm is documented at its data")]
        pub enum Fact {
            $(#[serde(rename = $type)] $variant($data),)*
        }

        impl Fact {
            /// Every type there is, in the order of the list above.
            pub const TYPES: &'static [&'static str] = &[$($type),*];

            /// Type and version: `release.created.v1`.
            pub fn type_name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $type),* }
            }

            /// Where it belongs.
            pub fn scope(&self) -> Scope {
                match self { $(Self::$variant($d) => $scope),* }
            }

            /// What it is about.
            pub fn subject(&self) -> EntityRef {
                match self { $(Self::$variant($d) => EntityRef { kind: Kind::$kind, id: $id.to_string() }),* }
            }
        }

        $(impl From<$data> for Fact {
            fn from(data: $data) -> Self {
                Self::$variant(data)
            }
        })*
    };
}

facts! {
    LogBegun(LogBegun) = "log.begun.v1": |d| { let _ = d; Scope::Cluster }, Log, d.log;
    NodeAdmitted(NodeAdmitted) = "node.admitted.v1": |d| { let _ = d; Scope::Cluster }, Node, d.node;
    NodeJoined(NodeJoined) = "node.joined.v1": |d| { let _ = d; Scope::Cluster }, Node, d.node;
    NodeSuspected(NodeSuspected) = "node.suspected.v1": |d| { let _ = d; Scope::Cluster }, Node, d.node;
    NodeReturned(NodeReturned) = "node.returned.v1": |d| { let _ = d; Scope::Cluster }, Node, d.node;
    NodeLost(NodeLost) = "node.lost.v1": |d| { let _ = d; Scope::Cluster }, Node, d.node;
    NodeCordoned(NodeCordoned) = "node.cordoned.v1": |d| { let _ = d; Scope::Cluster }, Node, d.node;
    NodeUncordoned(NodeUncordoned) = "node.uncordoned.v1": |d| { let _ = d; Scope::Cluster }, Node, d.node;
    NodeDraining(NodeDraining) = "node.draining.v1": |d| { let _ = d; Scope::Cluster }, Node, d.node;
    NodeOverdue(NodeOverdue) = "node.overdue.v1": |d| { let _ = d; Scope::Cluster }, Node, d.node;
    NodeDrained(NodeDrained) = "node.drained.v1": |d| { let _ = d; Scope::Cluster }, Node, d.node;
    OperationRefused(OperationRefused) = "operation.refused.v1": |d| d.scope.clone(), Operation, d.operation;
    OperationUnchanged(OperationUnchanged) = "operation.unchanged.v1": |d| d.scope.clone(), Operation, d.operation;
    OperationResolving(OperationResolving) = "operation.resolving.v1": |d| Scope::Project(d.project.clone()), Operation, d.operation;
    OperationSucceeded(OperationSucceeded) = "operation.succeeded.v1": |d| d.scope.clone(), Operation, d.operation;
    OperationFailed(OperationFailed) = "operation.failed.v1": |d| d.scope.clone(), Operation, d.operation;
    OperationSuperseded(OperationSuperseded) = "operation.superseded.v1": |d| d.scope.clone(), Operation, d.operation;
    ReleaseCreated(ReleaseCreated) = "release.created.v1": |d| Scope::Project(d.project.clone()), Release, d.release;
    RolloutStarted(RolloutStarted) = "rollout.started.v1": |d| Scope::Project(d.project.clone()), Rollout, d.service;
    RolloutAdvanced(RolloutAdvanced) = "rollout.advanced.v1": |d| Scope::Project(d.project.clone()), Rollout, d.service;
    RolloutFinished(RolloutFinished) = "rollout.finished.v1": |d| Scope::Project(d.project.clone()), Rollout, d.service;
    RolloutFailed(RolloutFailed) = "rollout.failed.v1": |d| Scope::Project(d.project.clone()), Rollout, d.service;
    RolloutSuperseded(RolloutSuperseded) = "rollout.superseded.v1": |d| Scope::Project(d.project.clone()), Rollout, d.service;
    ServiceConfigured(ServiceConfigured) = "service.configured.v1": |d| Scope::Project(d.project.clone()), Service, d.service;
    ServiceRestarted(ServiceRestarted) = "service.restarted.v1": |d| Scope::Project(d.project.clone()), Service, d.service;
    ServiceScaled(ServiceScaled) = "service.scaled.v1": |d| Scope::Project(d.project.clone()), Service, d.service;
    ServiceRemoved(ServiceRemoved) = "service.removed.v1": |d| Scope::Project(d.project.clone()), Service, d.service;
    ServiceEnded(ServiceEnded) = "service.ended.v1": |d| Scope::Project(d.project.clone()), Service, d.service;
    ServiceUnplaced(ServiceUnplaced) = "service.unplaced.v1": |d| Scope::Project(d.project.clone()), Service, d.service;
    ReplicaPlaced(ReplicaPlaced) = "replica.placed.v1": |d| Scope::Project(d.project.clone()), Replica, d.replica;
    ReplicaDraining(ReplicaDraining) = "replica.draining.v1": |d| Scope::Project(d.project.clone()), Replica, d.replica;
    ReplicaStopping(ReplicaStopping) = "replica.stopping.v1": |d| Scope::Project(d.project.clone()), Replica, d.replica;
    ReplicaOverdue(ReplicaOverdue) = "replica.overdue.v1": |d| Scope::Project(d.project.clone()), Replica, d.replica;
    ReplicaLost(ReplicaLost) = "replica.lost.v1": |d| Scope::Project(d.project.clone()), Replica, d.replica;
    ReplicaRegained(ReplicaRegained) = "replica.regained.v1": |d| Scope::Project(d.project.clone()), Replica, d.replica;
    ReplicaReady(ReplicaReady) = "replica.ready.v1": |d| Scope::Project(d.project.clone()), Replica, d.replica;
    ReplicaUnready(ReplicaUnready) = "replica.unready.v1": |d| Scope::Project(d.project.clone()), Replica, d.replica;
    ReplicaRestarted(ReplicaRestarted) = "replica.restarted.v1": |d| Scope::Project(d.project.clone()), Replica, d.replica;
    ReplicaFailed(ReplicaFailed) = "replica.failed.v1": |d| Scope::Project(d.project.clone()), Replica, d.replica;
    ReplicaStopped(ReplicaStopped) = "replica.stopped.v1": |d| Scope::Project(d.project.clone()), Replica, d.replica;
    PoolCreated(PoolCreated) = "pool.created.v1": |d| { let _ = d; Scope::Cluster }, Pool, d.pool;
    PoolScaled(PoolScaled) = "pool.scaled.v1": |d| { let _ = d; Scope::Cluster }, Pool, d.pool;
    PoolClosing(PoolClosing) = "pool.closing.v1": |d| { let _ = d; Scope::Cluster }, Pool, d.pool;
    PoolRemoved(PoolRemoved) = "pool.removed.v1": |d| { let _ = d; Scope::Cluster }, Pool, d.pool;
    MachineRequested(MachineRequested) = "machine.requested.v1": |d| { let _ = d; Scope::Cluster }, Machine, d.machine;
    MachineCreated(MachineCreated) = "machine.created.v1": |d| { let _ = d; Scope::Cluster }, Machine, d.machine;
    MachineStarted(MachineStarted) = "machine.started.v1": |d| { let _ = d; Scope::Cluster }, Machine, d.machine;
    MachineReady(MachineReady) = "machine.ready.v1": |d| { let _ = d; Scope::Cluster }, Machine, d.machine;
    MachineOverdue(MachineOverdue) = "machine.overdue.v1": |d| { let _ = d; Scope::Cluster }, Machine, d.machine;
    MachineLeaving(MachineLeaving) = "machine.leaving.v1": |d| { let _ = d; Scope::Cluster }, Machine, d.machine;
    MachineKept(MachineKept) = "machine.kept.v1": |d| { let _ = d; Scope::Cluster }, Machine, d.machine;
    MachineRemoving(MachineRemoving) = "machine.removing.v1": |d| { let _ = d; Scope::Cluster }, Machine, d.machine;
    MachineRemoved(MachineRemoved) = "machine.removed.v1": |d| { let _ = d; Scope::Cluster }, Machine, d.machine;
    MachineGone(MachineGone) = "machine.gone.v1": |d| { let _ = d; Scope::Cluster }, Machine, d.machine;
    TableApplied(TableApplied) = "balancer.table_applied.v1": |d| { let _ = d; Scope::Cluster }, Balancer, d.balancer;
}
