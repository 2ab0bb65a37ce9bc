//! Answers to what users ask of pools: refused, unchanged, or taken on.

use gantry_decider::Draft;
use gantry_events::{
    Command, CreatePool, Fact, Intent, Millis, OperationId, OperationRefused, OperationSuperseded,
    OperationUnchanged, PoolClosing, PoolCreated, PoolName, PoolScaled, Problem, ProblemCode,
    RemovePool, ScalePool, Scope, Time,
};

use crate::saga::REMOVE;
use crate::size::{EMPTY, towards};
use crate::{Pool, Provider, State};

/// Time a pool has until all new machines are ready: that of making and joining, and as much again for
/// machines that share a busy host.
const GROW: Millis = Millis::from_secs(240);

/// Most machines of one pool; what is above rather is a slip of the finger.
const MOST_MACHINES: u32 = 1000;

/// The answer to a command.
pub(crate) fn answer(state: &State, command: &Command, now: Time) -> Draft {
    let operation = command.operation;
    let answer = match &command.intent {
        Intent::CreatePool(wish) => create(state, command, wish, now),
        Intent::ScalePool(wish) => scale(state, command, wish, now),
        Intent::RemovePool(wish) => remove(state, command, wish, now),
        Intent::ConfigPut(_)
        | Intent::ScaleService(_)
        | Intent::RemoveService(_)
        | Intent::Rollback(_)
        | Intent::RestartService(_)
        | Intent::CordonNode(_)
        | Intent::UncordonNode(_)
        | Intent::DrainNode(_) => {
            let name = command.intent.type_name();
            let detail = format!("{name} is not the provisioner's to decide; send it again");
            Err(Problem::new(ProblemCode::InvalidConfig, detail))
        }
    };
    answer.unwrap_or_else(|problem| {
        Draft::of(OperationRefused {
            operation,
            scope: command.intent.scope(),
            problem,
        })
    })
}

fn create(
    state: &State,
    command: &Command,
    wish: &CreatePool,
    now: Time,
) -> Result<Draft, Problem> {
    if Provider::from_name(&wish.provider).is_none() {
        let known = Provider::ALL.map(Provider::as_str).join(", ");
        let detail = format!("no provider is called `{}`; known: {known}", wish.provider);
        return Err(Problem::new(ProblemCode::ProviderUnknown, detail));
    }
    check_size(&wish.pool, wish.size)?;
    if let Some(pool) = state.pools.get(&wish.pool) {
        check_version(&wish.pool, pool, command)?;
        return exists(pool, command.operation, wish);
    }
    let created = PoolCreated {
        pool: wish.pool.clone(),
        provider: wish.provider.clone(),
        size: wish.size,
        labels: wish.labels.clone(),
        operation: command.operation,
        until: now + GROW,
    };
    let pool = Pool::created(&created, Default::default());
    let machines = towards(wish.size, &wish.pool, &pool, state, now);
    Ok(Draft::of(created).and_all(machines))
}

fn exists(pool: &Pool, operation: OperationId, wish: &CreatePool) -> Result<Draft, Problem> {
    let name = &wish.pool;
    if pool.closing {
        let detail = format!(
            "pool {name} is being removed; choose another name, or wait until it is no more"
        );
        return Err(Problem::new(ProblemCode::PoolExists, detail));
    }
    if (&pool.provider, pool.size) != (&wish.provider, wish.size) {
        let detail = format!(
            "pool {name} exists with provider {} and {} machines, and {} with {} was asked for; choose another name, or scale the one there is",
            pool.provider, pool.size, wish.provider, wish.size
        );
        return Err(Problem::new(ProblemCode::PoolExists, detail));
    }
    if pool.labels != wish.labels {
        let detail = format!(
            "pool {name} exists with other labels, and those of a pool stay; choose another name"
        );
        return Err(Problem::new(ProblemCode::PoolExists, detail));
    }
    Ok(unchanged(operation))
}

fn scale(state: &State, command: &Command, wish: &ScalePool, now: Time) -> Result<Draft, Problem> {
    let pool = find(state, &wish.pool, command)?;
    check_size(&wish.pool, wish.size)?;
    let same = pool.size == wish.size && !pool.closing;
    if same && pool.is_whole(&wish.pool, state) {
        return Ok(unchanged(command.operation));
    }
    let machines = towards(wish.size, &wish.pool, pool, state, now);
    let scaled = PoolScaled {
        pool: wish.pool.clone(),
        size: wish.size,
        operation: command.operation,
        until: now + time_for(&wish.pool, state, &machines),
    };
    Ok(overtaking(pool, command.operation)
        .and(scaled)
        .and_all(machines))
}

fn remove(
    state: &State,
    command: &Command,
    wish: &RemovePool,
    now: Time,
) -> Result<Draft, Problem> {
    let pool = find(state, &wish.pool, command)?;
    let machines = towards(0, &wish.pool, pool, state, now);
    let closing = PoolClosing {
        pool: wish.pool.clone(),
        operation: command.operation,
        until: now + time_for(&wish.pool, state, &machines),
    };
    Ok(overtaking(pool, command.operation)
        .and(closing)
        .and_all(machines))
}

/// Shrinking may have to wait for nodes to be emptied, and after that for their machines to be removed.
fn time_for(name: &PoolName, state: &State, facts: &[Fact]) -> Millis {
    let leaves = |fact: &Fact| matches!(fact, Fact::MachineLeaving(_));
    let left = state.of_pool(name).any(|(_, one)| !one.is_staying());
    if left || facts.iter().any(leaves) {
        return Millis(EMPTY.0 + REMOVE.0);
    }
    GROW
}

/// The end of the operation that still waits for the pool, if one does.
fn overtaking(pool: &Pool, by: OperationId) -> Draft {
    let overtaken = pool.operation().map(|operation| OperationSuperseded {
        operation,
        scope: Scope::Cluster,
        by,
    });
    overtaken.map(Draft::of).unwrap_or_default()
}

fn unchanged(operation: OperationId) -> Draft {
    Draft::of(OperationUnchanged {
        operation,
        scope: Scope::Cluster,
    })
}

fn find<'a>(state: &'a State, name: &PoolName, command: &Command) -> Result<&'a Pool, Problem> {
    let Some(pool) = state.pools.get(name) else {
        let detail = format!("there is no pool {name}; see `gantry pool ls`, or create it");
        return Err(Problem::new(ProblemCode::PoolNotFound, detail));
    };
    check_version(name, pool, command)?;
    Ok(pool)
}

fn check_version(name: &PoolName, pool: &Pool, command: &Command) -> Result<(), Problem> {
    let Some(read) = command.unchanged_since.filter(|read| *read < pool.changed) else {
        return Ok(());
    };
    let detail = format!(
        "pool {name} was changed at {}, and what was asked for rests on {read}; read it again, and ask again if you still want this",
        pool.changed
    );
    Err(Problem::new(ProblemCode::VersionConflict, detail))
}

fn check_size(name: &PoolName, size: u32) -> Result<(), Problem> {
    if size <= MOST_MACHINES {
        return Ok(());
    }
    let detail = format!(
        "pool {name} cannot have {size} machines; a pool has {MOST_MACHINES} at most, make several"
    );
    Err(Problem::new(ProblemCode::InvalidConfig, detail))
}
