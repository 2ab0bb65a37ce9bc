//! The laws of every core, and those of pools, over random scenes.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{
    Capacity, CreatePool, Fact, Intent, MachineId, Millis, NodeDrained, NodeJoined, OperationId,
    RemovePool, ScalePool, Seq, Writer,
};
use gantry_provisioner_core::{ProvisionerCore, Reading};
use gantry_testkit::told::Words;
use gantry_testkit::{Stage, laws};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    Create {
        pool: &'static str,
        provider: &'static str,
        size: u32,
    },
    Scale {
        pool: &'static str,
        size: u32,
        behind: Option<u64>,
    },
    Remove {
        pool: &'static str,
    },
    Seen {
        machine: u32,
        running: bool,
    },
    Absent {
        machine: u32,
        behind: u64,
        remains: bool,
    },
    Fails {
        machine: u32,
    },
    Joins {
        node: u32,
    },
    Drained {
        node: u32,
    },
    Pass(u64),
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let pools = || prop_oneof![Just("local"), Just("more"), Just("third")];
    let providers = prop_oneof![9 => Just("local"), 1 => Just("moon")];
    prop_oneof![
        1 => (pools(), providers, 0..4_u32).prop_map(|(pool, provider, size)| Act::Create { pool, provider, size }),
        4 => (1..9_u32, any::<bool>()).prop_map(|(machine, running)| Act::Seen { machine, running }),
        3 => (pools(), 0..4_u32, prop::option::weighted(0.2, 0..20_u64)).prop_map(|(pool, size, behind)| Act::Scale { pool, size, behind }),
        1 => pools().prop_map(|pool| Act::Remove { pool }),
        3 => (1..9_u32, 0..5_u64, prop::bool::weighted(0.2)).prop_map(|(machine, behind, remains)| Act::Absent { machine, behind, remains }),
        2 => (1..9_u32).prop_map(|node| Act::Drained { node }),
        1 => (1..9_u32).prop_map(|machine| Act::Fails { machine }),
        3 => (1..9_u32).prop_map(|node| Act::Joins { node }),
        3 => (0..200_000_u64).prop_map(Act::Pass),
        1 => Just(Act::Restart),
    ]
}

fn id(machine: u32) -> MachineId {
    format!("m{machine}").parse().unwrap()
}

fn play(stage: &mut Stage<ProvisionerCore>, act: &Act) {
    match act.clone() {
        Act::Create {
            pool,
            provider,
            size,
        } => {
            let wish = CreatePool {
                pool: pool.parse().unwrap(),
                provider: provider.to_owned(),
                size,
                labels: Default::default(),
            };
            let (_, said) = stage.command(Intent::CreatePool(wish));
            assert!(!said.is_empty(), "every command is answered");
        }
        Act::Seen { machine, running } => {
            let provider_id = format!("gantry-m{machine}");
            stage.reading(Reading::MachineSeen {
                machine: id(machine),
                provider_id,
                running,
            });
        }
        Act::Scale { pool, size, behind } => {
            let pool = pool.parse().unwrap();
            let read = behind.map(|behind| Seq(stage.seq().0.saturating_sub(behind)));
            let wish = Intent::ScalePool(ScalePool { pool, size });
            assert!(!stage.command_on(wish, read).1.is_empty());
        }
        Act::Remove { pool } => {
            let pool = pool.parse().unwrap();
            let wish = Intent::RemovePool(RemovePool { pool });
            assert!(!stage.command(wish).1.is_empty());
        }
        Act::Drained { node } => {
            let node = format!("n{node}").parse().unwrap();
            stage.fact(Writer::Scheduler, NodeDrained { node });
        }
        Act::Absent {
            machine,
            behind,
            remains,
        } => {
            stage.reading(Reading::MachineAbsent {
                machine: id(machine),
                as_of: Seq(stage.seq().0.saturating_sub(behind)),
                remains,
            });
        }
        Act::Fails { machine } => {
            let error = "out of disk".to_owned();
            stage.reading(Reading::ProviderSaid {
                machine: id(machine),
                error,
            });
        }
        Act::Joins { node } => {
            let node: gantry_events::NodeId = format!("n{node}").parse().unwrap();
            let joined = NodeJoined {
                node: node.clone(),
                address: [10, 0, 0, 7].into(),
                capacity: Capacity::default(),
            };
            stage.fact(Writer::Node(node), joined);
        }
        Act::Pass(millis) => {
            stage.settle_for(Millis(millis));
        }
        Act::Restart => {
            stage.restart();
        }
    }
    stage.settle();
}

/// How often each operation was begun and ended.
fn ends(stage: &Stage<ProvisionerCore>) -> BTreeMap<OperationId, u32> {
    let mut ends = BTreeMap::new();
    for told in &stage.told {
        match &told.said {
            Words::Command(command) => {
                ends.entry(command.operation).or_default();
            }
            Words::Fact(fact) => match &**fact {
                Fact::OperationRefused(f) => *ends.entry(f.operation).or_default() += 1,
                Fact::OperationUnchanged(f) => *ends.entry(f.operation).or_default() += 1,
                Fact::OperationSucceeded(f) => *ends.entry(f.operation).or_default() += 1,
                Fact::OperationFailed(f) => *ends.entry(f.operation).or_default() += 1,
                Fact::OperationSuperseded(f) => *ends.entry(f.operation).or_default() += 1,
                _ => {}
            },
        }
    }
    ends
}

fn sizes_fit(stage: &Stage<ProvisionerCore>) {
    let state = &stage.state;
    for (name, pool) in &state.pools {
        let staying = state.of_pool(name).filter(|(_, one)| one.is_staying());
        let staying = staying.count();
        let may_miss = pool.losses.count > 1;
        assert!(
            staying == pool.size as usize || (may_miss && staying < pool.size as usize),
            "pool {name} has the machines it asked for, or waits as it lost some"
        );
    }
    let nodes: BTreeSet<_> = state
        .machines
        .values()
        .map(|machine| &machine.node)
        .collect();
    assert_eq!(
        nodes.len(),
        state.machines.len(),
        "no two machines are one node"
    );
    assert_eq!(
        stage.wanted().machines.len(),
        state.machines.len(),
        "every machine is wanted, or wanted away"
    );
}

/// What was said of each machine, in order.
fn lives(stage: &Stage<ProvisionerCore>) -> BTreeMap<String, Vec<&'static str>> {
    let mut lives: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for told in &stage.told {
        let Words::Fact(fact) = &told.said else {
            continue;
        };
        let name = fact.type_name();
        if name.starts_with("machine.") {
            lives.entry(fact.subject().id).or_default().push(name);
        }
    }
    lives
}

/// One life: asked for once, made once, and nothing said after the end.
fn is_one_life(machine: &str, life: &[&str]) {
    let at = |name: &str| life.iter().position(|one| *one == name);
    let count = |name: &str| life.iter().filter(|one| **one == name).count();
    for once in ["machine.requested.v1", "machine.created.v1"] {
        assert!(count(once) <= 1, "{machine}: {once} is said once: {life:?}");
    }
    assert_eq!(at("machine.requested.v1"), Some(0), "{machine}: {life:?}");
    let ends = ["machine.removed.v1", "machine.gone.v1"];
    let end = ends.into_iter().filter_map(at).min();
    assert!(
        end.is_none_or(|end| end + 1 == life.len()),
        "{machine}: nothing follows the end: {life:?}"
    );
    if let (Some(removing), Some(kept)) = (
        at("machine.removing.v1"),
        life.iter().rposition(|one| *one == "machine.kept.v1"),
    ) {
        assert!(kept < removing, "{machine}: no way back: {life:?}");
    }
}

proptest! {
    #[test]
    fn the_laws_hold_in_every_scene(acts in prop::collection::vec(act(), 0..40)) {
        let mut stage = Stage::new(ProvisionerCore);
        for act in &acts {
            play(&mut stage, act);
            sizes_fit(&stage);
        }
        laws::hold(&stage);
        for (machine, life) in lives(&stage) {
            is_one_life(&machine, &life);
        }
    }

    #[test]
    fn every_operation_ends_once(acts in prop::collection::vec(act(), 0..40)) {
        let mut stage = Stage::new(ProvisionerCore);
        for act in &acts {
            play(&mut stage, act);
        }
        stage.settle_for(Millis::from_secs(700));
        laws::nothing_waits_unseen(&stage);
        for (operation, ends) in ends(&stage) {
            prop_assert_eq!(ends, 1, "{}", operation);
        }
    }
}
