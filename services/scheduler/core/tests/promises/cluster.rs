//! A small pretended cluster: nodes that do what is wanted of them, fail, hang or fall silent; balancers
//! that follow the log sooner or later; a clock that moves on to whatever is waited for.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::*;
use gantry_scheduler_core::{Duty, Life, Node, Replica, Stay};
use prop::sample::Index;
use proptest::prelude::*;

use crate::happens::{BALANCERS, BROKEN, FIRST, Happens, IMAGES, NODES, POLICIES, SERVICES};
use crate::scene::{Scene, file_with, place, rollout, secs};
use crate::watch::Watch;

mod time;

pub struct Cluster {
    pub scene: Scene,
    watch: Watch,
    joined: usize,
    silent: BTreeSet<NodeId>,
    is_b2_mute: bool,
    files: Vec<String>,
}

impl Cluster {
    /// Four nodes of two zones, two balancers, and three ready replicas.
    pub fn new() -> Self {
        let mut cluster = Self {
            scene: Scene::of(&[]),
            watch: Watch::default(),
            joined: 0,
            silent: BTreeSet::new(),
            is_b2_mute: false,
            files: Vec::new(),
        };
        (0..FIRST).for_each(|_| cluster.joins());
        cluster.listens();
        cluster.put(&[(0, 3)], 0, 0);
        cluster.goes_well(8);
        cluster
    }

    pub fn play(&mut self, happens: &Happens) {
        match happens {
            Happens::Put {
                services,
                policy,
                keys,
            } => self.put(services, *policy, *keys),
            Happens::RollBack(to) => self.roll_back(to),
            Happens::Scale(service, to) => drop(self.scene.scale(SERVICES[*service], *to)),
            Happens::Restart(service) => drop(self.scene.restart_service(SERVICES[*service])),
            Happens::Remove(service) => drop(self.scene.remove(SERVICES[*service])),
            Happens::Cordon(node) => drop(self.scene.cordon(NODES[*node])),
            Happens::Uncordon(node) => drop(self.scene.uncordon(NODES[*node])),
            Happens::Drain(node) => drop(self.scene.drain(NODES[*node])),
            Happens::Silent(node) => drop(self.silent.insert(NODES[*node].parse().unwrap())),
            Happens::Speak => self.silent.clear(),
            Happens::Leaves(node) => self.leaves(NODES[*node]),
            Happens::Kept(node) => self.kept(NODES[*node]),
            Happens::Gone(node) => drop(self.scene.machine_gone(NODES[*node])),
            Happens::Joins => self.joins(),
            Happens::Works(count) => self.works(*count),
            Happens::Fails(which) => self.some(which, |scene, name| drop(scene.fail(name))),
            Happens::Unready(which) => self.some(which, |scene, name| drop(scene.unready(name))),
            Happens::Balances { at, lags } => self.balances(BALANCERS[*at], *lags),
            Happens::Mute(is_mute) => self.is_b2_mute = *is_mute,
            Happens::GoesWell(count) => self.goes_well(*count),
            Happens::Passes(seconds) => self.passes(secs(*seconds)),
            Happens::LinkBreaks => {
                self.scene.listens(false);
                self.passes(secs(20));
                self.listens();
            }
            Happens::Restarts => {
                self.scene.stage.restart();
                self.listens();
            }
        }
        self.settles();
    }

    /// Whatever was said is looked at.
    pub fn settles(&mut self) {
        self.scene.find_images();
        self.watch.follow(&self.scene.stage.told);
        self.scene.stage.state.check().unwrap();
        self.machines_go();
        self.watch.follow(&self.scene.stage.told);
    }

    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    fn put(&mut self, services: &[(usize, u32)], policy: usize, keys: usize) {
        let (surge, unavailable) = POLICIES[policy];
        let room = r#","resources":{"cpu":1.5,"memory":"1Gi"}"#.to_owned();
        let extra = match keys {
            0 => String::new(),
            1 => room,
            2 => place(r#""per_node":1"#),
            _ => place(r#""require":{"zone":"b"},"spread":"zone""#),
        };
        let keys = rollout(surge, unavailable, "120s") + &extra;
        let services: Vec<_> = SERVICES
            .iter()
            .zip(services)
            .map(|(name, (image, replicas))| (*name, IMAGES[*image], *replicas))
            .collect();
        let file = file_with(&services, &keys);
        self.files.push(file.clone());
        self.scene.deploy(&file);
    }

    fn roll_back(&mut self, to: &Index) {
        let file = to.get(&self.files).clone();
        let digest = Digest::of(file.as_bytes());
        if let Some(release) = self.watch.release_of(digest) {
            self.scene.roll_back(release.0, &file);
        }
    }

    pub fn joins(&mut self) {
        if let Some(node) = NODES.get(self.joined) {
            let zone = if self.joined.is_multiple_of(2) {
                "a"
            } else {
                "b"
            };
            self.scene.join_labelled(node, &[("zone", zone)]);
            self.joined += 1;
        }
    }

    fn leaves(&mut self, node: &str) {
        if self.stays(node) != Some(Stay::Wanted) {
            return;
        }
        self.scene.machine_leaves(node);
    }

    fn kept(&mut self, node: &str) {
        if matches!(self.stays(node), Some(Stay::Leaving { .. })) {
            self.scene.machine_kept(node);
        }
    }

    fn stays(&self, node: &str) -> Option<Stay> {
        let node: NodeId = node.parse().unwrap();
        let machine = self.scene.stage.state.machines.get(&node)?;
        Some(machine.stay)
    }

    /// Machines that should leave and whose nodes are empty are removed.
    fn machines_go(&mut self) {
        for node in NODES {
            let id: NodeId = node.parse().unwrap();
            let empty = |it: &Node| it.duty == Duty::Drained;
            let state = &self.scene.stage.state;
            let is_empty = state.nodes.get(&id).is_some_and(empty);
            if is_empty && matches!(self.stays(node), Some(Stay::Leaving { .. })) {
                self.scene.machine_removed(node);
            }
        }
    }

    /// Every node speaks and stays, every balancer is heard, and whoever was shut out is let in.
    pub fn recovers(&mut self) {
        self.silent.clear();
        self.is_b2_mute = false;
        for node in NODES {
            self.kept(node);
            self.settles();
            self.scene.uncordon(node);
        }
        self.hears();
        self.settles();
    }

    /// Nodes do so many things that are wanted of them.
    pub fn works(&mut self, count: usize) {
        for _ in 0..count {
            let Some((name, leaves)) = self.wanted() else {
                return;
            };
            if leaves {
                self.scene.stopped(&name);
            } else {
                self.scene.ready(&name);
            }
            self.watch.follow(&self.scene.stage.told);
        }
    }

    fn wanted(&self) -> Option<(String, bool)> {
        self.replicas()
            .find_map(|(name, replica)| match &replica.life {
                Life::Placed { .. } | Life::Unready { .. } if !self.is_broken(replica) => {
                    Some((name, false))
                }
                Life::Stopping { .. } => Some((name, true)),
                Life::Placed { .. }
                | Life::Unready { .. }
                | Life::Ready { .. }
                | Life::Draining { .. }
                | Life::Failed
                | Life::Lost { .. } => None,
            })
    }

    /// Replicas on nodes whose word arrives.
    fn replicas(&self) -> impl Iterator<Item = (String, &Replica)> {
        let projects = self.scene.stage.state.projects.values();
        let all = projects.flat_map(|project| project.replicas.values());
        let heard = all.filter(|replica| !self.silent.contains(&replica.node));
        heard.map(|it| (crate::scene::name(it), it))
    }

    pub fn is_broken(&self, replica: &Replica) -> bool {
        let project = &self.scene.stage.state.projects[&self.scene.project];
        let image = &project.specs[&replica.version.spec].image;
        image.digest() == Some(Digest::of(BROKEN.as_bytes()))
    }

    fn some(&mut self, which: &Index, happens: impl Fn(&mut Scene, &str)) {
        let names: Vec<String> = self.replicas().map(|(name, _)| name).collect();
        if !names.is_empty() {
            let name: &String = which.get(&names);
            happens(&mut self.scene, name);
        }
    }

    fn balances(&mut self, balancer: &str, lags: bool) {
        let (routed, released) = self.scene.table();
        let released = if lags { [].into() } else { released };
        self.scene.apply_at(balancer, routed, released);
        self.scene.settle();
        self.watch.follow(&self.scene.stage.told);
    }

    /// Nodes work and balancers follow for a while, or until nothing is left to do.
    pub fn goes_well(&mut self, count: usize) {
        for _ in 0..count {
            self.works(3);
            BALANCERS.iter().for_each(|it| self.balances(it, false));
            self.settles();
        }
    }

    /// The replicas of each slot, by service and ordinal.
    pub fn slots(&self) -> BTreeMap<(ServiceName, u32), Vec<&Replica>> {
        let mut slots: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for replica in self
            .scene
            .stage
            .state
            .projects
            .values()
            .flat_map(|it| it.replicas.values())
        {
            let slot = (replica.slot.service.clone(), replica.slot.ordinal);
            slots.entry(slot).or_default().push(replica);
        }
        slots
    }
}
