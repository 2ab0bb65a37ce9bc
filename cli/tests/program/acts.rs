//! Actions on what runs, followed to their end: restarts, drains, pools that grow.

use axum::routing::MethodRouter;
use serde_json::{Value, json};

use crate::shop;
use crate::stage::{self, Ran, run, serve};
use crate::story::{OPERATION, acts, event, operation, placed, ready, success};

/// What the program prints when that write is followed by these events and this end.
fn ran(words: &[&str], path: &str, told: &[Value], end: Value) -> Ran {
    let url = serve(shop::api().merge(acts(path, told, end)));
    let folder = tempfile::tempdir().unwrap();
    run(&url, folder.path(), words)
}

/// The event of the cluster.
fn of_cluster(n: u32, type_name: &str, data: Value) -> Value {
    let mut event = event(n, type_name, data);
    event["scope"] = json!("cluster");
    event
}

fn stopped(n: u32, replica: &str) -> Value {
    let data = json!({"project": "shop", "replica": replica, "node": "n1", "exit": 0});
    event(n, "replica.stopped.v1", data)
}

/// A drain of `n1`, where the first replica of `web` is, up to the end of what moves.
fn drain() -> Vec<Value> {
    let draining =
        json!({"node": "n1", "operation": OPERATION, "until": "2026-01-31T12:10:00.000Z"});
    let cordoned = json!({"node": "n1", "operation": OPERATION});
    let mut elsewhere = placed(3, "web-k2mq9x", 0);
    elsewhere["data"]["node"] = json!("n3");
    let mut there = ready(4, "web-k2mq9x");
    there["data"]["node"] = json!("n3");
    vec![
        of_cluster(1, "node.cordoned.v1", cordoned),
        of_cluster(2, "node.draining.v1", draining),
        elsewhere,
        there,
        stopped(5, "web-7f3k2q"),
    ]
}

#[test]
fn a_restart_is_told_replica_by_replica() {
    let restarted =
        json!({"project": "shop", "service": "web", "round": 1, "operation": OPERATION});
    let (ended, end) = success(6, json!({}));
    let told = [
        event(1, "service.restarted.v1", restarted),
        placed(2, "web-abcde2", 0),
        ready(3, "web-abcde2"),
        placed(4, "web-abcde3", 1),
        ready(5, "web-abcde3"),
        ended,
    ];
    let words = ["restart", "web", "-p", "shop"];
    let ran = ran(&words, "/v1/projects/shop/services/web/restart", &told, end);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    insta::assert_snapshot!(ran.err);
}

#[test]
fn a_drain_is_told_by_what_moves_and_how_to_undo_it() {
    let drained = of_cluster(6, "node.drained.v1", json!({"node": "n1"}));
    let (ended, end) = success(7, json!({"kind": "node.drain", "scope": "cluster"}));
    let told = [drain(), vec![drained, ended]].concat();
    let words = ["node", "drain", "n1"];
    let ran = ran(&words, "/v1/nodes/n1/drain", &told, end);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    insta::assert_snapshot!(ran.err);
}

#[test]
fn a_drain_that_is_held_up_fails_with_what_blocks_it_and_goes_on() {
    let late = "web-9ab4xz to leave";
    let problem = json!({"code": "drain-blocked", "detail": "web-9ab4xz fits no other node"});
    let overdue = json!({"node": "n1", "waiting_for": late, "until": "2026-01-31T12:10:00.000Z"});
    let failed = json!({"operation": OPERATION, "scope": "cluster", "problem": problem});
    let blocked = [
        of_cluster(6, "node.overdue.v1", overdue),
        of_cluster(7, "operation.failed.v1", failed),
    ];
    let told = [drain(), blocked.to_vec()].concat();
    let more = json!({"end_seq": 17, "problem": problem, "scope": "cluster"});
    let words = ["node", "drain", "n1"];
    let ran = ran(
        &words,
        "/v1/nodes/n1/drain",
        &told,
        operation("failed", more),
    );
    assert_ne!(ran.code, Some(0), "{ran:?}");
    for said in [
        late,
        "web-9ab4xz fits no other node",
        "the drain goes on",
        "gantry node uncordon n1",
    ] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
}

#[test]
fn a_pool_that_grows_is_told_machine_by_machine() {
    let until = "2026-01-31T12:05:00.000Z";
    let scaled = json!({"pool": "local", "size": 5, "operation": OPERATION, "until": until});
    let requested = json!({
        "machine": "m5", "node": "n5", "pool": "local", "labels": {}, "attempt": 1, "until": until,
    });
    let (ended, end) = success(4, json!({"kind": "pool.scale", "scope": "cluster"}));
    let told = [
        of_cluster(1, "pool.scaled.v1", scaled),
        of_cluster(2, "machine.requested.v1", requested),
        of_cluster(
            3,
            "machine.ready.v1",
            json!({"machine": "m5", "node": "n5"}),
        ),
        ended,
    ];
    let words = ["pool", "scale", "local=5"];
    let ran = ran(&words, "/v1/pools/local/scale", &told, end);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    insta::assert_snapshot!(ran.err);
}

#[test]
fn with_json_an_action_prints_its_operation_alone() {
    let (ended, end) = success(1, json!({"kind": "node.uncordon", "scope": "cluster"}));
    let words = ["node", "uncordon", "n1", "-o", "json", "-q"];
    let ran = ran(&words, "/v1/nodes/n1/uncordon", &[ended], end);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let shown: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&shown["id"], &shown["state"]),
        (&json!(OPERATION), &json!("succeeded"))
    );
}

#[test]
fn all_of_a_project_is_removed_by_one_write_where_that_is_meant() {
    let (ended, end) = success(1, json!({}));
    let routes = || {
        let accepted = async || stage::json(202, operation("queued", json!({})).to_string());
        let project = MethodRouter::new().delete(accepted);
        let acts = acts("/v1/nothing", std::slice::from_ref(&ended), end.clone());
        shop::api().merge(acts).route("/v1/projects/shop", project)
    };
    let folder = tempfile::tempdir().unwrap();
    let words = ["rm", "-p", "shop", "--allow-remove"];
    let removed = run(&serve(routes()), folder.path(), &words);
    assert_eq!(removed.code, Some(0), "{removed:?}");
    assert!(
        removed.err.contains("gantry rollback -p shop"),
        "{removed:?}"
    );
    let refused = run(&serve(routes()), folder.path(), &words[..3]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
}
