//! Events and logs as they are printed.

use axum::Router;
use axum::extract::RawQuery;
use axum::routing::get;
use serde_json::{Value, json};

use crate::stage::{self, run, serve};

fn event(seq: u64, type_name: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0", "id": format!("log:{seq}.0"), "source": "node/n1", "type": type_name,
        "subject": "replica/web-7f3k2q", "time": "2026-01-31T12:00:00.500Z", "seq": seq, "index": 0,
        "actor": "node:n1", "operation": null, "cause": null, "traceparent": null, "scope": "shop",
        "data": data,
    })
}

#[test]
fn events_are_read_page_by_page() {
    let pages = get(|RawQuery(query): RawQuery| async move {
        let query = query.unwrap_or_default();
        let page = if query.contains("after=7.0") {
            json!({"items": [event(9, "replica.stopped.v1", json!({"node": "n1"}))], "next": null, "seq": 9})
        } else {
            assert!(
                query.contains("scope=shop") && query.contains("type=replica.*"),
                "{query}"
            );
            json!({"items": [event(7, "replica.ready.v1", json!({"node": "n1", "exit": null}))], "next": "7.0", "seq": 9})
        };
        stage::json(200, page.to_string())
    });
    let url = serve(Router::new().route("/v1/events", pages));
    let folder = tempfile::tempdir().unwrap();
    let words = ["events", "--scope", "shop", "--type", "replica.*"];
    let ran = run(&url, folder.path(), &words);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    insta::assert_snapshot!(ran.out);
    let ran = run(&url, folder.path(), &[&words[..], &["-o", "json"]].concat());
    let seqs: Vec<_> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].clone())
        .collect();
    assert_eq!(seqs, [7, 9]);
}

#[test]
fn lines_of_several_services_stand_in_the_order_they_were_written() {
    let line = |replica: &str, second: u32, text: &str| {
        let time = format!("2026-01-31T12:00:{second:02}.000Z");
        let line = json!({"replica": replica, "stream": "stdout", "time": time, "line": text, "cursor": "x"});
        format!("{line}\n")
    };
    let of = |text: String| get(move || async move { stage::json(200, text) });
    let empty = of(String::new());
    let web = line("web-7f3k2q", 1, "listening") + &line("web-7f3k2q", 5, "GET /");
    let admin = line("admin-aaaaaa", 3, "hello");
    let services = get(async || stage::json(200, include_str!("fixtures/services.json")));
    let url = serve(
        Router::new()
            .route("/v1/projects/shop/services", services)
            .route("/v1/projects/shop/services/web/logs", of(web))
            .route("/v1/projects/shop/services/admin/logs", of(admin))
            .route("/v1/projects/shop/services/checkout-worker/logs", empty),
    );
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&url, folder.path(), &["logs", "-p", "shop"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    insta::assert_snapshot!(ran.out);
}
