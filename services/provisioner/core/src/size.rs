//! A pool at its size: machines wanted minus those that stay, both ways.

use gantry_events::{
    Fact, MachineId, MachineKept, MachineLeaving, MachineRequested, Millis, PoolName, Time,
};

use crate::machine::{MAKE, number};
use crate::{Machine, Pool, State};

/// Time the node of a leaving machine has to become empty: ten drains of the longest kind that is usual,
/// one after the other.
pub(crate) const EMPTY: Millis = Millis::from_secs(600);

/// Most machines that one commit asks for: a commit has a size.
const AT_ONCE: usize = 200;

/// What brings a pool to this size: machines that leave, stay after all, or are asked for. Nothing when
/// it has it.
pub(crate) fn towards(
    size: u32,
    name: &PoolName,
    pool: &Pool,
    state: &State,
    now: Time,
) -> Vec<Fact> {
    let (size, staying) = (size as usize, state.staying(name));
    if staying > size {
        return leaving(staying - size, name, state, now);
    }
    let missing = size - staying;
    let mut facts = kept(missing, name, state);
    let asked = (missing - facts.len()).min(AT_ONCE);
    let numbers = (state.numbered + 1..).take(asked);
    facts.extend(numbers.map(|number| requested(name, pool, number, now).into()));
    facts
}

/// The newest leave, those that are not ready yet before all others.
fn leaving(surplus: usize, name: &PoolName, state: &State, now: Time) -> Vec<Fact> {
    let mut staying: Vec<(&MachineId, &Machine)> = state
        .of_pool(name)
        .filter(|(_, machine)| machine.is_staying())
        .collect();
    staying.sort_by_key(|(id, machine)| (machine.is_ready(), std::cmp::Reverse(number(id))));
    let leave = |(id, machine): (&MachineId, &Machine)| {
        Fact::from(MachineLeaving {
            machine: id.clone(),
            node: machine.node.clone(),
            until: now + EMPTY,
        })
    };
    staying.into_iter().take(surplus).map(leave).collect()
}

/// The oldest that can stay do.
fn kept(missing: usize, name: &PoolName, state: &State) -> Vec<Fact> {
    let mut leaving: Vec<(&MachineId, &Machine)> = state
        .of_pool(name)
        .filter(|(_, machine)| machine.can_be_kept())
        .collect();
    leaving.sort_by_key(|(id, _)| number(id));
    let keep = |(id, machine): (&MachineId, &Machine)| {
        Fact::from(MachineKept {
            machine: id.clone(),
            node: machine.node.clone(),
        })
    };
    leaving.into_iter().take(missing).map(keep).collect()
}

/// Machines and their nodes are numbered together: a machine is one node for life.
fn requested(name: &PoolName, pool: &Pool, number: u32, now: Time) -> MachineRequested {
    let legal = "a letter and a number make a name";
    let mut labels = pool.labels.clone();
    labels.insert("pool".to_owned(), name.to_string());
    labels.insert("provider".to_owned(), pool.provider.clone());
    MachineRequested {
        machine: format!("m{number}").parse().expect(legal),
        node: format!("n{number}").parse().expect(legal),
        pool: name.clone(),
        labels,
        attempt: 1,
        until: now + MAKE,
    }
}
