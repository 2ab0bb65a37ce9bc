//! The provider of machines in a `Cluster`: what it has, what it is asked, what it does.

use std::collections::BTreeMap;

use gantry_events::MachineId;
use gantry_provisioner_core::{Deed, Found, Reading, deeds};

use crate::cluster::{Cluster, TURN};
use crate::machine::Machine;

impl Cluster {
    /// The provisioner works: a step of its engine, a look at one machine, and one thing it owes.
    pub(crate) fn provision(&mut self) -> Option<String> {
        let scene = self.scene();
        self.provisioner.work(TURN, &scene, &mut self.chance);
        let engine = self.provisioner.live()?;
        let (wanted, as_of) = (engine.wanted(self.now), engine.folded());
        let found = self.found();
        let all: Vec<MachineId> = wanted.machines.keys().cloned().collect();
        if let Some(machine) = self.chance.pick(&all).cloned() {
            let is_silent = self.chance.percent(self.faults.silence);
            let seen = (!is_silent).then(|| found.get(&machine).copied());
            self.provisioner
                .read(reading(machine, seen, as_of), self.now);
        }
        let owed = deeds(&wanted, &found);
        let (machine, deed) = self.chance.pick(&owed)?.clone();
        self.carry_out(&machine, &deed);
        Some(format!("{machine}: {}", deed.name()))
    }

    /// What the provider has.
    pub(crate) fn found(&self) -> BTreeMap<MachineId, Found> {
        let remains = self.remains.iter().map(|id| (id.clone(), Found::Remains));
        let there = self.machines.iter().map(|(id, one)| match one.powered {
            true => (id.clone(), Found::Running),
            false => (id.clone(), Found::Stopped),
        });
        remains.chain(there).collect()
    }

    /// Something removes a machine behind everybody's back; its volumes stay.
    pub(crate) fn vanish(&mut self, machine: &MachineId) {
        self.machines.remove(machine);
        self.remains.insert(machine.clone());
    }

    fn carry_out(&mut self, id: &MachineId, deed: &Deed) {
        match deed {
            Deed::Make(wanted) => {
                self.remains.remove(id);
                let (log, bug) = (self.log_id, self.bug);
                let make = || Machine::new(log, id, &wanted.node, bug);
                self.machines.entry(id.clone()).or_insert_with(make).powered = true;
            }
            Deed::Start => {
                if let Some(machine) = self.machines.get_mut(id) {
                    machine.powered = true;
                }
            }
            // The container, then what belonged to it: a crash may come between.
            Deed::Remove if self.machines.contains_key(id) => self.vanish(id),
            Deed::Remove => {
                self.remains.remove(id);
            }
        }
    }
}

fn reading(machine: MachineId, seen: Option<Option<Found>>, as_of: gantry_events::Seq) -> Reading {
    match seen {
        None => Reading::ProviderSaid {
            machine,
            error: "the engine did not answer".to_owned(),
        },
        Some(Some(found @ (Found::Running | Found::Stopped))) => Reading::MachineSeen {
            provider_id: format!("sim-{machine}"),
            machine,
            running: found == Found::Running,
        },
        Some(other) => Reading::MachineAbsent {
            machine,
            as_of,
            remains: other.is_some(),
        },
    }
}
