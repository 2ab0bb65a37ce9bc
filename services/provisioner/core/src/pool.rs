//! A pool: how many machines it should have, and whether an operation waits for that.

use std::collections::BTreeMap;

use gantry_decider::{Backoff, Deadline, Draft};
use gantry_events::{
    EntityRef, Kind, MachineId, OperationFailed, OperationId, OperationSucceeded, PoolCreated,
    PoolName, PoolRemoved, PoolScaled, Problem, ProblemCode, Scope, Seq, Time,
};
use serde::{Deserialize, Serialize};

use crate::{Machine, Observed, State};

/// Wait before a machine is asked for in place of one that vanished: none for the first, longer for each
/// that vanishes before another has become ready.
const REPLACE: Backoff = Backoff::RESTART;

/// A pool of machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Who makes its machines.
    pub provider: String,
    /// Labels of its nodes, beside `pool` and `provider`.
    pub labels: BTreeMap<String, String>,
    /// How many machines it should have.
    pub size: u32,
    /// Whether it goes once its last machine has left.
    pub closing: bool,
    /// Whether an operation waits for it.
    pub phase: Phase,
    /// Where a command last changed it.
    pub changed: Seq,
    /// Machines that vanished since one last became ready, and when the last did.
    pub losses: Losses,
}

/// Whether an operation waits for a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Phase {
    /// An operation waits for it to be whole.
    Changing {
        /// The operation.
        operation: OperationId,
        /// Until when.
        until: Time,
    },
    /// No operation waits. What is missing is made all the same, and what leaves goes on leaving.
    Settled,
}

/// Machines that vanished unasked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses {
    /// How many since a machine last became ready.
    pub count: u32,
    /// When the last of them did.
    pub last: Time,
}

impl Pool {
    pub(crate) fn created(fact: &PoolCreated, changed: Seq) -> Self {
        Self {
            provider: fact.provider.clone(),
            labels: fact.labels.clone(),
            size: fact.size,
            closing: false,
            phase: Phase::Changing {
                operation: fact.operation,
                until: fact.until,
            },
            changed,
            losses: Losses::default(),
        }
    }

    pub(crate) fn scaled(&mut self, fact: &PoolScaled, changed: Seq) {
        self.size = fact.size;
        self.closing = false;
        self.change(fact.operation, fact.until, changed);
    }

    pub(crate) fn closing(&mut self, operation: OperationId, until: Time, changed: Seq) {
        self.size = 0;
        self.closing = true;
        self.change(operation, until, changed);
    }

    fn change(&mut self, operation: OperationId, until: Time, changed: Seq) {
        self.phase = Phase::Changing { operation, until };
        self.changed = changed;
    }

    pub(crate) fn lost_one(&mut self, at: Time) {
        let count = self.losses.count.saturating_add(1);
        self.losses = Losses { count, last: at };
    }

    /// The operation that waits for it.
    pub(crate) fn operation(&self) -> Option<OperationId> {
        match self.phase {
            Phase::Changing { operation, .. } => Some(operation),
            Phase::Settled => None,
        }
    }

    /// When it may ask for a machine in place of one that vanished.
    fn replaces_at(&self) -> Time {
        self.losses.last + REPLACE.after(self.losses.count.saturating_sub(1))
    }

    pub(crate) fn deadline(&self, name: &PoolName) -> Option<Deadline> {
        let Phase::Changing { until, .. } = self.phase else {
            return None;
        };
        Some(self.wait(name, "its machines to be as many as asked for", until))
    }

    /// What it waits for before it asks for a machine in place of one that vanished.
    pub(crate) fn pause(&self, name: &PoolName, state: &State) -> Option<Deadline> {
        let (until, staying) = (self.replaces_at(), state.staying(name));
        let waits = self.losses.count > 1 && staying < self.size as usize;
        waits.then(|| {
            let what = "asking for another machine, as one vanished again";
            self.wait(name, what, until)
        })
    }

    fn wait(&self, name: &PoolName, waiting_for: &str, until: Time) -> Deadline {
        let entity = EntityRef {
            kind: Kind::Pool,
            id: name.to_string(),
        };
        Deadline {
            entity,
            waiting_for: waiting_for.to_owned(),
            until,
        }
    }

    /// Whether it has exactly the machines it should have, all of them ready.
    pub(crate) fn is_whole(&self, name: &PoolName, state: &State) -> bool {
        let mut machines = state.of_pool(name);
        state.of_pool(name).count() == self.size as usize
            && machines.all(|(_, machine)| machine.is_ready())
    }

    /// How the operation that waits for it ends, and the pool itself, once they do.
    pub(crate) fn end(
        &self,
        name: &PoolName,
        state: &State,
        observed: &Observed,
        now: Time,
    ) -> Option<Draft> {
        if self.is_whole(name, state) {
            return self.success(name);
        }
        let Phase::Changing { operation, until } = self.phase else {
            return None;
        };
        (until <= now).then(|| {
            let failed = OperationFailed {
                operation,
                scope: Scope::Cluster,
                problem: self.failure(name, state, observed),
            };
            Draft::of(failed).for_operation(operation)
        })
    }

    fn success(&self, name: &PoolName) -> Option<Draft> {
        let mut draft = Draft::default();
        if self.closing {
            let pool = name.clone();
            draft.push(PoolRemoved { pool });
        }
        if let Some(operation) = self.operation() {
            let scope = Scope::Cluster;
            draft.push(OperationSucceeded { operation, scope });
            draft = draft.for_operation(operation);
        }
        (!draft.is_empty()).then_some(draft)
    }

    fn failure(&self, name: &PoolName, state: &State, observed: &Observed) -> Problem {
        let plights: Vec<String> = state
            .of_pool(name)
            .filter_map(|(id, machine)| plight(id, machine, observed))
            .chain(self.pause(name, state).map(|pause| pause.waiting_for))
            .collect();
        let plights = plights.join("; ");
        let blocked = |(_, machine): (_, &Machine)| machine.waits_for_its_node();
        if state.of_pool(name).any(blocked) {
            let detail = format!(
                "pool {name} has not come down to {} machines: {plights}. They go on leaving; make room elsewhere, or scale the pool up to keep them",
                self.size
            );
            return Problem::new(ProblemCode::DrainBlocked, detail);
        }
        let detail = format!(
            "pool {name} has not become {} ready machines: {plights}. They are tried further; mend what is named",
            self.size
        );
        Problem::new(ProblemCode::MachineFailed, detail)
    }
}

fn plight(id: &MachineId, machine: &Machine, observed: &Observed) -> Option<String> {
    let plight = machine.plight(&observed.of(id))?;
    Some(format!("{id} waits for {plight}"))
}
