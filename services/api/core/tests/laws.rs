//! What holds after any commands, machines and nodes in any order.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use gantry_api_core::{Api, Proof};
use gantry_events::{CreatePool, Intent, MachineRequested, Millis, Time, Writer};
use gantry_testkit::{Stage, laws};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Command,
    Requested { machine: u8, attempt: u32 },
    Proved { machine: u8, attempt: u32, key: u8 },
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Command),
        (1..4_u8, 1..3_u32).prop_map(|(machine, attempt)| Step::Requested { machine, attempt }),
        (1..4_u8, 1..3_u32, 0..2_u8).prop_map(|(machine, attempt, key)| Step::Proved {
            machine,
            attempt,
            key
        }),
        (1..40_u64).prop_map(|hours| Step::Pass(hours * 3_600_000)),
    ]
}

fn play(stage: &mut Stage<Api>, step: &Step) {
    match *step {
        Step::Command => {
            let intent = Intent::CreatePool(CreatePool {
                pool: "farm".parse().unwrap(),
                provider: "local".to_owned(),
                size: 1,
                labels: Default::default(),
            });
            stage.command(intent);
        }
        Step::Requested { machine, attempt } => {
            let requested = MachineRequested {
                machine: format!("m{machine}").parse().unwrap(),
                node: format!("n{machine}").parse().unwrap(),
                pool: "farm".parse().unwrap(),
                attempt,
                until: Time::default(),
                labels: Default::default(),
            };
            stage.fact(Writer::Provisioner, requested);
        }
        Step::Proved {
            machine,
            attempt,
            key,
        } => {
            stage.reading(Proof {
                machine: format!("m{machine}").parse().unwrap(),
                node: format!("n{machine}").parse().unwrap(),
                attempt,
                public_key: format!("U{key}"),
            });
        }
        Step::Pass(span) => {
            stage.pass(Millis(span));
        }
    }
    stage.settle();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_laws_hold(steps in prop::collection::vec(step(), 1..40)) {
        let mut stage = Stage::new(Api);
        for step in &steps {
            play(&mut stage, step);
        }
        laws::hold(&stage);
    }
}
