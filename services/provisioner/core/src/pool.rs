//! Pools: how many machines there should be, and the machines wanted minus those present.

use std::collections::{BTreeMap, BTreeSet};

use gantry_decider::{Deadline, Draft};
use gantry_events::{
    CreatePool, EntityRef, Kind, MachineId, MachineRequested, Millis, NodeId, OperationFailed,
    OperationId, OperationRefused, OperationSucceeded, OperationUnchanged, PoolCreated, PoolName,
    Problem, ProblemCode, Scope, Time,
};
use serde::{Deserialize, Serialize};

use crate::machine::MAKE;
use crate::{Machine, Observed, Provider, State};

/// Time a new pool has until all its machines are ready: that of making and joining, and as much again
/// for machines that share a busy host.
const GROW: Millis = Millis::from_secs(240);

/// Most machines of one pool: their requests are one commit, and a commit has a size.
const MOST_MACHINES: u32 = 1000;

/// A pool of machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Who makes its machines.
    pub provider: String,
    /// How many machines it should have.
    pub size: u32,
    /// Whether an operation waits for it.
    pub phase: Phase,
}

/// Whether an operation waits for a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Phase {
    /// An operation waits for all its machines to be ready.
    Growing {
        /// The operation.
        operation: OperationId,
        /// Until when.
        until: Time,
    },
    /// No operation waits. What is missing is made all the same.
    Settled,
}

/// The machines that should run, of all pools.
pub type Wanted = BTreeMap<MachineId, WantedMachine>;

/// A machine as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedMachine {
    /// Who makes it.
    pub provider: Provider,
    /// The node it is.
    pub node: NodeId,
    /// How often it has been asked for. Its join token follows from it.
    pub attempt: u32,
    /// Whether it should run.
    pub running: bool,
}

/// The machines wanted minus those present: what has to be made or started, in order.
pub fn missing<'a>(
    wanted: &'a Wanted,
    running: &'a BTreeSet<MachineId>,
) -> impl Iterator<Item = (&'a MachineId, &'a WantedMachine)> {
    let up = wanted.iter().filter(|(_, machine)| machine.running);
    up.filter(|(id, _)| !running.contains(*id))
}

pub(crate) fn wanted(state: &State) -> Wanted {
    let machines = state.machines.iter().filter_map(|(id, machine)| {
        let pool = state.pools.get(&machine.pool)?;
        let wanted = WantedMachine {
            provider: Provider::from_name(&pool.provider)?,
            node: machine.node.clone(),
            attempt: machine.attempt,
            running: true,
        };
        Some((id.clone(), wanted))
    });
    machines.collect()
}

/// Answers the wish for a pool.
pub(crate) fn create(state: &State, operation: OperationId, wish: &CreatePool, now: Time) -> Draft {
    if let Some(problem) = refusal(state, wish) {
        return Draft::of(OperationRefused {
            operation,
            scope: Scope::Cluster,
            problem,
        });
    }
    if state.pools.contains_key(&wish.pool) {
        return Draft::of(OperationUnchanged {
            operation,
            scope: Scope::Cluster,
        });
    }
    let mut draft = Draft::of(PoolCreated {
        pool: wish.pool.clone(),
        provider: wish.provider.clone(),
        size: wish.size,
        operation,
        until: now + GROW,
        labels: Default::default(),
    });
    for number in (state.numbered + 1..).take(wish.size as usize) {
        draft.push(request(&wish.pool, number, now));
    }
    draft
}

fn refusal(state: &State, wish: &CreatePool) -> Option<Problem> {
    if Provider::from_name(&wish.provider).is_none() {
        let known = Provider::ALL.map(Provider::as_str).join(", ");
        let detail = format!("no provider is called `{}`; known: {known}", wish.provider);
        return Some(Problem::new(ProblemCode::ProviderUnknown, detail));
    }
    if wish.size > MOST_MACHINES {
        let detail = format!(
            "pool {} cannot have {} machines; a pool has {MOST_MACHINES} at most, make several",
            wish.pool, wish.size
        );
        return Some(Problem::new(ProblemCode::InvalidConfig, detail));
    }
    let other = state.pools.get(&wish.pool).filter(|pool| !pool.is(wish))?;
    let detail = format!(
        "pool {} exists with provider {} and {} machines, and {} with {} was asked for; choose another name, or ask for what exists",
        wish.pool, other.provider, other.size, wish.provider, wish.size
    );
    Some(Problem::new(ProblemCode::PoolExists, detail))
}

/// Machines and their nodes are numbered together: a machine is one node for life.
fn request(pool: &PoolName, number: u32, now: Time) -> MachineRequested {
    let name = "a letter and a number make a name";
    MachineRequested {
        machine: format!("m{number}").parse().expect(name),
        node: format!("n{number}").parse().expect(name),
        pool: pool.clone(),
        attempt: 1,
        until: now + MAKE,
        labels: Default::default(),
    }
}

impl Pool {
    pub(crate) fn growing(fact: &PoolCreated) -> Self {
        Self {
            provider: fact.provider.clone(),
            size: fact.size,
            phase: Phase::Growing {
                operation: fact.operation,
                until: fact.until,
            },
        }
    }

    fn is(&self, wish: &CreatePool) -> bool {
        self.provider == wish.provider && self.size == wish.size
    }

    pub(crate) fn works_on(&self, asked: OperationId) -> bool {
        match self.phase {
            Phase::Growing { operation, .. } => operation == asked,
            Phase::Settled => false,
        }
    }

    pub(crate) fn deadline(&self, name: &PoolName) -> Option<Deadline> {
        let Phase::Growing { until, .. } = self.phase else {
            return None;
        };
        let entity = EntityRef {
            kind: Kind::Pool,
            id: name.to_string(),
        };
        Some(Deadline {
            entity,
            waiting_for: "all its machines to be ready".to_owned(),
            until,
        })
    }

    /// How the operation that waits for it ends, once it does.
    pub(crate) fn end(
        &self,
        name: &PoolName,
        state: &State,
        observed: &Observed,
        now: Time,
    ) -> Option<Draft> {
        let Phase::Growing { operation, until } = self.phase else {
            return None;
        };
        let plights: Vec<String> = state
            .machines
            .iter()
            .filter(|(_, machine)| machine.pool == *name)
            .filter_map(|(id, machine)| plight(id, machine, observed))
            .collect();
        let end = match (plights.is_empty(), until <= now) {
            (true, _) => Draft::of(OperationSucceeded {
                operation,
                scope: Scope::Cluster,
            }),
            (false, true) => {
                let problem = self.failure(name, &plights);
                Draft::of(OperationFailed {
                    operation,
                    scope: Scope::Cluster,
                    problem,
                })
            }
            (false, false) => return None,
        };
        Some(end.for_operation(operation))
    }

    fn failure(&self, name: &PoolName, plights: &[String]) -> Problem {
        let detail = format!(
            "{} of {} machines of pool {name} were not ready within {GROW}: {}. They are tried further; mend what is named",
            plights.len(),
            self.size,
            plights.join("; ")
        );
        Problem::new(ProblemCode::MachineFailed, detail)
    }
}

fn plight(id: &MachineId, machine: &Machine, observed: &Observed) -> Option<String> {
    let plight = machine.plight(&observed.of(id))?;
    Some(format!("{id} waits for {plight}"))
}
