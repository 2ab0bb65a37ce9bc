//! `Cluster`: the whole system of one run. One step is one thing that happens, chosen by chance.

use std::collections::{BTreeMap, BTreeSet};

use gantry_bus::{ControlKey, Ledger, Marker, MemoryLog};
use gantry_decider::Core;
use gantry_events::{
    Actor, Commit, Digest, Event, LogBegun, LogId, LogSubject, MachineId, Millis, Seq, Time,
    Writer, WriterKind,
};
use gantry_lb_sync_core::LbCore;
use gantry_provisioner_core::ProvisionerCore;
use gantry_scheduler_core::{Reading as ImageReading, SchedulerCore};
use uuid::Uuid;

use crate::audit::Audit;
use crate::balancer::Balancer;
use crate::bug::Bug;
use crate::chance::Chance;
use crate::checks::{Broken, deadlines_lie_ahead, replay_is_the_same};
use crate::desk::Desk;
use crate::faults::{Faults, Scene};
use crate::leadership::Schedulers;
use crate::machine::{Link, Machine};
use crate::planted::Planted;
use crate::service::{Birth, Service};

/// The most that a service does while nobody else does anything.
pub(crate) const TURN: u64 = 8;

/// The whole system.
pub struct Cluster {
    /// The log.
    pub log: MemoryLog,
    /// The time.
    pub now: Time,
    /// What goes wrong now.
    pub faults: Faults,
    /// The api.
    pub desk: Desk,
    /// The scheduler's instances.
    pub schedulers: Schedulers,
    /// The provisioner.
    pub provisioner: Service<Planted<ProvisionerCore>>,
    /// The balancers, each with its lb-sync.
    pub balancers: Vec<Balancer>,
    /// Machines that were made.
    pub machines: BTreeMap<MachineId, Machine>,
    /// Machines of which only what belonged to them is left.
    pub remains: BTreeSet<MachineId>,
    /// Who reads the log beside them.
    pub audit: Audit,
    pub(crate) beaten: Time,
    pub(crate) chance: Chance,
    pub(crate) log_id: LogId,
    pub(crate) bug: Option<Bug>,
}

impl Cluster {
    /// A cluster whose log has just begun.
    pub fn new(mut chance: Chance, bug: Option<Bug>) -> Self {
        let log_id = LogId(Uuid::from_u128(1));
        let key = ControlKey::new([9; 32]);
        let ledger = Ledger::of_control_plane(log_id, key.clone());
        let marker = Marker::Control(key.clone());
        let faults = Faults::of(&mut chance);
        let now = "2026-01-01T00:00:00.000Z".parse().expect("a time");
        let log = MemoryLog::default();
        begin(&log, log_id, &marker, now);
        let balancer = |id: &str| {
            let id: gantry_events::BalancerId = id.parse().expect("a balancer id");
            let core = LbCore {
                balancer: id.clone(),
            };
            let birth = Birth {
                trusting: bug == Some(Bug::TrustUnmarked),
                ..birth(Planted::new(core, bug), &ledger, &marker)
            };
            Balancer::new(id, Service::new(birth, false), bug)
        };
        let provisioner = birth(Planted::new(ProvisionerCore, bug), &ledger, &marker);
        Self {
            schedulers: Schedulers::new(&birth(Planted::new(SchedulerCore, bug), &ledger, &marker)),
            provisioner: Service::new(provisioner, false),
            balancers: ["b1", "b2"].map(balancer).into(),
            desk: Desk::new(log_id, key, bug),
            machines: BTreeMap::new(),
            remains: BTreeSet::new(),
            audit: Audit::new(ledger),
            log,
            now,
            beaten: now,
            faults,
            chance,
            log_id,
            bug,
        }
    }

    /// Lets one thing happen. The line says what, if it is worth telling.
    pub fn step(&mut self) -> Result<Option<String>, Broken> {
        self.now = self.now + Millis(self.chance.between(0, 40));
        self.beat();
        let told = match self.chance.below(10) {
            0 => {
                self.desk
                    .work(&self.log, self.now, &self.faults, &mut self.chance);
                None
            }
            1 | 2 => self.schedule(),
            3 => self.provision(),
            4 => self.balance(),
            5..=7 => self.move_machine()?,
            8 => self.tell_nodes(),
            _ => self.break_something(),
        };
        if self.audit.read(&self.log)? {
            self.check_states()?;
        }
        self.check_tables()?;
        self.check_waits()?;
        Ok(told)
    }

    fn check_states(&self) -> Result<(), Broken> {
        for scheduler in self.schedulers.each() {
            if let Some(engine) = scheduler.engine() {
                let checked = engine.state().check();
                checked.map_err(|broken| Broken(format!("scheduler: {broken}")))?;
            }
        }
        Ok(())
    }

    fn check_tables(&self) -> Result<(), Broken> {
        for balancer in &self.balancers {
            let Some(table) = balancer.table() else {
                continue;
            };
            self.audit.slots.check_table(table)?;
            let engine = balancer.sync.live();
            let knows_all = engine.is_some_and(|one| one.folded() == self.audit.read_to());
            if knows_all && engine.and_then(|one| one.wanted(self.now)).as_ref() == Some(table) {
                self.audit.slots.check_nobody_is_forgotten(table)?;
            }
        }
        Ok(())
    }

    /// A decider that has nothing left to do waits for nothing that is already over.
    fn check_waits(&self) -> Result<(), Broken> {
        let scheduler = self.schedulers.holder();
        if scheduler.leads() && scheduler.is_idle(&self.log, self.now) {
            deadlines_lie_ahead("scheduler", scheduler, self.now)?;
        }
        if self.provisioner.is_idle(&self.log, self.now) {
            deadlines_lie_ahead("provisioner", &self.provisioner, self.now)?;
        }
        Ok(())
    }

    /// Every service's live state is what a replay of the log gives.
    pub fn check_replays(&mut self) -> Result<(), Broken> {
        for scheduler in self.schedulers.each_mut() {
            replay_is_the_same("scheduler", scheduler, &self.log)?;
        }
        replay_is_the_same("provisioner", &mut self.provisioner, &self.log)?;
        for balancer in &mut self.balancers {
            replay_is_the_same(balancer.id.as_str(), &mut balancer.sync, &self.log)?;
        }
        for machine in self.machines.values_mut() {
            let node = machine.admission.node.as_str();
            replay_is_the_same(node, &mut machine.worker, &self.log)?;
        }
        Ok(())
    }

    /// Moves the clock to when somebody wants to be woken next, a second at the most: probes are answered
    /// at least as often, or a leap would make processes look dead.
    pub fn skip_to_next_wake(&mut self) {
        let schedulers = self.schedulers.each().iter().map(|one| one.wake_at());
        let balancers = self.balancers.iter().map(|one| one.sync.wake_at());
        let nodes = self.machines.values().map(|one| one.worker.wake_at());
        let next = schedulers
            .chain([self.provisioner.wake_at()])
            .chain(balancers)
            .chain(nodes)
            .flatten()
            .filter(|at| *at > self.now)
            .min();
        let most = self.now + Millis(1000);
        self.now = next.map_or(most, |next| next.min(most));
        for machine in self.machines.values_mut().filter(|one| one.powered) {
            machine.probe(self.now);
        }
    }

    /// The faults cease: what was cut off is back.
    pub fn calm_down(&mut self) {
        self.faults = Faults::default();
        for machine in self.machines.values_mut() {
            machine.link = Link::Up;
        }
    }

    pub(crate) fn scene(&self) -> Scene {
        Scene {
            log: self.log.clone(),
            now: self.now,
            faults: self.faults,
        }
    }

    fn schedule(&mut self) -> Option<String> {
        let scene = self.scene();
        if self.chance.percent(20) {
            self.schedulers.learn(self.now);
        }
        for _ in 0..self.chance.between(1, TURN) {
            let (one, chore) = self.schedulers.pick(&self.log, self.now, &mut self.chance);
            if let Some(chore) = chore {
                one.perform(chore, &scene, &mut self.chance);
            }
        }
        let one = self.schedulers.speaker_mut(&mut self.chance)?;
        let wanted = one.live()?.wanted(self.now);
        let images: Vec<String> = wanted.resolve.into_iter().collect();
        let image = self.chance.pick(&images)?.clone();
        let seen = look_up(&image, &self.faults, &mut self.chance);
        one.read(seen, self.now);
        Some(format!("looks up {image}"))
    }

    fn balance(&mut self) -> Option<String> {
        let scene = self.scene();
        for balancer in &mut self.balancers {
            balancer.sync.work(TURN, &scene, &mut self.chance);
            balancer.finish_requests(&mut self.chance);
            balancer.speak(self.now, &self.faults, &mut self.chance);
        }
        None
    }
}

fn birth<C: Core>(core: C, ledger: &Ledger, marker: &Marker) -> Birth<C> {
    Birth {
        core,
        ledger: ledger.clone(),
        marker: marker.clone(),
        trusting: false,
    }
}

/// Stores the log's first fact, as the first start does.
fn begin(log: &MemoryLog, log_id: LogId, marker: &Marker, now: Time) {
    let subject = LogSubject::Facts(Writer::Init);
    let commit = Commit {
        actor: Actor::Service(WriterKind::Init),
        operation: None,
        answers: None,
        cause: None,
        as_of: Seq(0),
        core: "init/1".to_owned(),
        time: now,
        traceparent: None,
        prev: None,
        evidence: Vec::new(),
        events: vec![Event::from(LogBegun {
            log: log_id,
            cluster: "sim".to_owned(),
        })],
    };
    let payload = serde_json::to_vec(&commit).expect("string keys only");
    let mark = marker.mark(log_id, &subject.to_string(), &payload);
    log.force(&subject.to_string(), payload, Some(mark));
}

fn look_up(image: &str, faults: &Faults, chance: &mut Chance) -> ImageReading {
    let image = image.to_owned();
    if chance.percent(faults.silence) {
        return ImageReading::RegistryUnreachable {
            image,
            said: "no answer".to_owned(),
        };
    }
    if image.contains("missing") {
        return ImageReading::ImageRefused {
            image,
            said: "manifest unknown".to_owned(),
        };
    }
    let digest = Digest::of(image.as_bytes());
    ImageReading::ImageResolved { image, digest }
}
