//! A pretended provider, and a provisioner's process around the real engine and core, step by step and
//! without a clock: whatever it calls, and whatever it appends, it may be killed before and after.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};

use gantry_bus::{ControlKey, Ledger, Marker, MemoryLog};
use gantry_events::{LogId, MachineId, Millis, Seq, Time};
use gantry_provisioner_core::{Deed, Found, ProvisionerCore, Reading, deeds};
use gantry_runtime::{Engine, Input, Output};

use crate::fuse::{Fuse, Killed};
use crate::others::{Others, Owed};

/// What the provider has.
#[derive(Debug, Default)]
pub struct Provider {
    containers: BTreeMap<MachineId, bool>,
    volumes: BTreeSet<MachineId>,
    /// How often each machine was made.
    pub made: BTreeMap<MachineId, u32>,
}

impl Provider {
    pub fn is_empty(&self) -> bool {
        self.containers.is_empty() && self.volumes.is_empty()
    }

    fn running(&self) -> BTreeSet<MachineId> {
        let running = self.containers.iter().filter(|(_, running)| **running);
        running.map(|(id, _)| id.clone()).collect()
    }

    fn list(&self) -> BTreeMap<MachineId, Found> {
        let remains = self.volumes.iter().map(|id| (id.clone(), Found::Remains));
        let there = self.containers.iter().map(|(id, running)| match running {
            true => (id.clone(), Found::Running),
            false => (id.clone(), Found::Stopped),
        });
        remains.chain(there).collect()
    }

    fn carry_out(&mut self, id: &MachineId, deed: &Deed, fuse: &Fuse) -> Result<(), Killed> {
        match deed {
            Deed::Make(_) => {
                if !self.containers.contains_key(id) {
                    called(fuse, "make volumes", || self.volumes.insert(id.clone()))?;
                    called(fuse, "make container", || {
                        self.containers.insert(id.clone(), false);
                        *self.made.entry(id.clone()).or_default() += 1;
                    })?;
                }
                called(fuse, "start", || self.containers.insert(id.clone(), true))?;
            }
            Deed::Start => {
                called(fuse, "start", || self.containers.insert(id.clone(), true))?;
            }
            Deed::Remove => {
                called(fuse, "remove container", || self.containers.remove(id))?;
                called(fuse, "remove volumes", || self.volumes.remove(id))?;
            }
        }
        Ok(())
    }
}

/// A call that may be the last thing its process did, or nearly did.
fn called<T>(fuse: &Fuse, name: &str, call: impl FnOnce() -> T) -> Result<T, Killed> {
    fuse.point(format!("before: {name}"))?;
    let answer = call();
    fuse.point(format!("after: {name}"))?;
    Ok(answer)
}

/// What outlives the process.
pub struct World {
    pub log: MemoryLog,
    pub provider: Provider,
    pub others: Others,
    pub fuse: Fuse,
    now: Time,
    id: LogId,
    key: ControlKey,
}

impl World {
    pub fn new(id: LogId, key: ControlKey, others: Others, fuse: Fuse) -> Self {
        Self {
            log: MemoryLog::default(),
            provider: Provider::default(),
            others,
            fuse,
            now: "2026-01-01T00:00:00.000Z".parse().unwrap(),
            id,
            key,
        }
    }

    /// One process, from its start to the end of the list or its own.
    pub fn live(&mut self) -> Result<(), Killed> {
        let ledger = Ledger::of_control_plane(self.id, self.key.clone());
        let marker = Marker::Control(self.key.clone());
        let mut engine = Engine::new(ProvisionerCore, ledger, marker);
        self.deliver(&mut engine)?;
        self.step(&mut engine, Input::Live)?;
        for _ in 0..1000 {
            self.now = self.now + Millis(500);
            self.deliver(&mut engine)?;
            self.step(&mut engine, Input::Wake)?;
            self.look(&mut engine)?;
            if self.others_act() {
                return Ok(());
            }
        }
        panic!("the list is not done; {:?}", self.others.said)
    }

    fn deliver(&mut self, engine: &mut Engine<ProvisionerCore>) -> Result<(), Killed> {
        while let Some(stored) = self.log.get(engine.folded().next()) {
            self.step(engine, Input::Stored(stored))?;
        }
        Ok(())
    }

    fn step(
        &mut self,
        engine: &mut Engine<ProvisionerCore>,
        input: Input<Reading>,
    ) -> Result<(), Killed> {
        for output in engine.step(input, self.now) {
            if let Output::Append(append) = output {
                let log = self.log.clone();
                let outcome = called(&self.fuse, "append", || log.try_append(&append))?;
                self.step(engine, Input::Answered(outcome))?;
            }
        }
        Ok(())
    }

    fn look(&mut self, engine: &mut Engine<ProvisionerCore>) -> Result<(), Killed> {
        let (wanted, as_of) = (engine.wanted(self.now), engine.folded());
        let fuse = self.fuse.clone();
        let found = called(&fuse, "list", || self.provider.list())?;
        for id in wanted.machines.keys() {
            let reading = reading(id, found.get(id).copied(), as_of);
            self.step(engine, Input::Reading(reading))?;
        }
        for (id, deed) in deeds(&wanted, &found) {
            self.provider.carry_out(&id, &deed, &fuse)?;
        }
        Ok(())
    }

    /// Whether the list is done.
    fn others_act(&mut self) -> bool {
        while let Some(stored) = self.log.get(self.others.read_to().next()) {
            self.others.read(&stored);
        }
        match self.others.owe(&self.provider.running(), self.now) {
            Owed::Write(append) => {
                self.log.try_append(&append);
            }
            Owed::Vanish(machine) => {
                self.provider.containers.remove(&machine);
            }
            Owed::Nothing => {}
            Owed::Over => return self.provider.is_empty(),
        }
        false
    }
}

fn reading(id: &MachineId, found: Option<Found>, as_of: Seq) -> Reading {
    let machine = id.clone();
    match found {
        Some(Found::Running | Found::Stopped) => Reading::MachineSeen {
            provider_id: format!("gantry-{machine}"),
            machine,
            running: found == Some(Found::Running),
        },
        Some(Found::Remains) | None => Reading::MachineAbsent {
            machine,
            as_of,
            remains: found.is_some(),
        },
    }
}
