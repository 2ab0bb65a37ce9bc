//! A scheduler on a stage, with nodes and a balancer that do what a test tells them, and its facts as
//! short lines: `place web.0#2 on n1` is epoch 2 of slot 0 of the service web.

#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test program uses its part of a stage that is there for tests alone"
)]

mod balancer;
mod file;
mod lines;
mod nodes;
mod silence;

pub use file::{file, file_of, file_with, place, rollout};
pub use lines::name;

use gantry_events::*;
use gantry_scheduler_core::{Life, Reading, Replica, SchedulerCore};
use gantry_testkit::{Stage, laws};

/// No image of this name is ever deployed.
pub const NONE: &str = "no image is broken";

pub struct Scene {
    pub stage: Stage<SchedulerCore>,
    pub project: ProjectName,
    balancer_works: bool,
}

pub fn secs(seconds: u64) -> Millis {
    Millis::from_secs(seconds)
}

/// Three ready replicas of one service on three nodes behind a balancer.
pub fn deployed() -> Scene {
    deployed_with("")
}

/// The same with more keys in the service.
pub fn deployed_with(keys: &str) -> Scene {
    let mut scene = Scene::of(&["n1", "n2", "n3"]).with_balancer();
    scene.deploy(&file_with(&[("web", "web:1", 3)], keys));
    scene.run(NONE);
    assert_eq!(
        scene.replicas(),
        ["web.0#1 n1 ready", "web.1#1 n2 ready", "web.2#1 n3 ready"]
    );
    scene
}

impl Scene {
    /// Nodes with four cores and 4 GiB each, and no balancer.
    pub fn of(nodes: &[&str]) -> Self {
        let mut scene = Self {
            stage: Stage::new(SchedulerCore),
            project: "shop".parse().unwrap(),
            balancer_works: false,
        };
        nodes.iter().for_each(|node| scene.join(node));
        scene
    }

    /// Sends the file, and has its images found.
    pub fn deploy(&mut self, config: &str) -> Vec<String> {
        let mut said = self.put(config);
        said.extend(self.find_images());
        said
    }

    pub fn put(&mut self, config: &str) -> Vec<String> {
        let put = ConfigPut {
            project: self.project.clone(),
            config: config.to_owned(),
        };
        self.command(Intent::ConfigPut(put))
    }

    /// The registry knows every image that is asked for.
    pub fn find_images(&mut self) -> Vec<String> {
        for image in self.stage.wanted().resolve {
            let digest = Digest::of(image.as_bytes());
            self.stage.reading(Reading::ImageResolved { image, digest });
        }
        self.settle()
    }

    /// The registry knows one image, by what it is made of.
    pub fn find_image(&mut self, image: &str, content: &[u8]) -> Vec<String> {
        let (image, digest) = (image.to_owned(), Digest::of(content));
        self.stage.reading(Reading::ImageResolved { image, digest });
        self.settle()
    }

    /// Asks for the content of an earlier release, as the api found it in the log.
    pub fn roll_back(&mut self, to: u32, config: &str) -> Vec<String> {
        let file: gantry_spec::Project = serde_json::from_str(config).unwrap();
        let pin = |image: &gantry_spec::ImageRef| {
            let digest = Digest::of(image.as_str().as_bytes());
            (
                image.as_str().to_owned(),
                image.pinned(digest).as_str().to_owned(),
            )
        };
        self.command(Intent::Rollback(Rollback {
            project: self.project.clone(),
            to: ReleaseNumber(to),
            config: config.to_owned(),
            images: file
                .services
                .values()
                .map(|service| pin(&service.image))
                .collect(),
        }))
    }

    pub fn scale(&mut self, service: &str, replicas: u32) -> Vec<String> {
        let (project, service) = (self.project.clone(), service.parse().unwrap());
        self.command(Intent::ScaleService(ScaleService {
            project,
            service,
            replicas,
        }))
    }

    pub fn restart_service(&mut self, service: &str) -> Vec<String> {
        let (project, service) = (self.project.clone(), service.parse().unwrap());
        self.command(Intent::RestartService(RestartService { project, service }))
    }

    pub fn remove(&mut self, service: &str) -> Vec<String> {
        let (project, service) = (self.project.clone(), service.parse().unwrap());
        self.command(Intent::RemoveService(RemoveService { project, service }))
    }

    pub fn command(&mut self, intent: Intent) -> Vec<String> {
        self.command_since(intent, None)
    }

    /// A command that is based on a read at that sequence.
    pub fn command_since(&mut self, intent: Intent, since: Option<Seq>) -> Vec<String> {
        let (_, facts) = self.stage.command_on(intent, since);
        let mut said: Vec<String> = facts.iter().map(|fact| self.line(fact)).collect();
        said.extend(self.settle());
        said
    }

    /// Nodes bring up and stop whatever is wanted, until nothing is left to do. Replicas of the broken
    /// image stay as they are.
    pub fn run(&mut self, broken: &str) -> Vec<String> {
        let mut said = self.settle();
        while let Some((name, is_leaving)) = self.work(broken) {
            said.extend(if is_leaving {
                self.stopped(&name)
            } else {
                self.ready(&name)
            });
        }
        said
    }

    fn work(&self, broken: &str) -> Option<(String, bool)> {
        let project = self.stage.state.projects.get(&self.project)?;
        let is_broken = |replica: &Replica| {
            let image = &project.specs[&replica.version.spec].image;
            image.digest() == Some(Digest::of(broken.as_bytes()))
        };
        project
            .replicas
            .values()
            .find_map(|replica| match &replica.life {
                Life::Placed { .. } if !is_broken(replica) => Some((lines::name(replica), false)),
                Life::Stopping { .. } => Some((lines::name(replica), true)),
                _ => None,
            })
    }

    /// Time passes, with everything the scheduler says by itself meanwhile.
    pub fn pass(&mut self, span: Millis) -> Vec<String> {
        let facts = self.stage.settle_for(span);
        facts.iter().map(|fact| self.line(fact)).collect()
    }

    /// The scheduler comes to rest; the balancer, if it works, applies what follows.
    pub fn settle(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        loop {
            let facts = self.stage.settle();
            if facts.is_empty() {
                return said;
            }
            said.extend(facts.iter().map(|fact| self.line(fact)));
            self.balance();
        }
    }

    pub fn find(&self, wanted: &str) -> (ReplicaId, NodeId) {
        let replicas = &self.stage.state.projects[&self.project].replicas;
        let found = replicas
            .iter()
            .find(|(_, replica)| lines::name(replica) == wanted);
        let (id, replica) = found.unwrap_or_else(|| panic!("there is no {wanted}"));
        (id.clone(), replica.node.clone())
    }

    pub fn key(&self, name: &str) -> ReplicaKey {
        ReplicaKey {
            project: self.project.clone(),
            replica: self.find(name).0,
        }
    }

    pub fn release_of(&self, name: &str) -> u32 {
        let replica = self.stage.state.replica(&self.key(name)).unwrap();
        replica.version.release.0
    }

    /// Every replica with its node and how far it is.
    pub fn replicas(&self) -> Vec<String> {
        let project = self.stage.state.projects.get(&self.project);
        let mut lines: Vec<String> = project
            .into_iter()
            .flat_map(|project| project.replicas.values())
            .map(lines::of_replica)
            .collect();
        lines.sort();
        lines
    }

    /// The laws hold, and so do the invariants of the state.
    pub fn holds(&self) {
        self.stage.state.check().unwrap();
        laws::hold(&self.stage);
    }
}
