//! `Cluster`: the whole system of one run. One step is one thing that happens, chosen by chance.

use std::collections::{BTreeMap, BTreeSet};

use gantry_bus::{ControlKey, Ledger, Marker, MemoryLog};
use gantry_decider::Core;
use gantry_events::{
    Actor, Commit, Digest, Event, LogBegun, LogId, LogSubject, MachineId, Millis, Seq, Time,
    WantedSet, Writer, WriterKind,
};
use gantry_lb_sync_core::LbCore;
use gantry_provisioner_core::ProvisionerCore;
use gantry_scheduler_core::Reading as ImageReading;
use uuid::Uuid;

use crate::balancer::Balancer;
use crate::chance::Chance;
use crate::checks::{Audit, Broken, deadlines_lie_ahead, replay_is_the_same};
use crate::desk::Desk;
use crate::faults::{Bug, Faults, Scene};
use crate::machine::Machine;
use crate::planted::Scheduler;
use crate::service::{Birth, Service};

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
    /// The scheduler.
    pub scheduler: Service<Scheduler>,
    /// The provisioner.
    pub provisioner: Service<ProvisionerCore>,
    /// The balancer with its lb-sync.
    pub balancer: Balancer,
    /// Machines that were made.
    pub machines: BTreeMap<MachineId, Machine>,
    /// Who reads the log beside them.
    pub audit: Audit,
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
        let sync = Birth {
            core: LbCore {
                balancer: "b1".parse().expect("a balancer id"),
            },
            ledger: ledger.clone(),
            marker: marker.clone(),
            trusting: bug == Some(Bug::TrustUnmarked),
        };
        Self {
            scheduler: Service::new(birth(Scheduler::new(bug), &ledger, &marker), false),
            provisioner: Service::new(birth(ProvisionerCore, &ledger, &marker), false),
            balancer: Balancer::new(Service::new(sync, false)),
            desk: Desk::new(log_id, key, bug),
            machines: BTreeMap::new(),
            audit: Audit::new(ledger),
            log,
            now,
            faults,
            chance,
            log_id,
            bug,
        }
    }

    /// Lets one thing happen. The line says what, if it is worth telling.
    pub fn step(&mut self) -> Result<Option<String>, Broken> {
        self.now = self.now + Millis(self.chance.between(0, 40));
        let told = match self.chance.below(8) {
            0 => {
                self.desk
                    .work(&self.log, self.now, &self.faults, &mut self.chance);
                None
            }
            1 => self.schedule(),
            2 => self.provision(),
            3 => self.balance(),
            4 | 5 => self.move_machine()?,
            6 => self.tell_nodes(),
            _ => self.break_something(),
        };
        self.audit.read(&self.log)?;
        if let Some(table) = self.balancer.table() {
            self.audit.check_table(table)?;
        }
        if let Some(engine) = self.scheduler.engine() {
            engine
                .state()
                .check()
                .map_err(|broken| Broken(format!("scheduler: {broken}")))?;
        }
        self.check_waits()?;
        Ok(told)
    }

    /// A decider that has nothing left to do waits for nothing that is already over.
    fn check_waits(&self) -> Result<(), Broken> {
        if self.scheduler.is_idle(&self.log, self.now) {
            deadlines_lie_ahead("scheduler", &self.scheduler, self.now)?;
        }
        if self.provisioner.is_idle(&self.log, self.now) {
            deadlines_lie_ahead("provisioner", &self.provisioner, self.now)?;
        }
        Ok(())
    }

    /// Every service's live state is what a replay of the log gives.
    pub fn check_replays(&self) -> Result<(), Broken> {
        replay_is_the_same("scheduler", &self.scheduler, &self.log, None)?;
        replay_is_the_same("provisioner", &self.provisioner, &self.log, None)?;
        replay_is_the_same("lb-sync", &self.balancer.sync, &self.log, None)?;
        for machine in self.machines.values() {
            let own = format!("evt.node.{}", machine.admission.node);
            replay_is_the_same(&own, &machine.worker, &self.log, Some(&own))?;
        }
        Ok(())
    }

    /// Moves the clock to when somebody wants to be woken next, if nobody has anything to do before.
    pub fn skip_to_next_wake(&mut self) {
        let services = [
            self.scheduler.wake_at(),
            self.provisioner.wake_at(),
            self.balancer.sync.wake_at(),
        ];
        let nodes = self
            .machines
            .values()
            .map(|machine| machine.worker.wake_at());
        let next = services
            .into_iter()
            .chain(nodes)
            .flatten()
            .filter(|at| *at > self.now)
            .min();
        let most = self.now + Millis(1000);
        self.now = next.map_or(most, |next| next.min(most));
    }

    fn scene(&self) -> Scene {
        Scene {
            log: self.log.clone(),
            now: self.now,
            faults: self.faults,
        }
    }

    fn schedule(&mut self) -> Option<String> {
        let scene = self.scene();
        let chores = self.scheduler.chores(&self.log, self.now);
        if let Some(chore) = self.chance.pick(&chores).copied() {
            self.scheduler.perform(chore, &scene, &mut self.chance);
        }
        let wanted = self.scheduler.live()?.wanted(self.now);
        let images: Vec<String> = wanted.resolve.into_iter().collect();
        let image = self.chance.pick(&images)?.clone();
        self.scheduler
            .read(look_up(&image, &self.faults, &mut self.chance), self.now);
        Some(format!("looks up {image}"))
    }

    fn provision(&mut self) -> Option<String> {
        let scene = self.scene();
        let chores = self.provisioner.chores(&self.log, self.now);
        if let Some(chore) = self.chance.pick(&chores).copied() {
            self.provisioner.perform(chore, &scene, &mut self.chance);
        }
        self.look_at_machines()
    }

    /// One look of the provider at its machines, and one thing it does about them.
    fn look_at_machines(&mut self) -> Option<String> {
        use gantry_provisioner_core::{Deed, Found, Reading, deeds};
        let engine = self.provisioner.live()?;
        let (wanted, as_of) = (engine.wanted(self.now), engine.folded());
        let found: BTreeMap<MachineId, Found> = self
            .machines
            .iter()
            .map(|(id, one)| match one.powered {
                true => (id.clone(), Found::Running),
                false => (id.clone(), Found::Stopped),
            })
            .collect();
        let all: Vec<MachineId> = wanted.machines.keys().cloned().collect();
        let machine = self.chance.pick(&all)?.clone();
        let provider_id = format!("sim-{machine}");
        let reading = if self.chance.percent(self.faults.silence) {
            let error = "the engine did not answer".to_owned();
            Reading::ProviderSaid { machine, error }
        } else {
            match found.get(&machine) {
                Some(state) => Reading::MachineSeen {
                    provider_id,
                    machine,
                    running: *state == Found::Running,
                },
                None => Reading::MachineAbsent {
                    machine,
                    as_of,
                    remains: false,
                },
            }
        };
        self.provisioner.read(reading, self.now);
        let owed = deeds(&wanted, &found);
        let (machine, deed) = self.chance.pick(&owed)?.clone();
        match &deed {
            Deed::Make(wanted) => {
                let (log, bug) = (self.log_id, self.bug);
                self.machines
                    .entry(machine.clone())
                    .or_insert_with(|| Machine::new(log, &machine, &wanted.node, bug))
                    .powered = true;
            }
            Deed::Start => self.machines.get_mut(&machine)?.powered = true,
            Deed::Remove => {
                self.machines.remove(&machine);
            }
        }
        Some(format!("{machine}: {}", deed.name()))
    }

    fn balance(&mut self) -> Option<String> {
        let scene = self.scene();
        let chores = self.balancer.sync.chores(&self.log, self.now);
        if let Some(chore) = self.chance.pick(&chores).copied() {
            self.balancer.sync.perform(chore, &scene, &mut self.chance);
        }
        self.balancer.finish_requests(&mut self.chance);
        self.balancer
            .speak(self.now, &self.faults, &mut self.chance);
        None
    }

    fn move_machine(&mut self) -> Result<Option<String>, Broken> {
        let scene = self.scene();
        let names: Vec<MachineId> = self
            .machines
            .iter()
            .filter(|(_, machine)| machine.powered)
            .map(|(name, _)| name.clone())
            .collect();
        let Some(machine) = self
            .chance
            .pick(&names)
            .and_then(|name| self.machines.get_mut(name))
        else {
            return Ok(None);
        };
        if !self.desk.admitted.contains(&machine.admission.node) {
            self.desk.admit(machine.admission.clone());
            return Ok(None);
        }
        let chores = machine.worker.chores(&self.log, self.now);
        if let Some(chore) = self.chance.pick(&chores).copied() {
            machine.perform(chore, &scene, &mut self.chance);
        }
        match self.chance.below(4) {
            0 => machine.look(self.now),
            1 => machine.probe(self.now, &mut self.chance),
            _ => {
                let done = machine.act(self.now, &mut self.chance);
                return done.map_err(|outrage| Broken(outrage.0));
            }
        }
        Ok(None)
    }

    /// A node asks what it should run, or an earlier answer reaches it.
    fn tell_nodes(&mut self) -> Option<String> {
        let names: Vec<MachineId> = self.machines.keys().cloned().collect();
        let name = self.chance.pick(&names)?.clone();
        let machine = self.machines.get_mut(&name)?;
        if !machine.inbox.is_empty() && self.chance.percent(60) {
            let index = self.chance.below(machine.inbox.len());
            let set = if self.chance.percent(self.faults.doubled) {
                machine.inbox[index].clone()
            } else {
                machine.inbox.swap_remove(index)
            };
            machine.receive(set, self.now);
            return None;
        }
        machine.worker.live()?;
        let lost = self.chance.percent(self.faults.silence);
        let Some(engine) = self.scheduler.live().filter(|_| !lost) else {
            machine.hear_nothing(self.now);
            return None;
        };
        let mut wanted = engine.wanted(self.now);
        let node = machine.admission.node.clone();
        let replicas = wanted.nodes.remove(&node).unwrap_or_default();
        machine.inbox.push(WantedSet {
            log: self.log_id,
            seq: engine.folded(),
            node,
            replicas,
        });
        let specs: BTreeSet<Digest> = machine
            .work(self.now)
            .map(|work| work.specs)
            .unwrap_or_default();
        for digest in specs {
            if let Some(spec) = wanted.specs.remove(&digest) {
                machine.learn(digest, spec, self.now);
            }
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
