//! A scheduler on a stage, with nodes and a balancer that do what a test tells them, and its facts as
//! short lines: `place web.0#2 on n1` is epoch 2 of slot 0 of the service web.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test program uses its part of a stage that is there for tests alone"
)]

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::*;
use gantry_scheduler_core::{Life, Reading, Replica, SchedulerCore};
use gantry_testkit::{Stage, laws};

pub struct Scene {
    pub stage: Stage<SchedulerCore>,
    pub project: ProjectName,
    balancer_works: bool,
}

/// A file of one project: services with image, replicas and further keys.
pub fn file(services: &[(&str, &str, u32)]) -> String {
    file_with(services, "")
}

/// The same with more keys in each service.
pub fn file_with(services: &[(&str, &str, u32)], keys: &str) -> String {
    let service = |(name, image, replicas): &(&str, &str, u32)| {
        let health = r#"{"tcp":true,"interval":"5s","timeout":"2s","start_within":"60s"}"#;
        format!(
            r#""{name}":{{"image":"{image}","port":8080,"replicas":{replicas},"health":{health}{keys}}}"#
        )
    };
    let services: Vec<String> = services.iter().map(service).collect();
    format!(
        r#"{{"gantry":1,"project":"shop","services":{{{}}}}}"#,
        services.join(",")
    )
}

pub fn secs(seconds: u64) -> Millis {
    Millis::from_secs(seconds)
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

    /// A balancer that routes at once whatever is ready, from here on.
    pub fn with_balancer(mut self) -> Self {
        self.balancer_works = true;
        self.balance();
        self
    }

    pub fn balancer_rests(&mut self) {
        self.balancer_works = false;
    }

    pub fn join(&mut self, node: &str) {
        let node: NodeId = node.parse().unwrap();
        let capacity = Capacity {
            cpu: MilliCpu(4000),
            memory: Bytes(4 << 30),
        };
        let joined = NodeJoined {
            node: node.clone(),
            address: [10, 0, 0, 1].into(),
            capacity,
        };
        self.stage.fact(Writer::Node(node), joined);
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

    pub fn scale(&mut self, service: &str, replicas: u32) -> Vec<String> {
        let (project, service) = (self.project.clone(), service.parse().unwrap());
        self.command(Intent::ScaleService(ScaleService {
            project,
            service,
            replicas,
        }))
    }

    pub fn remove(&mut self, service: &str) -> Vec<String> {
        let (project, service) = (self.project.clone(), service.parse().unwrap());
        self.command(Intent::RemoveService(RemoveService { project, service }))
    }

    pub fn command(&mut self, intent: Intent) -> Vec<String> {
        let (_, facts) = self.stage.command(intent);
        let mut said: Vec<String> = facts.iter().map(|fact| self.line(fact)).collect();
        said.extend(self.settle());
        said
    }

    /// The replica becomes ready, by its node's word.
    pub fn ready(&mut self, name: &str) -> Vec<String> {
        let (replica, node) = self.find(name);
        let address = Some(([10, 0, 0, 1], 20_000).into());
        let (project, writer) = (self.project.clone(), Writer::Node(node.clone()));
        self.stage.fact(
            writer,
            ReplicaReady {
                project,
                replica,
                node,
                address,
            },
        );
        self.balance();
        self.settle()
    }

    pub fn unready(&mut self, name: &str) -> Vec<String> {
        let (replica, node) = self.find(name);
        let (project, writer) = (self.project.clone(), Writer::Node(node.clone()));
        let reason = "connection refused".to_owned();
        self.stage.fact(
            writer,
            ReplicaUnready {
                project,
                replica,
                node,
                reason,
            },
        );
        self.settle()
    }

    /// The replica's process ended; its node starts it anew.
    pub fn restart(&mut self, name: &str) -> Vec<String> {
        let (replica, node) = self.find(name);
        let restarted = ReplicaRestarted {
            project: self.project.clone(),
            replica,
            node: node.clone(),
            restarts: 1,
            exit: Some(137),
            backoff: secs(1),
        };
        self.stage.fact(Writer::Node(node), restarted);
        self.settle()
    }

    /// The node gives the replica up.
    pub fn fail(&mut self, name: &str) -> Vec<String> {
        let (replica, node) = self.find(name);
        let failed = ReplicaFailed {
            project: self.project.clone(),
            replica,
            node: node.clone(),
            reason: FailureReason::NotReadyInTime {
                probe: "GET /healthz gave 503".to_owned(),
            },
            exit: None,
            log_tail: vec!["no database".to_owned()],
        };
        self.stage.fact(Writer::Node(node), failed);
        self.balance();
        self.settle()
    }

    /// The node says that the replica has stopped.
    pub fn stopped(&mut self, name: &str) -> Vec<String> {
        let (replica, node) = self.find(name);
        let (project, writer) = (self.project.clone(), Writer::Node(node.clone()));
        self.stage.fact(
            writer,
            ReplicaStopped {
                project,
                replica,
                node,
                exit: Some(0),
                probe: None,
                log_tail: Vec::new(),
            },
        );
        self.balance();
        self.settle()
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
            let image = project.specs[&replica.version.spec]
                .image
                .as_str()
                .to_owned();
            image.split('@').nth(1) == Some(Digest::of(broken.as_bytes()).to_string().as_str())
        };
        project
            .replicas
            .values()
            .find_map(|replica| match &replica.life {
                Life::Placed { .. } if !is_broken(replica) => Some((name(replica), false)),
                Life::Stopping { .. } => Some((name(replica), true)),
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

    /// The balancer applies the table that follows from the log.
    fn balance(&mut self) {
        if self.balancer_works {
            let (routed, released) = self.table();
            self.apply(routed, released);
        }
    }

    /// What a balancer routes and lets go that knows the whole log: of each slot the newest that is ready.
    pub fn table(&self) -> (BTreeSet<ReplicaKey>, BTreeSet<ReplicaKey>) {
        let mut slots: BTreeMap<(ProjectName, Slot), (u32, ReplicaKey)> = BTreeMap::new();
        let mut released = BTreeSet::new();
        for (project_name, project) in &self.stage.state.projects {
            for (id, replica) in &project.replicas {
                let key = ReplicaKey {
                    project: project_name.clone(),
                    replica: id.clone(),
                };
                if matches!(replica.life, Life::Draining { .. }) {
                    released.insert(key);
                } else if replica.is_ready() {
                    let slot = (project_name.clone(), replica.slot.clone());
                    let best = slots.entry(slot).or_insert((replica.epoch, key.clone()));
                    *best = best.clone().max((replica.epoch, key));
                }
            }
        }
        (slots.into_values().map(|(_, key)| key).collect(), released)
    }

    /// A table is live that routes these and has let those go.
    pub fn apply(&mut self, routed: BTreeSet<ReplicaKey>, released: BTreeSet<ReplicaKey>) {
        let balancer: BalancerId = "b1".parse().unwrap();
        let table = self.stage.seq();
        let applied = TableApplied {
            balancer: balancer.clone(),
            table,
            hosts: 1,
            routed,
            released,
        };
        self.stage.fact(Writer::Balancer(balancer), applied);
    }

    pub fn find(&self, wanted: &str) -> (ReplicaId, NodeId) {
        let replicas = &self.stage.state.projects[&self.project].replicas;
        let found = replicas.iter().find(|(_, replica)| name(replica) == wanted);
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
            .map(|replica| format!("{} {} {}", name(replica), replica.node, life(&replica.life)))
            .collect();
        lines.sort();
        lines
    }

    /// The laws hold, and so do the invariants of the state.
    pub fn holds(&self) {
        self.stage.state.check().unwrap();
        laws::hold(&self.stage);
    }

    fn name_of(&self, replica: &ReplicaId) -> String {
        let placed = self
            .stage
            .told
            .iter()
            .rev()
            .find_map(|told| match &told.said {
                gantry_testkit::told::Words::Fact(fact) => match fact.as_ref() {
                    Fact::ReplicaPlaced(placed) if placed.replica == *replica => Some(format!(
                        "{}.{}#{}",
                        placed.slot.service, placed.slot.ordinal, placed.epoch
                    )),
                    _ => None,
                },
                _ => None,
            });
        placed.unwrap_or_else(|| replica.to_string())
    }

    fn line(&self, fact: &Fact) -> String {
        match fact {
            Fact::OperationRefused(it) => format!("refuse {:?}", it.problem.code),
            Fact::OperationUnchanged(_) => "unchanged".to_owned(),
            Fact::OperationResolving(it) => format!("resolve {}", it.images.len()),
            Fact::OperationSucceeded(_) => "succeed".to_owned(),
            Fact::OperationFailed(it) => {
                format!("fail {:?}: {}", it.problem.code, it.problem.detail)
            }
            Fact::OperationSuperseded(_) => "supersede".to_owned(),
            Fact::ReleaseCreated(it) => format!("release {}", it.release),
            Fact::ServiceConfigured(it) => format!("configure {} to {}", it.service, it.replicas),
            Fact::ServiceScaled(it) => format!("scale {} to {}", it.service, it.replicas),
            Fact::ServiceRemoved(it) => format!("remove {}", it.service),
            Fact::ServiceEnded(it) => format!("end {}", it.service),
            Fact::ServiceUnplaced(it) => {
                format!(
                    "unplaced {}.{}: {}",
                    it.service, it.ordinal, it.explanation.because
                )
            }
            Fact::RolloutStarted(it) => format!("begin {}", it.service),
            Fact::RolloutFinished(it) => format!("finish {}", it.service),
            Fact::RolloutFailed(it) => format!("give up {}", it.service),
            Fact::RolloutSuperseded(it) => format!("overtake {}", it.service),
            Fact::ReplicaPlaced(it) => {
                format!(
                    "place {}.{}#{} on {}",
                    it.slot.service, it.slot.ordinal, it.epoch, it.node
                )
            }
            Fact::ReplicaDraining(it) => {
                let why = match it.why {
                    RetireReason::Replaced { .. } => "replaced",
                    RetireReason::ScaledDown => "scaled down",
                    RetireReason::Removed => "removed",
                    RetireReason::Abandoned => "abandoned",
                    RetireReason::MakesWay => "makes way",
                    RetireReason::Returned => "returned",
                };
                format!("drain {}: {why}", self.name_of(&it.replica))
            }
            Fact::ReplicaStopping(it) => format!("stop {}", self.name_of(&it.replica)),
            Fact::ReplicaOverdue(it) => {
                format!("overdue {}: {}", self.name_of(&it.replica), it.waiting_for)
            }
            other => format!("{} of another", other.type_name()),
        }
    }
}

fn name(replica: &Replica) -> String {
    format!(
        "{}.{}#{}",
        replica.slot.service, replica.slot.ordinal, replica.epoch
    )
}

fn life(life: &Life) -> &'static str {
    match life {
        Life::Placed { .. } => "placed",
        Life::Ready { .. } => "ready",
        Life::Unready { .. } => "unready",
        Life::Draining { .. } => "draining",
        Life::Stopping { .. } => "stopping",
        Life::Failed => "failed",
    }
}
