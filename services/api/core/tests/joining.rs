//! Who may join, and with which key.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use gantry_api_core::{Api, JoinRefusal, Joining, Proof};
use gantry_events::{Fact, MachineRequested, Time, Writer};
use gantry_testkit::Stage;

fn asked_for(attempt: u32) -> MachineRequested {
    MachineRequested {
        machine: "m1".parse().unwrap(),
        node: "n1".parse().unwrap(),
        pool: "farm".parse().unwrap(),
        attempt,
        until: Time::default(),
        labels: Default::default(),
    }
}

fn proof(attempt: u32, key: &str) -> Proof {
    Proof {
        machine: "m1".parse().unwrap(),
        node: "n1".parse().unwrap(),
        attempt,
        public_key: key.to_owned(),
    }
}

fn admitted(said: &[Fact]) -> Vec<&str> {
    said.iter()
        .map(|fact| match fact {
            Fact::NodeAdmitted(admitted) => admitted.public_key.as_str(),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_proved_node_is_admitted_once_and_gets_the_same_answer_again() {
    let mut stage = Stage::new(Api);
    stage.fact(Writer::Provisioner, asked_for(1));
    assert_eq!(stage.state.join(&proof(1, "UA")), Ok(Joining::New));
    assert_eq!(admitted(&stage.reading(proof(1, "UA")).settle()), ["UA"]);
    assert_eq!(stage.state.join(&proof(1, "UA")), Ok(Joining::Again));
    assert!(stage.reading(proof(1, "UA")).settle().is_empty());
}

#[test]
fn another_key_is_refused_until_the_machine_is_made_anew() {
    let mut stage = Stage::new(Api);
    stage.fact(Writer::Provisioner, asked_for(1));
    stage.reading(proof(1, "UA")).reading(proof(1, "UB"));
    assert_eq!(admitted(&stage.settle()), ["UA"]);
    let node = "n1".parse().unwrap();
    assert_eq!(
        stage.state.join(&proof(1, "UB")),
        Err(JoinRefusal::OtherKey { node })
    );
    stage.fact(Writer::Provisioner, asked_for(2));
    assert_eq!(admitted(&stage.reading(proof(2, "UB")).settle()), ["UB"]);
}

#[test]
fn nobody_joins_uninvited() {
    let mut stage = Stage::new(Api);
    stage.fact(Writer::Provisioner, asked_for(2));
    let elsewhere = Proof {
        machine: "m2".parse().unwrap(),
        ..proof(2, "UA")
    };
    let another = Proof {
        node: "n2".parse().unwrap(),
        ..proof(2, "UA")
    };
    for stranger in [elsewhere, another, proof(1, "UA"), proof(3, "UA")] {
        let verdict = stage.state.join(&stranger);
        assert!(
            matches!(verdict, Err(JoinRefusal::Uninvited { .. })),
            "{stranger:?}"
        );
        assert!(stage.reading(stranger).settle().is_empty());
        stage.restart();
    }
}
