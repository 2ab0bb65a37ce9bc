//! What a person who waits is told.

use gantry_events::Seq;
use serde_json::Value;

use super::*;

fn event(type_name: &str, second: i64, data: Value) -> CloudEvent {
    let time = Time::from_unix_millis(1_700_000_000_000 + second * 1000);
    let event = json!({
        "specversion": "1.0", "id": "x:1.0", "source": "scheduler", "type": type_name,
        "subject": "service/web", "time": time, "seq": 1, "index": 0, "actor": "service:scheduler",
        "operation": operation(), "cause": null, "traceparent": null, "scope": "shop", "data": data,
    });
    let event: CloudEvent = serde_json::from_value(event).unwrap();
    assert_eq!(event.seq, Seq(1));
    event
}

fn operation() -> OperationId {
    "0190a6a0-0000-7000-8000-000000000001".parse().unwrap()
}

fn placed(replica: &str, ordinal: u32) -> CloudEvent {
    let data = json!({
        "project": "shop", "replica": replica, "slot": {"service": "web", "ordinal": ordinal},
        "epoch": 1, "release": 1, "node": "n1",
        "spec": "sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "cpu": 0, "memory": 0, "explanation": {"fit": [], "unfit": {}, "because": ""},
        "until": "2023-11-14T22:13:20.000Z",
    });
    event("replica.placed.v1", 1, data)
}

fn ready(replica: &str) -> CloudEvent {
    let data = json!({"project": "shop", "replica": replica, "node": "n1", "address": null});
    event("replica.ready.v1", 2, data)
}

fn tale(there: u32) -> Tale {
    let count = Count { wanted: 3, there };
    let services = BTreeMap::from([("web".parse().unwrap(), count)]);
    let goal = Goal {
        services,
        ..Goal::default()
    };
    Tale::new(operation(), goal)
}

#[test]
fn replicas_are_counted_on_the_way_to_the_number_that_is_wanted() {
    let mut tale = tale(1);
    tale.hear(&placed("web-7f3k2q", 1));
    let line = tale.hear(&ready("web-7f3k2q")).unwrap();
    assert_eq!(
        (line.about.as_str(), line.what.as_str()),
        ("web-7f3k2q", "ready on n1 (2 of 3)")
    );
    let again = tale.hear(&ready("web-7f3k2q")).unwrap();
    assert_eq!(again.what, "ready on n1 (2 of 3)");
    assert_eq!(tale.hear(&ready("web-aaaaaa")), None);
}

#[test]
fn the_time_runs_from_acceptance_to_the_end_of_this_operation_alone() {
    let mut tale = tale(0);
    tale.hear(&event("operation.accepted.v1", 0, json!({})));
    let other = json!({"operation": "0190a6a0-0000-7000-8000-000000000002", "scope": "shop"});
    tale.hear(&event("operation.succeeded.v1", 5, other));
    assert!(!tale.has_ended());
    let own = json!({"operation": operation(), "scope": "shop"});
    tale.hear(&event("operation.succeeded.v1", 9, own));
    assert_eq!(tale.took(), Some(Millis(9000)));
}

#[test]
fn what_a_failed_replica_wrote_last_is_kept() {
    let mut tale = tale(0);
    let data = json!({
        "project": "shop", "replica": "web-7f3k2q", "node": "n1", "exit": 1,
        "reason": {"reason": "not_ready_in_time", "probe": "connection refused"},
        "log_tail": ["no database"],
    });
    let line = tale.hear(&event("replica.failed.v1", 3, data)).unwrap();
    assert_eq!(
        line.what,
        "failed: not ready in time: connection refused, exit code 1"
    );
    assert_eq!(tale.last_words().unwrap().lines, ["no database"]);
}

#[test]
fn a_type_of_a_newer_system_is_passed_over() {
    assert_eq!(
        tale(0).hear(&event("replica.dreamed.v1", 1, json!({}))),
        None
    );
}
