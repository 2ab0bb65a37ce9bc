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
    let count = Count {
        wanted: 3,
        there,
        leaving: 0,
    };
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
        ("web-7f3k2q", "ready on n1, 2/3")
    );
    let again = tale.hear(&ready("web-7f3k2q")).unwrap();
    assert_eq!(again.what, "ready on n1, 2/3");
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
fn what_one_that_is_ready_again_wrote_before_is_forgotten() {
    let mut tale = tale(0);
    let restarted = |replica: &str| {
        let data = json!({"project": "shop", "replica": replica, "node": "n1", "restarts": 1, "backoff": 2000,
            "exit": 1, "log_tail": ["no database"]});
        event("replica.restarted.v1", 2, data)
    };
    tale.hear(&restarted("web-7f3k2q"));
    tale.hear(&ready("web-aaaaaa"));
    assert!(tale.last_words().is_some());
    tale.hear(&ready("web-7f3k2q"));
    assert!(tale.last_words().is_none());
}

#[test]
fn a_type_of_a_newer_system_is_passed_over() {
    assert_eq!(
        tale(0).hear(&event("replica.dreamed.v1", 1, json!({}))),
        None
    );
}

fn home(replica: &str, ordinal: u32, node: &str) -> Home {
    Home {
        project: "shop".parse().unwrap(),
        replica: replica.parse().unwrap(),
        slot: Slot {
            service: "web".parse().unwrap(),
            ordinal,
        },
        node: node.parse().unwrap(),
    }
}

/// What is told of these events, a line each.
fn told(tale: &mut Tale, events: &[CloudEvent]) -> Vec<String> {
    let lines = events.iter().filter_map(|event| tale.hear(event));
    lines
        .map(|line| format!("{}: {}", line.about, line.what))
        .collect()
}

fn stopped(replica: &str, node: &str) -> CloudEvent {
    let data = json!({"project": "shop", "replica": replica, "node": node, "exit": 0});
    event("replica.stopped.v1", 4, data)
}

fn of_cluster(type_name: &str, data: Value) -> CloudEvent {
    let mut event = event(type_name, 1, data);
    event.scope = gantry_events::Scope::Cluster;
    event
}

#[test]
fn a_drain_is_told_by_what_moves_off_its_node_and_what_holds_it_up() {
    let goal = Goal {
        nodes: ["n2".parse().unwrap()].into(),
        moves: true,
        homes: vec![
            home("web-7f3k2q", 0, "n1"),
            home("web-9ab4xz", 1, "n2"),
            home("web-k2mq7d", 2, "n2"),
        ],
        ..Goal::default()
    };
    let mut tale = Tale::new(operation(), goal);
    let until = "2023-11-14T22:23:20.000Z";
    let lines = told(
        &mut tale,
        &[
            of_cluster(
                "node.draining.v1",
                json!({"node": "n2", "operation": operation(), "until": until}),
            ),
            of_cluster("node.draining.v1", json!({"node": "n9", "until": until})),
            placed("web-aaaaaa", 1),
            placed("web-bbbbbb", 0),
            ready("web-aaaaaa"),
            ready("web-7f3k2q"),
            stopped("web-9ab4xz", "n2"),
            stopped("web-7f3k2q", "n1"),
            of_cluster(
                "node.overdue.v1",
                json!({"node": "n2", "waiting_for": "slot 2 of web of shop: no node fits", "until": until}),
            ),
            stopped("web-k2mq7d", "n2"),
            of_cluster("node.drained.v1", json!({"node": "n2"})),
        ],
    );
    assert_eq!(
        lines,
        [
            "n2: is being emptied, until 22:23:20 UTC",
            "web-aaaaaa: placed on n1",
            "web-aaaaaa: ready on n1",
            "web-9ab4xz: stopped, 1/2",
            "n2: still waits for slot 2 of web of shop: no node fits, until 22:23:20 UTC",
            "web-k2mq7d: stopped, 2/2",
            "n2: is empty",
        ]
    );
}

#[test]
fn once_the_way_leads_back_nothing_is_counted_any_more() {
    let mut tale = tale(0);
    let release = |n: u32, back: Option<u32>| {
        let zero = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
        let data = json!({"project": "shop", "release": n, "operation": operation(), "config": zero,
            "images": {}, "rollback_of": back});
        event("release.created.v1", 1, data)
    };
    let late = json!({"project": "shop", "replica": "web-7f3k2q", "node": "n1", "exit": 137,
        "probe": "503 from /healthz", "log_tail": ["warming up"]});
    let lines = told(
        &mut tale,
        &[
            release(5, None),
            placed("web-7f3k2q", 0),
            release(6, Some(4)),
            event("replica.stopped.v1", 4, late),
            placed("web-aaaaaa", 0),
            ready("web-aaaaaa"),
        ],
    );
    assert_eq!(
        lines,
        [
            "release r5: made",
            "web-7f3k2q: placed on n1",
            "release r6: made, with the content of r4: the way back",
            "web-7f3k2q: stopped before it was ready: 503 from /healthz",
            "web-aaaaaa: placed on n1",
            "web-aaaaaa: ready on n1",
        ]
    );
    let last = tale.last_words().unwrap();
    assert_eq!(last.probe.as_deref(), Some("503 from /healthz"));
    assert_eq!(last.lines, ["warming up"]);
}

#[test]
fn what_leaves_for_good_is_counted_too() {
    let mut goal = Goal::default();
    let count = Count {
        leaving: 2,
        ..Count::default()
    };
    goal.services.insert("web".parse().unwrap(), count);
    let mut tale = Tale::new(operation(), goal);
    let lines = told(
        &mut tale,
        &[
            stopped("web-7f3k2q", "n1"),
            stopped("web-9ab4xz", "n2"),
            stopped("db-aaaaaa", "n1"),
        ],
    );
    assert_eq!(
        lines,
        ["web-7f3k2q: stopped, 1/2", "web-9ab4xz: stopped, 2/2"]
    );
}
