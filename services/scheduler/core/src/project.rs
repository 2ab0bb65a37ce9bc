//! A project: its release, its services, its replicas, and what it was when it was last as asked for.

use std::collections::BTreeMap;

use gantry_events::{Digest, ProjectName, ReleaseNumber, ReplicaId, ReplicaKey, Seq, ServiceName};
use gantry_spec::ContainerSpec;
use serde::{Deserialize, Serialize};

use crate::{Plan, Replica, Service, Standing};

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its last release.
    pub release: ReleaseNumber,
    /// Digest of that release's canonical file.
    pub config: Digest,
    /// Each image of that release as written in the file, and the same with its digest.
    pub images: BTreeMap<String, String>,
    /// Its services.
    pub services: BTreeMap<ServiceName, Service>,
    /// Its replicas.
    pub replicas: BTreeMap<ReplicaId, Replica>,
    /// Container specs that services, slots, replicas and the good release name.
    pub specs: BTreeMap<Digest, ContainerSpec>,
    /// What it was when all its services were last as asked for.
    pub good: Option<Good>,
    /// Highest epoch of any slot that was forgotten: a slot of the same name begins above it, so that
    /// no replica gets the id of an earlier one.
    pub epoch_floor: u32,
    /// Where what it should be was last changed.
    pub changed: Seq,
}

/// What a project was when all its services were as asked for: what it goes back to by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Good {
    /// The release.
    pub release: ReleaseNumber,
    /// Digest of its canonical file.
    pub config: Digest,
    /// Its images.
    pub images: BTreeMap<String, String>,
    /// Its services as they were, with whatever was set since the release.
    pub services: BTreeMap<ServiceName, Plan>,
}

impl Project {
    /// A project before its first release's facts are folded.
    pub(crate) fn begun(config: Digest) -> Self {
        Self {
            release: ReleaseNumber(0),
            config,
            images: BTreeMap::new(),
            services: BTreeMap::new(),
            replicas: BTreeMap::new(),
            specs: BTreeMap::new(),
            good: None,
            epoch_floor: 0,
            changed: Seq(0),
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

    /// Its replicas across projects, where it has this name.
    pub fn keyed<'a>(
        &'a self,
        name: &'a ProjectName,
    ) -> impl Iterator<Item = (ReplicaKey, &'a Replica)> {
        self.replicas.iter().map(|(id, replica)| {
            let key = ReplicaKey {
                project: name.clone(),
                replica: id.clone(),
            };
            (key, replica)
        })
    }

    /// Whether the spec has a port, so that balancers route to its replicas.
    pub fn has_port(&self, spec: &Digest) -> bool {
        self.specs.get(spec).is_some_and(|spec| spec.port.is_some())
    }

    /// What each of its services should be that should be at all.
    pub fn plans(&self) -> impl Iterator<Item = (&ServiceName, &Plan)> {
        self.services
            .iter()
            .filter_map(|(name, service)| Some((name, service.plan()?)))
    }

    /// Notes what it is, if it is all as asked for.
    pub(crate) fn note_good(&mut self) {
        let is_steady = |service: &Service| service.standing == Standing::Steady;
        if !self.services.values().all(is_steady) {
            return;
        }
        self.good = Some(Good {
            release: self.release,
            config: self.config,
            images: self.images.clone(),
            services: self
                .plans()
                .map(|(name, plan)| (name.clone(), plan.clone()))
                .collect(),
        });
    }
}
