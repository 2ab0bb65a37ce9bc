//! What goes wrong by itself in a `Cluster`: processes that end, machines without power, services that are
//! killed, a thief. How often is `faults`.

use gantry_events::{
    Actor, Commit, Event, LogSubject, MachineId, Millis, ReplicaDraining, RetireReason, Writer,
    WriterKind,
};

use crate::cluster::Cluster;
use crate::machine::Link;

impl Cluster {
    /// Lets one thing go wrong, if the dice say so. The line says what.
    pub(crate) fn break_something(&mut self) -> Option<String> {
        let (now, faults) = (self.now, self.faults);
        if self.chance.percent(faults.forgery) {
            return self.forge();
        }
        if self.chance.percent(faults.crash) {
            return Some(self.crash_one());
        }
        if self.chance.percent(faults.lease_moves) {
            self.schedulers.pass_on();
            return Some("the scheduler's lease goes to the other".to_owned());
        }
        if self.chance.percent(faults.ingress_ends) {
            let index = self.chance.below(self.balancers.len());
            self.balancers[index].end_ingress();
            return Some(format!("ingress {} is killed", self.balancers[index].id));
        }
        let names: Vec<MachineId> = self.machines.keys().cloned().collect();
        let name = self.chance.pick(&names)?.clone();
        let machine = self.machines.get_mut(&name)?;
        if self.chance.percent(faults.machine_stops) {
            machine.power_off(now, &mut self.chance);
            return Some(format!("{name} loses power"));
        }
        if self.chance.percent(faults.machine_cut) {
            let until = now + Millis::from_secs(self.chance.between(1, 90));
            let is_mute = self.chance.percent(40);
            machine.link = if is_mute {
                Link::Mute(until)
            } else {
                Link::Cut(until)
            };
            return Some(format!("link of {name}: {:?}", machine.link));
        }
        if self.chance.percent(faults.machine_vanishes) {
            self.vanish(&name);
            return Some(format!("{name} vanishes"));
        }
        let running = machine.engine.running();
        let replica = self.chance.pick(&running)?.clone();
        if self.chance.percent(faults.process_ends) {
            machine.engine.end(&replica, 1, now);
            return Some(format!("{replica} ends by itself"));
        }
        if self.chance.percent(faults.process_hangs) {
            machine.engine.hang(&replica);
            return Some(format!("{replica} hangs"));
        }
        None
    }

    fn crash_one(&mut self) -> String {
        match self.chance.below(6) {
            0 => {
                self.desk.crash();
                "the api is killed".to_owned()
            }
            1 | 2 => {
                self.schedulers.crash(&mut self.chance, self.now);
                "a scheduler is killed".to_owned()
            }
            3 => {
                self.provisioner.crash();
                "the provisioner is killed".to_owned()
            }
            4 => {
                let index = self.chance.below(self.balancers.len());
                self.balancers[index].sync.crash();
                "an lb-sync is killed".to_owned()
            }
            _ => {
                let names: Vec<MachineId> = self.machines.keys().cloned().collect();
                let Some(name) = self.chance.pick(&names).cloned() else {
                    return "nobody is killed".to_owned();
                };
                if let Some(machine) = self.machines.get_mut(&name) {
                    machine.crash_worker(self.now, &mut self.chance);
                }
                format!("the node-worker of {name} is killed")
            }
        }
    }

    /// Stores what a thief would: a drain of a running replica, rightly chained, without the right mark.
    fn forge(&mut self) -> Option<String> {
        let running: Vec<_> = self
            .machines
            .values()
            .flat_map(|machine| machine.engine.running())
            .collect();
        let replica = self.chance.pick(&running)?.clone();
        let subject = LogSubject::Facts(Writer::Scheduler);
        let draining = ReplicaDraining {
            project: replica.project.clone(),
            replica: replica.replica.clone(),
            why: RetireReason::ScaledDown,
            drain: Millis(0),
            until: self.now,
        };
        let commit = Commit {
            actor: Actor::Service(WriterKind::Scheduler),
            operation: None,
            answers: None,
            cause: None,
            as_of: self.log.last(),
            core: "thief/1".to_owned(),
            time: self.now,
            traceparent: None,
            prev: self.audit.ledger().head(&subject).prev,
            evidence: Vec::new(),
            events: vec![Event::from(draining)],
        };
        let payload = serde_json::to_vec(&commit).expect("string keys only");
        self.log
            .force(&subject.to_string(), payload, Some("hs256:AAAA".to_owned()));
        Some(format!("a thief drains {replica}"))
    }
}
