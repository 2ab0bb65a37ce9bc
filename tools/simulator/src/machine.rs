//! `Machine`: a simulated machine with its engine and its node-worker.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use gantry_bus::{Ledger, Marker};
use gantry_events::{
    Bytes, Capacity, Digest, LogId, MachineId, MilliCpu, NodeAdmitted, NodeId, ReplicaKey,
    ReplicaPhase, Time, WantedSet,
};
use gantry_node_worker_core::{Action, Host, NodeCore, Reading, Work};
use gantry_spec::ContainerSpec;
use nkeys::{KeyPair, KeyPairType};

use crate::chance::Chance;
use crate::engine_room::EngineRoom;
use crate::faults::{Bug, Scene};
use crate::service::{Birth, Chore, Service};

/// A machine, from the moment its provider made it.
pub struct Machine {
    /// What it says to be admitted.
    pub admission: NodeAdmitted,
    /// Whether it has power.
    pub powered: bool,
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

/// Something that was done to a replica against what was asked for.
#[derive(Clone, Debug)]
pub struct Outrage(pub String);

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
        let newer = |kept: &Option<WantedSet>| kept.as_ref().is_none_or(|kept| kept.seq <= set.seq);
        if newer(&self.disk) {
            let before = self.disk.as_ref().map(|kept| &kept.replicas);
            let news = set
                .replicas
                .iter()
                .filter(|(key, value)| before.and_then(|b| b.get(key)) != Some(value));
            self.changed.extend(news.map(|(key, _)| key.clone()));
            self.disk = Some(set.clone());
        }
        if newer(&self.told) {
            self.told = Some(set.clone());
        }
        self.worker.read(Reading::Set(set), now);
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

    /// Begins a step that is due, or ends one that was begun.
    pub fn act(&mut self, now: Time, chance: &mut Chance) -> Result<Option<String>, Outrage> {
        let due: Vec<ReplicaKey> = self.doing.keys().cloned().collect();
        if let Some(replica) = chance.pick(&due).cloned() {
            return self.end_step(&replica, now).map(Some);
        }
        let Some(work) = self.work(now) else {
            return Ok(None);
        };
        for (replica, step) in work.steps {
            if self.is_due(&replica, step.number) {
                self.begun.insert(replica.clone(), step.number);
                self.doing.insert(replica, (step.number, step.action));
            }
        }
        Ok(None)
    }

    /// Whether something can be done now.
    pub fn can_act(&self, now: Time) -> bool {
        let due = |work: Work| {
            work.steps
                .iter()
                .any(|(replica, step)| self.is_due(replica, step.number))
        };
        !self.doing.is_empty() || self.work(now).is_some_and(due)
    }

    fn is_due(&self, replica: &ReplicaKey, number: u64) -> bool {
        let seen = self.bug != Some(Bug::ActPerEvent) || self.changed.contains(replica);
        let fresh = self.begun.get(replica).is_none_or(|begun| *begun < number);
        seen && fresh && !self.doing.contains_key(replica)
    }

    /// One probe that is under way is answered.
    pub fn probe(&mut self, now: Time, chance: &mut Chance) {
        let probes: Vec<_> = self
            .work(now)
            .into_iter()
            .flat_map(|work| work.probes)
            .collect();
        if let Some((replica, probe)) = chance.pick(&probes) {
            let answer = self.engine.probe(replica);
            self.worker.read(
                Reading::Probed {
                    replica: replica.clone(),
                    since: probe.since,
                    answer,
                },
                now,
            );
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

    fn end_step(&mut self, replica: &ReplicaKey, now: Time) -> Result<String, Outrage> {
        let Some((number, action)) = self.doing.remove(replica) else {
            return Ok(String::new());
        };
        self.judge(replica, &action)?;
        let outcome = self.engine.carry_out(replica, &action, now);
        let line = format!(
            "{} {}: {} -> {}",
            self.admission.node,
            replica,
            name(&action),
            brief(&outcome)
        );
        self.worker.read(
            Reading::Did {
                replica: replica.clone(),
                number,
                outcome,
            },
            now,
        );
        Ok(line)
    }

    /// Nothing that should run and gave no reason may be ended.
    fn judge(&self, replica: &ReplicaKey, action: &Action) -> Result<(), Outrage> {
        let ends = matches!(action, Action::Stop { .. } | Action::Remove { .. });
        let wanted = self.told.as_ref().and_then(|set| set.replicas.get(replica));
        let should_run = wanted.is_some_and(|wanted| wanted.phase == ReplicaPhase::Run);
        let blameless = self.engine.running().contains(replica)
            && self
                .engine
                .vessel(replica)
                .is_some_and(|vessel| !vessel.faulty);
        if ends && should_run && blameless {
            let node = &self.admission.node;
            return Err(Outrage(format!(
                "{node} ends {replica}, which it was told to run and which answers"
            )));
        }
        Ok(())
    }
}

fn name(action: &Action) -> &'static str {
    match action {
        Action::Pull { .. } => "pull",
        Action::Create(_) => "create",
        Action::Start { .. } => "start",
        Action::Stop { .. } => "stop",
        Action::ReadTail { .. } => "read tail",
        Action::Remove { .. } => "remove",
    }
}

fn brief(outcome: &gantry_node_worker_core::Outcome) -> String {
    use gantry_node_worker_core::Outcome;
    match outcome {
        Outcome::Done { .. } | Outcome::Pulled | Outcome::Tail(_) => "done".to_owned(),
        Outcome::Retry { because } => format!("again: {because}"),
        Outcome::Refuse { because } => format!("refused: {because}"),
    }
}
