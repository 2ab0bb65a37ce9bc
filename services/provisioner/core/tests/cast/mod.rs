//! Who speaks in a scene of pools: users, the provider, nodes, the scheduler; and facts as short lines.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each scene takes what it needs, and ends at the first surprise"
)]

use gantry_events::{
    Capacity, CreatePool, Fact, Intent, MachineId, MachineRequested, Millis, NodeDrained,
    NodeJoined, NodeOverdue, NodeUncordoned, OperationId, PoolCreated, PoolName, RemovePool,
    ScalePool, Seq, Writer,
};
use gantry_provisioner_core::{ProvisionerCore, Reading};
use gantry_testkit::Stage;

pub fn stage() -> Stage<ProvisionerCore> {
    Stage::new(ProvisionerCore)
}

pub fn pool(pool: &str, provider: &str, size: u32) -> Intent {
    Intent::CreatePool(CreatePool {
        pool: pool.parse().unwrap(),
        provider: provider.to_owned(),
        size,
        labels: Default::default(),
    })
}

pub fn m(id: &str) -> MachineId {
    id.parse().unwrap()
}

pub fn seen(id: &str, running: bool) -> Reading {
    Reading::MachineSeen {
        machine: m(id),
        provider_id: format!("gantry-{id}"),
        running,
    }
}

/// Nothing is left of it, in the eyes of one who knows the whole log.
pub fn absent(id: &str) -> Reading {
    absent_as_of(id, Seq(u64::MAX))
}

pub fn absent_as_of(id: &str, as_of: Seq) -> Reading {
    Reading::MachineAbsent {
        machine: m(id),
        as_of,
        remains: false,
    }
}

/// What a newer version may have said: a pool of a provider that this one does not know, with machine m1.
pub fn pool_of_another_provider(stage: &mut Stage<ProvisionerCore>) {
    let name: PoolName = "far".parse().unwrap();
    let until = stage.now + Millis::from_secs(60);
    let created = PoolCreated {
        pool: name.clone(),
        provider: "elsewhere".to_owned(),
        size: 1,
        labels: Default::default(),
        operation: OperationId::of_key("user:test", "far"),
        until,
    };
    stage.fact(Writer::Provisioner, created);
    let requested = MachineRequested {
        machine: m("m1"),
        node: "n1".parse().unwrap(),
        pool: name,
        labels: Default::default(),
        attempt: 1,
        until,
    };
    stage.fact(Writer::Provisioner, requested);
}

pub fn scale(pool: &str, size: u32) -> Intent {
    let pool = pool.parse().unwrap();
    Intent::ScalePool(ScalePool { pool, size })
}

pub fn remove(pool: &str) -> Intent {
    let pool = pool.parse().unwrap();
    Intent::RemovePool(RemovePool { pool })
}

pub fn drain(stage: &mut Stage<ProvisionerCore>, node: &str) {
    let node = node.parse().unwrap();
    stage.fact(Writer::Scheduler, NodeDrained { node });
}

pub fn uncordon(stage: &mut Stage<ProvisionerCore>, node: &str) {
    let uncordoned = NodeUncordoned {
        node: node.parse().unwrap(),
        operation: None,
        unplaced: Vec::new(),
    };
    stage.fact(Writer::Scheduler, uncordoned);
}

pub fn blocked(stage: &mut Stage<ProvisionerCore>, node: &str, waiting_for: &str) {
    let overdue = NodeOverdue {
        node: node.parse().unwrap(),
        waiting_for: waiting_for.to_owned(),
        until: stage.now,
    };
    stage.fact(Writer::Scheduler, overdue);
}

/// The machines that are asked for become ready, one after the other.
pub fn arrive(stage: &mut Stage<ProvisionerCore>, numbers: &[u32]) -> Vec<String> {
    for number in numbers {
        stage.reading(seen(&format!("m{number}"), true));
        stage.settle();
        join(stage, &format!("n{number}"));
    }
    lines(&stage.settle())
}

pub fn join(stage: &mut Stage<ProvisionerCore>, node: &str) {
    let joined = NodeJoined {
        node: node.parse().unwrap(),
        address: [10, 0, 0, 7].into(),
        capacity: Capacity::default(),
    };
    stage.fact(Writer::Node(joined.node.clone()), joined);
}

/// Facts as short lines: type without version, and what it is about.
pub fn lines(facts: &[Fact]) -> Vec<String> {
    facts.iter().map(line).collect()
}

pub fn line(fact: &Fact) -> String {
    let name = fact.type_name().trim_end_matches(".v1");
    match fact {
        Fact::OperationRefused(f) => format!("{name} {:?}", f.problem.code),
        Fact::OperationFailed(f) => format!("{name} {:?}", f.problem.code),
        Fact::OperationSucceeded(_)
        | Fact::OperationUnchanged(_)
        | Fact::OperationSuperseded(_) => name.to_owned(),
        fact => format!("{name} {}", fact.subject().id),
    }
}

/// A stage on which a pool `local` of so many machines was made, seen and joined.
pub fn ready(size: u32) -> (Stage<ProvisionerCore>, OperationId) {
    let mut stage = stage();
    let (operation, _) = stage.command(pool("local", "local", size));
    let numbers: Vec<u32> = (1..=size).collect();
    let said = arrive(&mut stage, &numbers);
    assert_eq!(said.last().unwrap(), "operation.succeeded");
    stage.pass(Millis::from_secs(60));
    (stage, operation)
}
