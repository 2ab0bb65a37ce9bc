//! `EngineRoom`: the simulated container engine of one machine.

use std::collections::BTreeMap;

use gantry_events::{Digest, ReplicaKey, Time};
use gantry_node_worker_core::{Action, Answer, Container, ContainerId, Outcome, Run};

/// Containers of one machine.
#[derive(Clone, Debug, Default)]
pub struct EngineRoom {
    vessels: BTreeMap<ReplicaKey, Vessel>,
    looks: u64,
}

/// One container.
#[derive(Clone, Debug)]
pub struct Vessel {
    spec: Digest,
    port: Option<u16>,
    run: Run,
    hangs: bool,
    /// Whether it ever gave a reason to be ended.
    pub faulty: bool,
}

impl EngineRoom {
    /// What the engine lists, and the number of this look.
    pub fn list(&mut self) -> (u64, BTreeMap<ReplicaKey, Container>) {
        self.looks += 1;
        let found = self
            .vessels
            .iter()
            .map(|(replica, vessel)| (replica.clone(), vessel.container(replica)));
        (self.looks, found.collect())
    }

    /// One container, if there is one.
    pub fn vessel(&self, replica: &ReplicaKey) -> Option<&Vessel> {
        self.vessels.get(replica)
    }

    /// Replicas whose process runs.
    pub fn running(&self) -> Vec<ReplicaKey> {
        self.vessels
            .iter()
            .filter(|(_, vessel)| vessel.is_running())
            .map(|(replica, _)| replica.clone())
            .collect()
    }

    /// Carries out one action. Done twice is done once.
    pub fn carry_out(&mut self, replica: &ReplicaKey, action: &Action, now: Time) -> Outcome {
        match action {
            Action::Pull { .. } => Outcome::Pulled,
            Action::Create(creation) => {
                self.vessels
                    .entry(replica.clone())
                    .or_insert_with(|| Vessel {
                        spec: creation.digest,
                        port: creation.port,
                        run: Run::Created,
                        hangs: creation.spec.env.values().any(|value| value == "hang"),
                        faulty: false,
                    });
                self.done(replica)
            }
            Action::Start { .. } => {
                if let Some(vessel) = self.vessels.get_mut(replica)
                    && !vessel.is_running()
                {
                    vessel.run = Run::Running { since: now };
                    vessel.faulty = vessel.hangs;
                }
                self.done(replica)
            }
            Action::Stop { .. } => {
                self.end(replica, 143, now);
                self.done(replica)
            }
            Action::ReadTail { .. } => Outcome::Tail(vec!["simulated".to_owned()]),
            Action::Remove { .. } => {
                self.vessels.remove(replica);
                self.done(replica)
            }
        }
    }

    /// A probe's answer.
    pub fn probe(&self, replica: &ReplicaKey) -> Answer {
        match self.vessels.get(replica) {
            Some(vessel) if vessel.is_running() && !vessel.hangs => Answer::Good,
            Some(_) | None => Answer::Bad("GET / was not answered".to_owned()),
        }
    }

    /// The process ends by itself.
    pub fn end(&mut self, replica: &ReplicaKey, exit: i64, now: Time) {
        if let Some(vessel) = self.vessels.get_mut(replica)
            && vessel.is_running()
        {
            vessel.run = Run::Ended { at: now, exit };
        }
    }

    /// The process stops answering.
    pub fn hang(&mut self, replica: &ReplicaKey) {
        if let Some(vessel) = self.vessels.get_mut(replica) {
            vessel.hangs = true;
            vessel.faulty = true;
        }
    }

    /// The machine loses power: every process ends.
    pub fn power_off(&mut self, now: Time) {
        for replica in self.running() {
            self.end(&replica, 137, now);
        }
    }

    fn done(&mut self, replica: &ReplicaKey) -> Outcome {
        self.looks += 1;
        let container = self
            .vessels
            .get(replica)
            .map(|vessel| vessel.container(replica));
        Outcome::Done {
            container,
            look: self.looks,
        }
    }
}

impl Vessel {
    fn is_running(&self) -> bool {
        matches!(self.run, Run::Running { .. })
    }

    fn container(&self, replica: &ReplicaKey) -> Container {
        Container {
            id: ContainerId(replica.to_string()),
            spec: self.spec,
            port: self.port,
            run: self.run,
        }
    }
}
