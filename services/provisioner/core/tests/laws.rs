//! The laws of every core, and those of pools, over random scenes.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{
    Capacity, CreatePool, Fact, Intent, MachineId, Millis, NodeJoined, OperationId, Writer,
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
    Seen {
        machine: u32,
        running: bool,
    },
    Absent {
        machine: u32,
    },
    Fails {
        machine: u32,
    },
    Joins {
        node: u32,
    },
    Pass(u64),
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let pools = prop_oneof![Just("local"), Just("more"), Just("third")];
    let providers = prop_oneof![9 => Just("local"), 1 => Just("moon")];
    prop_oneof![
        1 => (pools, providers, 0..4_u32).prop_map(|(pool, provider, size)| Act::Create { pool, provider, size }),
        4 => (1..9_u32, any::<bool>()).prop_map(|(machine, running)| Act::Seen { machine, running }),
        1 => (1..9_u32).prop_map(|machine| Act::Absent { machine }),
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
        Act::Absent { machine } => {
            stage.reading(Reading::MachineAbsent {
                machine: id(machine),
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
                _ => {}
            },
        }
    }
    ends
}

fn sizes_fit(stage: &Stage<ProvisionerCore>) {
    let state = &stage.state;
    for (name, pool) in &state.pools {
        let machines = state
            .machines
            .values()
            .filter(|machine| machine.pool == *name)
            .count();
        assert_eq!(
            machines, pool.size as usize,
            "pool {name} has the machines it asked for"
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
        stage.wanted().len(),
        state.machines.len(),
        "every machine is wanted"
    );
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
    }

    #[test]
    fn every_operation_ends_once(acts in prop::collection::vec(act(), 0..40)) {
        let mut stage = Stage::new(ProvisionerCore);
        for act in &acts {
            play(&mut stage, act);
        }
        stage.settle_for(Millis::from_secs(600));
        laws::nothing_waits_unseen(&stage);
        for (operation, ends) in ends(&stage) {
            prop_assert_eq!(ends, 1, "{}", operation);
        }
    }
}
