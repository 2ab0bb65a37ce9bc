//! By what a retry is told from a new request.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use gantry_api_core::{Api, KEPT, Verdict};
use gantry_events::{CreatePool, Digest, Intent, Millis, OperationId, Place};
use gantry_testkit::Stage;

fn command(stage: &mut Stage<Api>) -> (OperationId, Place) {
    let intent = Intent::CreatePool(CreatePool {
        pool: "farm".parse().unwrap(),
        provider: "local".to_owned(),
        size: 1,
        labels: Default::default(),
    });
    let (operation, _) = stage.command(intent);
    let place = stage.told.last().unwrap().place;
    (operation, place)
}

#[test]
fn the_same_request_is_the_same_operation_and_another_is_refused() {
    let mut stage = Stage::new(Api);
    let (operation, place) = command(&mut stage);
    let same = Digest::of(b"1");
    let known = &stage.state.operations;
    assert_eq!(
        known.verdict(operation, same),
        Some(Verdict::Accepted(place))
    );
    assert_eq!(
        known.verdict(operation, Digest::of(b"other")),
        Some(Verdict::Reused)
    );
    assert_eq!(known.verdict(OperationId::of_key("a", "b"), same), None);
}

#[test]
fn an_operation_is_known_for_a_day_and_forgotten_some_time_after() {
    let mut stage = Stage::new(Api);
    let (operation, place) = command(&mut stage);
    let same = Digest::of(b"1");
    stage.pass(Millis::from_secs(24 * 3600));
    command(&mut stage);
    assert_eq!(
        stage.state.operations.verdict(operation, same),
        Some(Verdict::Accepted(place))
    );
    stage.pass(KEPT);
    command(&mut stage);
    assert_eq!(stage.state.operations.verdict(operation, same), None);
}
