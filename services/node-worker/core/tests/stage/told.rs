//! What a node is told in a play: sets and specs.

use std::collections::BTreeMap;

use gantry_events::{
    Digest, ReleaseNumber, ReplicaKey, ReplicaPhase, Seq, WantedReplica, WantedSet,
};
use gantry_node_worker_core::Reading;
use gantry_spec::{ContainerSpec, Health, HealthCheck, Resources};

use super::Play;

/// The replica `web-N`.
pub fn web(number: u32) -> ReplicaKey {
    format!("shop/web-{number}").parse().unwrap()
}

/// A container spec that serves HTTP on 8080.
pub fn spec() -> ContainerSpec {
    ContainerSpec {
        image: format!("localhost:5000/web@{}", Digest::of(b"image"))
            .parse()
            .unwrap(),
        command: vec![],
        entrypoint: vec![],
        port: Some(8080.try_into().unwrap()),
        env: BTreeMap::new(),
        files: BTreeMap::new(),
        health: Health::of(HealthCheck::Http {
            path: "/".to_owned(),
        }),
        resources: Resources::default(),
    }
}

impl Play {
    fn set(
        &self,
        seq: u64,
        replicas: impl IntoIterator<Item = (ReplicaKey, ReplicaPhase)>,
    ) -> WantedSet {
        let wanted = |phase| WantedReplica {
            service: "web".parse().unwrap(),
            release: ReleaseNumber(1),
            spec: self.spec.digest(),
            phase,
        };
        let replicas = replicas
            .into_iter()
            .map(|(replica, phase)| (replica, wanted(phase)))
            .collect();
        WantedSet {
            log: self.stage.core.log,
            seq: Seq(seq),
            node: self.stage.core.node.clone(),
            replicas,
        }
    }

    pub fn wants(
        &mut self,
        seq: u64,
        replicas: impl IntoIterator<Item = (ReplicaKey, ReplicaPhase)>,
    ) {
        let set = self.set(seq, replicas);
        self.reads(Reading::Set(set));
    }

    pub fn wants_of_another_node(&mut self, seq: u64) {
        let set = WantedSet {
            node: "n2".parse().unwrap(),
            ..self.set(seq, [])
        };
        self.reads(Reading::Set(set));
    }

    pub fn wants_of_another_log(&mut self, seq: u64) {
        let log = "00000000-0000-4000-8000-00000000000b".parse().unwrap();
        let set = WantedSet {
            log,
            ..self.set(seq, [])
        };
        self.reads(Reading::Set(set));
    }
}
