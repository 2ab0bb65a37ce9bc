//! `Machine`: a simulated machine with its engine and its node-worker.

mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use gantry_bus::{Ledger, Marker, MemoryLog};
use gantry_events::{
    Bytes, Capacity, Digest, LogId, MachineId, MilliCpu, NodeAdmitted, NodeId, ReplicaKey, Time,
    WantedSet,
};
use gantry_node_worker_core::{Action, Host, NodeCore, Reading, Work};
use gantry_spec::ContainerSpec;
use nkeys::{KeyPair, KeyPairType};

use crate::bug::Bug;
use crate::chance::Chance;
use crate::engine_room::EngineRoom;
use crate::faults::Scene;
use crate::service::{Birth, Chore, Service};

/// A machine, from the moment its provider made it.
pub struct Machine {
    /// What it says to be admitted.
    pub admission: NodeAdmitted,
    /// Whether it has power.
    pub powered: bool,
    /// How it reaches the others.
    pub link: Link,
    /// Its engine.
    pub engine: EngineRoom,
    /// Its node-worker.
    pub worker: Service<NodeCore>,
    /// Sets on their way to it.
    pub inbox: Vec<WantedSet>,
    /// The newest set that really reached it.
    pub told: Option<WantedSet>,
    disk: Option<WantedSet>,
    doing: BTreeMap<ReplicaKey, (u64, Action)>,
    begun: BTreeMap<ReplicaKey, u64>,
    /// Replicas that the last sets changed: all that a worker which acts per event looks at.
    changed: BTreeSet<ReplicaKey>,
    bug: Option<Bug>,
    address: IpAddr,
}

/// How a machine reaches everybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// As it should.
    Up,
    /// Its heartbeats are lost until then, everything else is not.
    Mute(Time),
    /// Cut off until then.
    Cut(Time),
}

impl Machine {
    /// A machine with a key of its own, made of its id.
    pub fn new(log: LogId, machine: &MachineId, node: &NodeId, bug: Option<Bug>) -> Self {
        let seed = *Digest::of(machine.as_str().as_bytes()).as_bytes();
        let signing = SigningKey::from_bytes(&seed);
        let pair = KeyPair::new_from_raw(KeyPairType::User, seed).expect("32 bytes make a key");
        let birth = Birth {
            core: NodeCore {
                node: node.clone(),
                log,
            },
            ledger: Ledger::of_node(log, node.clone(), signing.verifying_key()),
            marker: Marker::Node(Box::new(signing)),
            trusting: false,
        };
        let last = node.as_str().bytes().last().unwrap_or(0);
        Self {
            admission: NodeAdmitted {
                node: node.clone(),
                machine: machine.clone(),
                public_key: pair.public_key(),
            },
            powered: true,
            link: Link::Up,
            engine: EngineRoom::default(),
            worker: Service::new(birth, true),
            inbox: Vec::new(),
            told: None,
            disk: None,
            doing: BTreeMap::new(),
            begun: BTreeMap::new(),
            changed: BTreeSet::new(),
            bug,
            address: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)),
        }
    }

    /// Whether it is there to be spoken to.
    pub fn is_heard(&self) -> bool {
        self.powered && self.link == Link::Up && self.worker.live().is_some()
    }

    /// Whether it is cut off from everything else.
    pub fn is_cut(&self) -> bool {
        matches!(self.link, Link::Cut(_))
    }

    /// A link that was bad for its time is good again.
    pub fn mend_link(&mut self, now: Time) {
        if let Link::Mute(until) | Link::Cut(until) = self.link
            && until <= now
        {
            self.link = Link::Up;
        }
    }

    /// What can happen to its worker now. Cut off, it neither reads nor writes the log.
    pub fn chores(&self, log: &MemoryLog, now: Time) -> Vec<Chore> {
        let mut chores = self.worker.chores(log, now);
        let is_near = |chore: &Chore| matches!(chore, Chore::Wake | Chore::GoLive | Chore::Start);
        chores.retain(|chore| !self.is_cut() || is_near(chore));
        chores
    }

    /// What its worker wants done, once it may decide.
    pub fn work(&self, now: Time) -> Option<Work> {
        self.worker.live().map(|engine| engine.wanted(now))
    }

    /// One step of the worker's engine.
    pub fn perform(&mut self, chore: Chore, scene: &Scene, chance: &mut Chance) {
        self.worker.perform(chore, scene, chance);
        if chore == Chore::Start {
            let capacity = Capacity {
                cpu: MilliCpu(4000),
                memory: Bytes(4 << 30),
            };
            let host = Host {
                address: self.address,
                capacity,
            };
            self.worker.read(Reading::Host(host), scene.now);
            if let Some(set) = self.disk.clone() {
                self.worker.read(Reading::Set(set), scene.now);
            }
        }
    }

    /// The worker asks its engine what there is.
    pub fn look(&mut self, now: Time) {
        let (look, found) = self.engine.list();
        self.worker.read(Reading::Containers { look, found }, now);
    }

    /// A set reaches the worker: kept on disk first, then followed.
    pub fn receive(&mut self, set: WantedSet, now: Time) {
        if self.worker.engine().is_none() {
            return;
        }
        if newer(&self.told, &set) {
            self.told = Some(set.clone());
        }
        let set = self.as_followed(set);
        if newer(&self.disk, &set) {
            let before = self.disk.as_ref().map(|kept| &kept.replicas);
            let news = set
                .replicas
                .iter()
                .filter(|(key, value)| before.and_then(|b| b.get(key)) != Some(value));
            self.changed.extend(news.map(|(key, _)| key.clone()));
            self.disk = Some(set.clone());
        }
        self.worker.read(Reading::Set(set), now);
    }

    /// The set as a worker takes it that does not ask how old it is.
    fn as_followed(&self, set: WantedSet) -> WantedSet {
        let kept = self.disk.as_ref().map(|kept| kept.seq);
        match self.bug {
            Some(Bug::FollowStaleLeader) => WantedSet {
                seq: kept.map_or(set.seq, |kept| kept.max(set.seq)),
                ..set
            },
            Some(_) | None => set,
        }
    }

    /// The worker's question for its set gets no answer.
    pub fn hear_nothing(&mut self, now: Time) {
        if self.bug != Some(Bug::SilenceIsEmpty) {
            return;
        }
        if let Some(kept) = &self.disk {
            let empty = WantedSet {
                replicas: BTreeMap::new(),
                ..kept.clone()
            };
            self.worker.read(Reading::Set(empty), now);
        }
    }

    /// A container spec reaches the worker.
    pub fn learn(&mut self, digest: Digest, spec: ContainerSpec, now: Time) {
        self.worker.read(Reading::Spec(digest, Arc::new(spec)), now);
    }

    /// The probes that are under way are answered.
    pub fn probe(&mut self, now: Time) {
        let probes = self.work(now).map(|work| work.probes).unwrap_or_default();
        for (replica, probe) in probes {
            let answer = self.engine.probe(&replica);
            let since = probe.since;
            let probed = Reading::Probed {
                replica,
                since,
                answer,
            };
            self.worker.read(probed, now);
        }
    }

    /// SIGKILL of the worker: what it was doing may have been done or not.
    pub fn crash_worker(&mut self, now: Time, chance: &mut Chance) {
        for (replica, (_, action)) in std::mem::take(&mut self.doing) {
            if chance.percent(50) {
                self.engine.carry_out(&replica, &action, now);
            }
        }
        self.begun.clear();
        self.changed.clear();
        self.worker.crash();
    }

    /// The machine loses power.
    pub fn power_off(&mut self, now: Time, chance: &mut Chance) {
        self.crash_worker(now, chance);
        self.engine.power_off(now);
        self.inbox.clear();
        self.powered = false;
    }
}

fn newer(kept: &Option<WantedSet>, set: &WantedSet) -> bool {
    kept.as_ref().is_none_or(|kept| kept.seq <= set.seq)
}
