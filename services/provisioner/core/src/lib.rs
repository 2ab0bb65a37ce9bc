//! Which machines exist: pools, and the saga of each machine from wish to node.
//!
//! Leaves to others: making and starting machines (the shell and its providers), admitting their
//! nodes (the api), what runs on them (the scheduler).
//!
//! - [`State`]: pools and machines as the log says;
//! - [`Reading`], [`Observed`]: what the provider was last seen to have;
//! - [`Wanted`], [`missing`]: the machines that should run, and those that do not.

mod machine;
mod observed;
mod pool;
mod provider;
mod state;

pub use machine::{Machine, Made, Step, Wait};
pub use observed::{Observed, Presence, Reading, Sight};
pub use pool::{Phase, Pool, Wanted, WantedMachine, missing};
pub use provider::Provider;
pub use state::State;

use gantry_decider::{Core, Deadline, Draft, Entry, Next, PlacedCommand};
use gantry_events::{Decider, Intent, OperationRefused, Problem, ProblemCode, Time, Writer};

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
        let operation = command.command.operation;
        match &command.command.intent {
            Intent::CreatePool(create) => pool::create(state, operation, create, now),
            Intent::ConfigPut(_)
            | Intent::ScaleService(_)
            | Intent::RemoveService(_)
            | Intent::Rollback(_)
            | Intent::RestartService(_)
            | Intent::CordonNode(_)
            | Intent::UncordonNode(_)
            | Intent::DrainNode(_)
            | Intent::ScalePool(_)
            | Intent::RemovePool(_) => {
                let name = command.command.intent.type_name();
                let detail = format!("{name} is not the provisioner's to decide; send it again");
                Draft::of(OperationRefused {
                    operation,
                    scope: command.command.intent.scope(),
                    problem: Problem::new(ProblemCode::InvalidConfig, detail),
                })
            }
        }
    }

    fn observe(&self, observed: &mut Observed, reading: Reading, now: Time) {
        observed.take(reading, now);
    }

    /// Machines first, so that a pool is whole in the moment its last machine is.
    fn next(&self, state: &State, observed: &Observed, now: Time) -> Next {
        let step = state.machines.iter().find_map(|(id, machine)| {
            let draft = machine.advance(id, observed.of(id), now)?;
            Some(state.in_its_operation(machine, draft))
        });
        let pools = || {
            let mut pools = state.pools.iter();
            pools.find_map(|(name, pool)| pool.end(name, state, observed, now))
        };
        match step.or_else(pools) {
            Some(draft) => Next::say(draft),
            None => Next::rest(self.deadlines(state).into_iter().map(|wait| wait.until)),
        }
    }

    fn wanted(&self, state: &State, _observed: &Observed, _now: Time) -> Wanted {
        pool::wanted(state)
    }

    fn deadlines(&self, state: &State) -> Vec<Deadline> {
        let machines = state
            .machines
            .iter()
            .filter_map(|(id, one)| one.deadline(id));
        let pools = state
            .pools
            .iter()
            .filter_map(|(name, one)| one.deadline(name));
        machines.chain(pools).collect()
    }
}
