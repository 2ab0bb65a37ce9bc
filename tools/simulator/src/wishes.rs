//! What clients ask of a `Cluster`, by chance.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::chance::Chance;
use crate::cluster::Cluster;
use crate::files::file;
use gantry_events::{
    ConfigPut, CordonNode, CreatePool, Digest, DrainNode, Intent, NodeId, RemovePool,
    RemoveService, RestartService, Rollback, ScalePool, ScaleService, UncordonNode,
};

/// The clients, who keep the files they ever sent.
#[derive(Debug, Default)]
pub struct Clients {
    files: BTreeMap<Digest, String>,
}

/// A pool that clients ask for, each in a zone of its own.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    id: &'static str,
    zone: &'static str,
}

/// The pool that is there from the beginning.
pub const LOCAL: Pool = Pool {
    id: "local",
    zone: "a",
};

/// The pool that comes and goes.
pub const SPARE: Pool = Pool {
    id: "spare",
    zone: "b",
};

impl Pool {
    /// The wish that it be there, with so many machines.
    pub fn create(self, size: u32) -> Intent {
        Intent::CreatePool(CreatePool {
            pool: name(self.id),
            provider: "local".to_owned(),
            size,
            labels: [("zone".to_owned(), self.zone.to_owned())].into(),
        })
    }

    /// The wish that it have another size.
    pub fn scale(self, size: u32) -> Intent {
        let pool = name(self.id);
        Intent::ScalePool(ScalePool { pool, size })
    }

    fn remove(self) -> Intent {
        let pool = name(self.id);
        Intent::RemovePool(RemovePool { pool })
    }
}

impl Clients {
    /// What a client may ask for next.
    pub fn wish(&mut self, cluster: &mut Cluster) -> Intent {
        match cluster.chance.below(20) {
            0..=9 => self.deploy(&mut cluster.chance),
            10 | 11 => of_service(&mut cluster.chance),
            12 => self.roll_back(cluster).unwrap_or_else(|| LOCAL.create(2)),
            13..=15 => of_node(cluster),
            _ => of_pool(&mut cluster.chance),
        }
    }

    fn deploy(&mut self, chance: &mut Chance) -> Intent {
        let project = project(chance);
        let config = file(project, chance);
        self.files
            .insert(Digest::of(config.as_bytes()), config.clone());
        Intent::ConfigPut(ConfigPut {
            project: name(project),
            config,
        })
    }

    /// An earlier release, as the api finds it.
    fn roll_back(&self, cluster: &mut Cluster) -> Option<Intent> {
        let known: Vec<_> = cluster.audit.releases.iter().collect();
        let ((project, to), (config, images)) = cluster.chance.pick(&known)?;
        Some(Intent::Rollback(Rollback {
            project: project.clone(),
            to: *to,
            config: self.files.get(config)?.clone(),
            images: images.clone(),
        }))
    }
}

fn of_service(chance: &mut Chance) -> Intent {
    let project = name(project(chance));
    let service = name(if chance.percent(70) { "web" } else { "worker" });
    match chance.below(4) {
        0 => Intent::RemoveService(RemoveService { project, service }),
        1 => Intent::ScaleService(ScaleService {
            project,
            service,
            replicas: chance.below(5) as u32,
        }),
        _ => Intent::RestartService(RestartService { project, service }),
    }
}

fn of_pool(chance: &mut Chance) -> Intent {
    let pool = if chance.percent(70) { LOCAL } else { SPARE };
    match chance.below(8) {
        0..=5 => pool.scale(chance.below(4) as u32),
        6 if chance.percent(60) => pool.remove(),
        _ => pool.create(2),
    }
}

fn of_node(cluster: &mut Cluster) -> Intent {
    let nodes: Vec<NodeId> = cluster
        .machines
        .values()
        .map(|machine| machine.admission.node.clone())
        .collect();
    let node = cluster.chance.pick(&nodes).cloned();
    let node = node.unwrap_or_else(|| name("n1"));
    match cluster.chance.below(4) {
        0 => Intent::CordonNode(CordonNode { node }),
        1 => Intent::DrainNode(DrainNode { node }),
        _ => Intent::UncordonNode(UncordonNode { node }),
    }
}

fn project(chance: &mut Chance) -> &'static str {
    if chance.percent(80) { "shop" } else { "blog" }
}

fn name<T: FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("names in this file are legal")
}
