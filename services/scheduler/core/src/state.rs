//! The scheduler's state. What holds of it at all times is `check`.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{
    BalancerId, Digest, NodeId, OperationId, Place, ProjectName, ReplicaKey, Seq, ServiceName,
};
use serde::{Deserialize, Serialize};

use crate::{Machine, Node, Operation, Project, Replica, Service};

/// All that the scheduler knows from the log. What has ended is forgotten: its size follows what
/// runs, not what has run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Nodes that have joined and whose machines are not known to be gone.
    pub nodes: BTreeMap<NodeId, Node>,
    /// The machine of each node that one was asked for.
    pub machines: BTreeMap<NodeId, Machine>,
    /// The last table of each balancer that ever announced one.
    pub balancers: BTreeMap<BalancerId, Table>,
    /// Every project that ever had a release.
    pub projects: BTreeMap<ProjectName, Project>,
    /// Operations that have not ended.
    pub operations: BTreeMap<OperationId, Operation>,
    /// Commands not answered yet that bring a file.
    pub unanswered: BTreeMap<Place, Digest>,
    /// Canonical files by digest, while a command or an operation needs them.
    pub contents: BTreeMap<Digest, String>,
}

/// A balancer's last word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Sequence its live table was folded to.
    pub seq: Seq,
    /// Replicas it routes to.
    pub routed: BTreeSet<ReplicaKey>,
    /// Draining replicas that it has let go.
    pub released: BTreeSet<ReplicaKey>,
}

impl State {
    /// The replica of this key, if it is known.
    pub fn replica(&self, key: &ReplicaKey) -> Option<&Replica> {
        self.projects.get(&key.project)?.replicas.get(&key.replica)
    }

    /// The service, if there is one that is not on its way out.
    pub fn service(&self, project: &ProjectName, service: &ServiceName) -> Option<&Service> {
        let service = self.projects.get(project)?.services.get(service)?;
        service.plan().is_some().then_some(service)
    }

    /// Labels of a node.
    pub fn label(&self, node: &NodeId, label: &str) -> Option<&str> {
        let value = self.machines.get(node)?.labels.get(label)?;
        Some(value.as_str())
    }

    /// Digests of the files that commands and operations still need.
    pub(crate) fn needed_contents(&self) -> BTreeSet<Digest> {
        let resolving = self
            .operations
            .values()
            .filter_map(|operation| match operation {
                Operation::Resolving { config, .. } => Some(*config),
                Operation::Rolling { .. }
                | Operation::RollingBack { .. }
                | Operation::Draining { .. } => None,
            });
        self.unanswered.values().copied().chain(resolving).collect()
    }
}
