//! Wanted machines minus those found, both ways: what has to be made, started or removed.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{MachineId, NodeId};

use crate::machine::number;
use crate::observed::{Observed, Sight};
use crate::{Machine, Provider, State};

/// The machines there should be, of all pools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Each machine that is not final and whose provider is known here.
    pub machines: BTreeMap<MachineId, WantedMachine>,
    /// Those that are not final and whose provider is not known here: somebody else looks after them.
    pub others: BTreeSet<MachineId>,
    /// The highest number a machine was asked for under. What is found beyond was asked for by somebody
    /// who knows more of the log, and is left alone.
    pub numbered: u32,
}

/// A machine as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedMachine {
    /// Who makes it.
    pub provider: Provider,
    /// The node it is.
    pub node: NodeId,
    /// How often it has been asked for. Its join token follows from it.
    pub attempt: u32,
    /// What should be true of it.
    pub aim: Aim,
}

/// What should be true of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// It exists and runs.
    Made,
    /// It runs if it exists. One that was made and is no more is not made again: another takes its place.
    Up,
    /// Nothing is left of it.
    Away,
}

/// A machine as the provider has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It runs.
    Running,
    /// It is there and does not run.
    Stopped,
    /// It is not there, and something that belonged to it is.
    Remains,
}

/// What the provider has to do. Each done twice is done once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Make it, or whatever of it is missing, and start it.
    Make(WantedMachine),
    /// Start it.
    Start,
    /// Remove it and everything that belongs to it.
    Remove,
}

impl Deed {
    /// The deed in a word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Make(_) => "make",
            Self::Start => "start",
            Self::Remove => "remove",
        }
    }
}

/// Wanted minus found, and found minus wanted.
pub fn deeds(wanted: &Wanted, found: &BTreeMap<MachineId, Found>) -> Vec<(MachineId, Deed)> {
    let owed = wanted.machines.iter().filter_map(|(id, machine)| {
        let deed = owed(machine, found.get(id).copied())?;
        Some((id.clone(), deed))
    });
    let strays = found.keys().filter(|id| wanted.is_stray(id));
    owed.chain(strays.map(|id| (id.clone(), Deed::Remove)))
        .collect()
}

fn owed(machine: &WantedMachine, found: Option<Found>) -> Option<Deed> {
    match (machine.aim, found) {
        (Aim::Made | Aim::Up, Some(Found::Running)) => None,
        (Aim::Made, _) => Some(Deed::Make(machine.clone())),
        (Aim::Up, Some(Found::Stopped)) => Some(Deed::Start),
        (Aim::Up, Some(Found::Remains) | None) | (Aim::Away, None) => None,
        (Aim::Away, Some(_)) => Some(Deed::Remove),
    }
}

impl Wanted {
    /// Whether a machine was asked for once and is final: it cannot be wanted ever again.
    fn is_stray(&self, id: &MachineId) -> bool {
        let asked = number(id).is_some_and(|number| number <= self.numbered);
        asked && !self.machines.contains_key(id) && !self.others.contains(id)
    }
}

pub(crate) fn wanted(state: &State, observed: &Observed) -> Wanted {
    let mut wanted = Wanted {
        numbered: state.numbered,
        ..Wanted::default()
    };
    for (id, machine) in &state.machines {
        match machine_wanted(state, observed, id, machine) {
            Some(one) => drop(wanted.machines.insert(id.clone(), one)),
            None => drop(wanted.others.insert(id.clone())),
        }
    }
    wanted
}

fn machine_wanted(
    state: &State,
    observed: &Observed,
    id: &MachineId,
    machine: &Machine,
) -> Option<WantedMachine> {
    let pool = state.pools.get(&machine.pool)?;
    Some(WantedMachine {
        provider: Provider::from_name(&pool.provider)?,
        node: machine.node.clone(),
        attempt: machine.attempt,
        aim: aim(machine.aim(), &observed.of(id)),
    })
}

/// What was seen once is not made again under its name, though it has not been said yet that it was made.
fn aim(said: Aim, sight: &Sight) -> Aim {
    match said {
        Aim::Made if sight.seen_as.is_some() => Aim::Up,
        Aim::Made | Aim::Up | Aim::Away => said,
    }
}
