//! What replicas wrote.

use gantry_events::{OutputAnswer, OutputAsked};
use gantry_spec::HealthCheck;

use crate::begin;
use crate::world::{World, spec, until};

#[tokio::test]
async fn what_a_replica_wrote_is_read_on_demand() {
    let world = World::new("output");
    let (engine, replica) = (world.engine(), world.replica("web-aaaaaa"));
    let talks = spec(
        &[
            "sh",
            "-c",
            "echo one; echo two >&2; echo $COLOUR $PORT $GANTRY_REPLICA",
        ],
        HealthCheck::Tcp,
    );
    begin(&engine, &replica, talks, 28_451).await;
    let asked = |tail| OutputAsked {
        replica: replica.clone(),
        tail,
        since: None,
    };
    until("its output", || async {
        matches!(engine.output(&asked(10)).await, OutputAnswer::Lines { lines } if lines.len() == 3)
    })
    .await;
    let OutputAnswer::Lines { lines } = engine.output(&asked(1)).await else {
        panic!("it has lines");
    };
    let lines: Vec<&str> = lines.iter().map(|line| line.line.as_str()).collect();
    assert!(
        lines == ["blue 8080 web-aaaaaa"] || lines == ["two"],
        "{lines:?}"
    );
    let unknown = OutputAsked {
        replica: world.replica("web-zzzzzz"),
        tail: 1,
        since: None,
    };
    assert_eq!(engine.output(&unknown).await, OutputAnswer::Unknown);
}
