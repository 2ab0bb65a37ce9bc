//! Every event and command version has a golden file, which is decoded for ever.

#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;

use gantry_events::{Event, Fact, Intent};
use gantry_testkit::golden;
use serde_json::{Value, json};

const OPERATION: &str = "018f4e7a-0000-7000-8000-000000000001";
const NEWER: &str = "018f4e7a-0000-7000-8000-000000000002";
const LOG: &str = "018f4e7a-0000-7000-8000-00000000000a";
const DIGEST: &str = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
const TIME: &str = "2026-01-31T12:00:00.000Z";

fn problem() -> Value {
    json!({"code": "no-node-fits", "detail": "web asks for 2 cores and no node has them free; add a node"})
}

/// One example of the data of each type.
fn example(name: &str) -> Value {
    let of_replica = |more: Value| {
        merged(
            json!({"project": "shop", "replica": "web-7f3k2q", "node": "n1"}),
            more,
        )
    };
    let of_rollout = |more: Value| {
        merged(
            json!({"project": "shop", "service": "web", "operation": OPERATION}),
            more,
        )
    };
    let of_operation = |more: Value| merged(json!({"operation": OPERATION, "scope": "shop"}), more);
    match name {
        "log.begun.v1" => json!({"log": LOG, "cluster": "gantry"}),
        "node.admitted.v1" => json!({"node": "n1", "machine": "m1", "public_key": "UAKEY"}),
        "node.joined.v1" => {
            json!({"node": "n1", "address": "10.0.0.2", "capacity": {"cpu": 2000, "memory": 1073741824}})
        }
        "node.suspected.v1" => {
            json!({"node": "n1", "since": TIME, "widespread": false, "until": TIME})
        }
        "node.returned.v1" | "node.drained.v1" => json!({"node": "n1"}),
        "node.lost.v1" => json!({"node": "n1", "since": TIME}),
        "node.cordoned.v1" => json!({"node": "n1", "operation": OPERATION}),
        "node.uncordoned.v1" => json!({
            "node": "n1", "operation": OPERATION, "unplaced": [{"project": "shop", "service": "web"}],
        }),
        "node.draining.v1" => json!({"node": "n1", "operation": OPERATION, "until": TIME}),
        "node.overdue.v1" => {
            json!({"node": "n1", "waiting_for": "web-7f3k2q to leave", "until": TIME})
        }
        "operation.refused.v1" | "operation.failed.v1" => {
            of_operation(json!({"problem": problem()}))
        }
        "operation.unchanged.v1" | "operation.succeeded.v1" => of_operation(json!({})),
        "operation.superseded.v1" => of_operation(json!({"by": NEWER})),
        "operation.resolving.v1" => {
            json!({"operation": OPERATION, "project": "shop", "config": DIGEST, "images": ["app:1"], "until": TIME})
        }
        "release.created.v1" => {
            json!({"project": "shop", "release": 4, "operation": OPERATION, "config": DIGEST, "images": {"app:1": format!("app@{DIGEST}")}, "rollback_of": 3})
        }
        "rollout.started.v1" => of_rollout(json!({"until": TIME})),
        "rollout.advanced.v1" => of_rollout(json!({"done": 2, "of": 3, "until": TIME})),
        "rollout.finished.v1" => of_rollout(json!({})),
        "rollout.failed.v1" => of_rollout(json!({"problem": problem()})),
        "rollout.superseded.v1" => of_rollout(json!({"by": NEWER})),
        "service.configured.v1" => {
            json!({"project": "shop", "service": "web", "release": 1, "spec": DIGEST, "replicas": 3,
                "rollout": {"surge": 1, "unavailable": 0, "drain": 30000, "grace": 10000, "deadline": 300000},
                "place": {"require": {"zone": "eu"}, "prefer": {"disk": "ssd"}, "spread": "zone", "per_node": 2},
                "domains": [{"host": "shop.example.com"}, {"host": "www.example.com", "redirect": "shop.example.com"}]})
        }
        "service.restarted.v1" => json!({"project": "shop", "service": "web", "round": 1}),
        "service.scaled.v1" => json!({"project": "shop", "service": "web", "replicas": 5}),
        "service.removed.v1" | "service.ended.v1" => json!({"project": "shop", "service": "web"}),
        "service.unplaced.v1" => {
            json!({"project": "shop", "service": "web", "ordinal": 2, "further": 3, "explanation": explanation(), "until": TIME})
        }
        "replica.placed.v1" => of_replica(json!({
            "slot": {"service": "web", "ordinal": 0}, "epoch": 1, "release": 1, "round": 0, "spec": DIGEST,
            "cpu": 500, "memory": 536870912, "explanation": explanation(), "until": TIME
        })),
        "replica.draining.v1" => {
            json!({"project": "shop", "replica": "web-7f3k2q", "why": {"reason": "replaced", "by": "web-abc234"}, "drain": 30000, "until": TIME})
        }
        "replica.stopping.v1" => {
            json!({"project": "shop", "replica": "web-7f3k2q", "grace": 10000, "until": TIME})
        }
        "replica.overdue.v1" => {
            json!({"project": "shop", "replica": "web-7f3k2q", "waiting_for": "its node to say that it stopped", "until": TIME})
        }
        "replica.lost.v1" => of_replica(json!({})),
        "replica.regained.v1" => of_replica(json!({"until": TIME})),
        "replica.ready.v1" => of_replica(json!({"address": "10.0.0.2:20001"})),
        "replica.unready.v1" => of_replica(json!({"reason": "GET /healthz answered 503"})),
        "replica.restarted.v1" => of_replica(
            json!({"restarts": 2, "exit": 137, "backoff": 2000, "log_tail": ["no database"]}),
        ),
        "replica.failed.v1" => of_replica(
            json!({"reason": {"reason": "unhealthy", "probe": "GET /healthz answered 503"}, "exit": null, "log_tail": ["out of patience"]}),
        ),
        "replica.stopped.v1" => of_replica(
            json!({"exit": 1, "probe": "GET /healthz answered 503", "log_tail": ["no database"]}),
        ),
        "pool.created.v1" => {
            json!({"pool": "local", "provider": "local", "size": 3, "labels": {"zone": "eu"}, "operation": OPERATION, "until": TIME})
        }
        "pool.scaled.v1" => {
            json!({"pool": "local", "size": 4, "operation": OPERATION, "until": TIME})
        }
        "pool.closing.v1" => json!({"pool": "local", "operation": OPERATION, "until": TIME}),
        "pool.removed.v1" => json!({"pool": "local"}),
        "machine.requested.v1" => {
            json!({"machine": "m1", "node": "n1", "pool": "local", "labels": {"pool": "local", "provider": "local"}, "attempt": 1, "until": TIME})
        }
        "machine.created.v1" => json!({"machine": "m1", "provider_id": "gantry-m1", "until": TIME}),
        "machine.started.v1" => json!({"machine": "m1"}),
        "machine.ready.v1" | "machine.kept.v1" | "machine.removed.v1" | "machine.gone.v1" => {
            json!({"machine": "m1", "node": "n1"})
        }
        "machine.leaving.v1" | "machine.removing.v1" => {
            json!({"machine": "m1", "node": "n1", "until": TIME})
        }
        "machine.overdue.v1" => {
            json!({"machine": "m1", "waiting_for": "its node to join", "until": TIME})
        }
        "balancer.table_applied.v1" => {
            json!({"balancer": "b1", "table": 17, "hosts": 1, "routed": ["shop/web-7f3k2q"], "released": ["shop/web-abc234"]})
        }
        other => panic!("{other} has no example; add one here"),
    }
}

fn explanation() -> Value {
    json!({
        "fit": ["n1"],
        "unfit": {"n2": {"reason": "memory", "free": 1048576, "asked": 536870912}},
        "because": "n1 has the fewest replicas of web"
    })
}

fn merged(mut base: Value, more: Value) -> Value {
    if let (Some(base), Value::Object(more)) = (base.as_object_mut(), more) {
        base.extend(more);
    }
    base
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn every_fact_is_written_as_its_golden_file_says() {
    for name in Fact::TYPES {
        let example = example(name);
        let fact: Fact =
            serde_json::from_value(json!({"type": name, "data": example})).expect(name);
        let event = serde_json::to_value(Event { fact }).expect(name);
        assert_eq!(event["data"], example, "{name}");
        golden::check(
            &folder().join(format!("{name}.json")),
            &serde_json::to_string_pretty(&event).expect(name),
        );
    }
}

#[test]
fn every_command_is_written_as_its_golden_file_says() {
    let examples = [
        json!({"type": "config.put.v1", "data": {"project": "shop", "config": "{}"}}),
        json!({"type": "service.scale.v1", "data": {"project": "shop", "service": "web", "replicas": 5}}),
        json!({"type": "service.remove.v1", "data": {"project": "shop", "service": "web"}}),
        json!({"type": "release.rollback.v1", "data": {"project": "shop", "to": 3, "config": "{}", "images": {"app:1": format!("app@{DIGEST}")}}}),
        json!({"type": "service.restart.v1", "data": {"project": "shop", "service": "web"}}),
        json!({"type": "node.cordon.v1", "data": {"node": "n1"}}),
        json!({"type": "node.uncordon.v1", "data": {"node": "n1"}}),
        json!({"type": "node.drain.v1", "data": {"node": "n1"}}),
        json!({"type": "pool.create.v1", "data": {"pool": "local", "provider": "local", "size": 3, "labels": {"zone": "eu"}}}),
        json!({"type": "pool.scale.v1", "data": {"pool": "local", "size": 4}}),
        json!({"type": "pool.remove.v1", "data": {"pool": "local"}}),
    ];
    let names: Vec<&str> = examples.iter().filter_map(|e| e["type"].as_str()).collect();
    assert_eq!(names, Intent::TYPES);
    for example in examples {
        let intent: Intent = serde_json::from_value(example.clone()).expect("an intent");
        let written = serde_json::to_value(&intent).expect("an intent");
        assert_eq!(written, example);
        let path = folder().join(format!("{}.json", intent.type_name()));
        golden::check(
            &path,
            &serde_json::to_string_pretty(&written).expect("an intent"),
        );
    }
}

#[test]
fn every_golden_file_is_still_read() {
    for file in fs::read_dir(folder()).expect("the folder").flatten() {
        let text = fs::read_to_string(file.path()).expect("a golden file");
        let read = serde_json::from_str::<Event>(&text).is_ok()
            || serde_json::from_str::<Intent>(&text).is_ok();
        assert!(read, "{} cannot be read any more", file.path().display());
    }
}
