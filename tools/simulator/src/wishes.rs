//! What clients ask of a `Cluster`, by chance.

use std::collections::BTreeMap;
use std::str::FromStr;

use gantry_events::{
    ConfigPut, CordonNode, CreatePool, Digest, DrainNode, Intent, NodeId, RemovePool,
    RemoveService, RestartService, Rollback, ScalePool, ScaleService, UncordonNode,
};
use gantry_spec::parse;

use crate::chance::Chance;
use crate::cluster::Cluster;

/// The clients, who keep the files they ever sent.
#[derive(Debug, Default)]
pub struct Clients {
    files: BTreeMap<Digest, String>,
}

/// The only pool that clients ask for.
pub fn pool(size: u32) -> Intent {
    Intent::CreatePool(CreatePool {
        pool: name("local"),
        provider: "local".to_owned(),
        size,
        labels: BTreeMap::new(),
    })
}

/// Another size of it.
pub fn pool_size(size: u32) -> Intent {
    Intent::ScalePool(ScalePool {
        pool: name("local"),
        size,
    })
}

impl Clients {
    /// What a client may ask for next.
    pub fn wish(&mut self, cluster: &mut Cluster) -> Intent {
        match cluster.chance.below(20) {
            0..=9 => self.deploy(&mut cluster.chance),
            10 | 11 => of_service(&mut cluster.chance),
            12 => self.roll_back(cluster).unwrap_or_else(|| pool(2)),
            13..=15 => of_node(cluster),
            16..=18 => pool_size(cluster.chance.below(4) as u32),
            _ if cluster.chance.percent(30) => Intent::RemovePool(RemovePool {
                pool: name("local"),
            }),
            _ => pool(2),
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

/// A file with one service or two, in one of several versions, with one of several policies.
fn file(project: &str, chance: &mut Chance) -> String {
    let image = if chance.percent(5) {
        "missing:1"
    } else {
        "app:1"
    };
    let health = if chance.percent(10) { "hang" } else { "answer" };
    let policies = [
        "surge: 1",
        "surge: 2",
        "order: stop-first",
        "unavailable: 2",
    ];
    let policy = policies[chance.below(policies.len())];
    let (version, replicas) = (chance.below(4), chance.below(4));
    let mut text = format!(
        "gantry: 1\nproject: {project}\nservices:\n  web:\n    image: {image}\n    port: 80\n    replicas: {replicas}\n    \
         rollout: {{{policy}, deadline: 40s}}\n    env: {{VERSION: \"{version}\", MODE: {health}}}\n"
    );
    if chance.percent(40) {
        text.push_str("  worker:\n    image: app:2\n    resources: {memory: 512Mi}\n");
    }
    match parse(&text) {
        Ok(parsed) => parsed.project.canonical(),
        Err(faults) => unreachable!("the simulator's own file is wrong: {faults:?}"),
    }
}
