//! Which machines exist: pools, and the saga of each machine from wish to node.
//!
//! Leaves to others: making and starting machines (the shell and its providers), admitting their
//! nodes (the api), what runs on them (the scheduler).
//!
//! - [`State`]: pools and machines as the log says;
//! - [`Reading`], [`Observed`]: what the provider was last seen to have;
//! - [`Wanted`], [`deeds`]: the machines there should be, and what the provider has to do for that.

mod machine;
mod observed;
mod pool;
mod provider;
mod saga;
mod size;
mod state;
mod wanted;
mod wish;

pub use machine::{Machine, Made, Step, Wait};
pub use observed::{Observed, Presence, Reading, Sight};
pub use pool::{Losses, Phase, Pool};
pub use provider::Provider;
pub use state::State;
pub use wanted::{Aim, Deed, Found, Wanted, WantedMachine, deeds};

use gantry_decider::{Core, Deadline, Draft, Entry, Next, PlacedCommand};
use gantry_events::{Decider, Time, Writer};

/// The provisioner's core.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProvisionerCore;

impl Core for ProvisionerCore {
    type State = State;
    type Observed = Observed;
    type Reading = Reading;
    type Wanted = Wanted;

    fn writer(&self) -> Writer {
        Writer::Provisioner
    }

    fn version(&self) -> &'static str {
        "provisioner/1"
    }

    fn decider(&self) -> Option<Decider> {
        Some(Decider::Provisioner)
    }

    fn evolve(&self, state: &mut State, entry: &Entry<'_>) {
        state.fold(entry);
    }

    fn decide(&self, state: &State, command: &PlacedCommand, now: Time) -> Draft {
        wish::answer(state, &command.command, now)
    }

    fn observe(&self, observed: &mut Observed, reading: Reading, now: Time) {
        observed.take(reading, now);
    }

    /// Machines first, then the sizes of pools, so that a pool is whole in the moment its last machine is.
    fn next(&self, state: &State, observed: &Observed, now: Time) -> Next {
        let step = machine_step(state, observed, now)
            .or_else(|| pool_step(state, now))
            .or_else(|| pool_end(state, observed, now));
        if let Some(draft) = step {
            return Next::say(draft);
        }
        Next::rest(self.deadlines(state).into_iter().map(|wait| wait.until))
    }

    fn wanted(&self, state: &State, observed: &Observed, _now: Time) -> Wanted {
        wanted::wanted(state, observed)
    }

    fn deadlines(&self, state: &State) -> Vec<Deadline> {
        let machines = state
            .machines
            .iter()
            .filter_map(|(id, one)| one.deadline(id));
        let pools = state
            .pools
            .iter()
            .flat_map(|(name, one)| one.deadline(name).into_iter().chain(one.pause(name, state)));
        machines.chain(pools).collect()
    }
}

fn machine_step(state: &State, observed: &Observed, now: Time) -> Option<Draft> {
    state.machines.iter().find_map(|(id, machine)| {
        let draft = machine.advance(id, &observed.of(id), now)?;
        Some(state.in_its_operation(&machine.pool, draft))
    })
}

/// Brings a pool to its size, where that is not under way: after a loss, or after a commit's worth of
/// machines.
fn pool_step(state: &State, now: Time) -> Option<Draft> {
    state.pools.iter().find_map(|(name, pool)| {
        if pool
            .pause(name, state)
            .is_some_and(|pause| pause.until > now)
        {
            return None;
        }
        let facts = size::towards(pool.size, name, pool, state, now);
        let draft = Draft::default().and_all(facts);
        (!draft.is_empty()).then(|| state.in_its_operation(name, draft))
    })
}

fn pool_end(state: &State, observed: &Observed, now: Time) -> Option<Draft> {
    let mut pools = state.pools.iter();
    pools.find_map(|(name, pool)| pool.end(name, state, observed, now))
}
