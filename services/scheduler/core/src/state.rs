//! The scheduler's state, and what holds of it at all times.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{
    BalancerId, Capacity, Digest, NodeId, OperationId, Place, ProjectName, ReleaseNumber,
    ReplicaId, ReplicaKey, Seq, ServiceName,
};
use gantry_spec::ContainerSpec;
use serde::{Deserialize, Serialize};

use crate::{Aim, Operation, Replica, Service, Standing};

/// All that the scheduler knows from the log. What has ended is forgotten: its size follows what
/// runs, not what has run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Nodes that have joined, and what they can give.
    pub nodes: BTreeMap<NodeId, Capacity>,
    /// The last table of each balancer that ever reported one.
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

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its last release.
    pub release: ReleaseNumber,
    /// Digest of that release's canonical file.
    pub config: Digest,
    /// Its services.
    pub services: BTreeMap<ServiceName, Service>,
    /// Its replicas.
    pub replicas: BTreeMap<ReplicaId, Replica>,
    /// Container specs that services, slots and replicas name.
    pub specs: BTreeMap<Digest, ContainerSpec>,
    /// Highest epoch of any slot that was forgotten: a slot of the same name begins above it, so that
    /// no replica gets the id of an earlier one.
    pub epoch_floor: u32,
}

/// Something that should always hold and does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(String);

impl State {
    /// The replica of this key, if it is known.
    pub fn replica(&self, key: &ReplicaKey) -> Option<&Replica> {
        self.projects.get(&key.project)?.replicas.get(&key.replica)
    }

    /// The service, if there is one that is not on its way out.
    pub fn service(&self, project: &ProjectName, service: &ServiceName) -> Option<&Service> {
        let service = self.projects.get(project)?.services.get(service)?;
        service.version().is_some().then_some(service)
    }

    /// Whether every balancer that ever reported routes to the replica.
    pub fn is_routed(&self, key: &ReplicaKey) -> bool {
        self.balancers
            .values()
            .all(|table| table.routed.contains(key))
    }

    /// Checks what holds between any two entries' folds:
    /// every replica's node, service, slot and spec are known; a slot has one replica an epoch and
    /// none above its highest, and a replica that was given up is its newest; a steady service has
    /// shown each of its slots to work; files are kept for those alone who need them.
    pub fn check(&self) -> Result<(), Broken> {
        for (name, project) in &self.projects {
            project.check_replicas(name, &self.nodes)?;
            project.check_services(name)?;
        }
        let needed = self.needed_contents();
        match self.contents.keys().find(|digest| !needed.contains(digest)) {
            Some(digest) => Err(Broken(format!("the file {digest} is kept for nobody"))),
            None => Ok(()),
        }
    }

    /// Digests of the files that commands and operations still need.
    pub(crate) fn needed_contents(&self) -> BTreeSet<Digest> {
        let resolving = self
            .operations
            .values()
            .filter_map(|operation| match operation {
                Operation::Resolving { config, .. } => Some(*config),
                Operation::Rolling { .. } => None,
            });
        self.unanswered.values().copied().chain(resolving).collect()
    }
}

impl Project {
    /// A project before its first release's facts are folded.
    pub(crate) fn begun(config: Digest) -> Self {
        Self {
            release: ReleaseNumber(0),
            config,
            services: BTreeMap::new(),
            replicas: BTreeMap::new(),
            specs: BTreeMap::new(),
            epoch_floor: 0,
        }
    }

    /// The replicas of one service, with their ids.
    pub fn replicas_of<'a>(
        &'a self,
        service: &'a ServiceName,
    ) -> impl Iterator<Item = (&'a ReplicaId, &'a Replica)> {
        self.replicas
            .iter()
            .filter(move |(_, replica)| replica.slot.service == *service)
    }

    /// Whether the spec has a port, so that balancers route to its replicas.
    pub fn has_port(&self, spec: &Digest) -> bool {
        self.specs.get(spec).is_some_and(|spec| spec.port.is_some())
    }

    fn check_replicas(
        &self,
        name: &ProjectName,
        nodes: &BTreeMap<NodeId, Capacity>,
    ) -> Result<(), Broken> {
        let mut filled = BTreeMap::new();
        for (id, replica) in &self.replicas {
            let broken = |what: &str| Err(Broken(format!("{name}/{id}: {what}")));
            let slot = self
                .services
                .get(&replica.slot.service)
                .and_then(|service| service.slots.get(&replica.slot.ordinal));
            if !nodes.contains_key(&replica.node) {
                return broken("its node has never joined");
            }
            if !self.specs.contains_key(&replica.version.spec) {
                return broken("its spec is not known");
            }
            if slot.is_none_or(|slot| slot.epoch < replica.epoch) {
                return broken("its slot does not know its epoch");
            }
            if filled
                .insert((&replica.slot, replica.epoch), replica)
                .is_some()
            {
                return broken("another replica has its slot and epoch");
            }
        }
        let newest: BTreeMap<_, _> = filled
            .iter()
            .map(|((slot, epoch), _)| (*slot, *epoch))
            .collect();
        let stale = |((slot, epoch), replica): &(&(&_, u32), &&Replica)| {
            replica.is_failed() && newest.get(slot) != Some(epoch)
        };
        match filled.iter().find(stale) {
            Some(((slot, epoch), _)) => Err(Broken(format!(
                "{name}/{}.{}: the failed replica of epoch {epoch} is kept beside a newer one",
                slot.service, slot.ordinal
            ))),
            None => Ok(()),
        }
    }

    fn check_services(&self, name: &ProjectName) -> Result<(), Broken> {
        for (id, service) in &self.services {
            let broken = |what: String| Err(Broken(format!("{name}/{id}: {what}")));
            let Aim::Run { version, replicas } = &service.aim else {
                continue;
            };
            if !self.specs.contains_key(&version.spec) {
                return broken("its spec is not known".to_owned());
            }
            if service.standing != Standing::Steady {
                continue;
            }
            let unproven = (0..*replicas).find(|ordinal| service.slot(*ordinal).proven.is_none());
            if let Some(ordinal) = unproven {
                return broken(format!("it is steady, but slot {ordinal} was never ready"));
            }
        }
        Ok(())
    }
}
