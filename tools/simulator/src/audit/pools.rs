//! Pools and machines as the provisioner tells of them: none twice, none too many, none removed with
//! something on it.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{Fact, MachineId, NodeId, PoolName, Writer, WriterKind};

use super::Word;
use super::slots::Slots;
use crate::checks::Broken;

/// One machine.
#[derive(Debug)]
struct Machine {
    pool: PoolName,
    stays: bool,
}

/// All pools and machines.
#[derive(Debug, Default)]
pub struct Pools {
    sizes: BTreeMap<PoolName, u32>,
    machines: BTreeMap<MachineId, Machine>,
    ever: BTreeSet<MachineId>,
}

impl Pools {
    /// The machines that should be there.
    pub fn machines(&self) -> BTreeSet<MachineId> {
        self.machines.keys().cloned().collect()
    }

    /// Every pool has the machines that it should have.
    pub fn check_whole(&self) -> Result<(), Broken> {
        match self
            .sizes
            .iter()
            .find(|(pool, size)| self.staying(pool) != **size)
        {
            Some((pool, size)) => Err(Broken(format!(
                "pool {pool} has {} machines and should have {size}",
                self.staying(pool)
            ))),
            None => Ok(()),
        }
    }

    /// No pool has more machines that stay than it should have.
    pub(super) fn check_sizes(&self, writer: &Writer) -> Result<(), Broken> {
        if writer.kind() != WriterKind::Provisioner {
            return Ok(());
        }
        match self
            .sizes
            .iter()
            .find(|(pool, size)| self.staying(pool) > **size)
        {
            Some((pool, size)) => Err(Broken(format!(
                "pool {pool} asks for {} machines and should have {size}",
                self.staying(pool)
            ))),
            None => Ok(()),
        }
    }

    fn staying(&self, pool: &PoolName) -> u32 {
        let of_pool = |one: &&Machine| one.pool == *pool && one.stays;
        self.machines.values().filter(of_pool).count() as u32
    }

    pub(super) fn take(&mut self, word: &Word<'_>, slots: &Slots) -> Result<(), Broken> {
        match word.fact {
            Fact::PoolCreated(f) => {
                self.sizes.insert(f.pool.clone(), f.size);
            }
            Fact::PoolScaled(f) => {
                self.sizes.insert(f.pool.clone(), f.size);
            }
            Fact::PoolClosing(f) => {
                self.sizes.insert(f.pool.clone(), 0);
            }
            Fact::PoolRemoved(f) => {
                self.sizes.remove(&f.pool);
            }
            Fact::MachineRequested(f) => return self.request(&f.machine, &f.pool),
            Fact::MachineLeaving(f) => self.change(&f.machine, |one| one.stays = false),
            Fact::MachineKept(f) => self.change(&f.machine, |one| one.stays = true),
            Fact::MachineRemoving(f) => return check_empty(word, &f.machine, &f.node, slots),
            Fact::MachineRemoved(f) => {
                self.machines.remove(&f.machine);
            }
            Fact::MachineGone(f) => {
                self.machines.remove(&f.machine);
            }
            // foreign: the rest tells nothing of machines
            _ => {}
        }
        Ok(())
    }

    fn request(&mut self, machine: &MachineId, pool: &PoolName) -> Result<(), Broken> {
        if !self.ever.insert(machine.clone()) {
            return Err(Broken(format!("{machine} is asked for twice")));
        }
        let (pool, stays) = (pool.clone(), true);
        self.machines
            .insert(machine.clone(), Machine { pool, stays });
        Ok(())
    }

    fn change(&mut self, machine: &MachineId, change: impl FnOnce(&mut Machine)) {
        if let Some(machine) = self.machines.get_mut(machine) {
            change(machine);
        }
    }
}

/// A machine is removed only once nothing is left on it.
fn check_empty(
    word: &Word<'_>,
    machine: &MachineId,
    node: &NodeId,
    slots: &Slots,
) -> Result<(), Broken> {
    match slots.left_on(node, word.commit.as_of) {
        Some(replica) => Err(Broken(format!(
            "{machine} is being removed, and {replica} is on it"
        ))),
        None => Ok(()),
    }
}
