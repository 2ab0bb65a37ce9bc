//! Names that nothing bears: what is said then, and what was meant.

use axum::routing::any;
use gantry_rest::ProblemCode;
use serde_json::Value;

use crate::shop;
use crate::stage::{Ran, problem, run, serve};

/// Whatever else is asked for is not there.
fn api(missing: ProblemCode) -> String {
    serve(shop::api().fallback(any(move || async move { problem(missing) })))
}

fn ran(missing: ProblemCode, words: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    run(&api(missing), folder.path(), words)
}

#[test]
fn a_name_that_nothing_bears_is_told_with_the_one_that_was_meant() {
    use ProblemCode::{
        NodeNotFound, PoolNotFound, ProjectNotFound, ReplicaNotFound, ServiceNotFound,
    };
    let rows: [(ProblemCode, &[&str], &str); 8] = [
        (
            ServiceNotFound,
            &["scale", "wbe=2", "-p", "shop"],
            "did you mean `web`?",
        ),
        (
            ServiceNotFound,
            &["restart", "amdin", "-p", "shop"],
            "did you mean `admin`?",
        ),
        (
            ServiceNotFound,
            &["rm", "checkout", "-p", "shop"],
            "did you mean `checkout-worker`?",
        ),
        (
            ServiceNotFound,
            &["ps", "db", "-p", "shop"],
            "services of shop: web, checkout-worker, admin",
        ),
        (
            ProjectNotFound,
            &["status", "-p", "shpo"],
            "did you mean `shop`?",
        ),
        (
            ReplicaNotFound,
            &["logs", "--replica", "web-7f3k2p", "-p", "shop"],
            "did you mean `web-7f3k2q`?",
        ),
        (
            NodeNotFound,
            &["node", "show", "n9"],
            "nodes: n1, n2, n3, n4",
        ),
        (
            PoolNotFound,
            &["pool", "scale", "locla=2"],
            "did you mean `local`?",
        ),
    ];
    for (missing, words, meant) in rows {
        let ran = ran(missing, words);
        assert_eq!(ran.code, Some(3), "{words:?}: {ran:?}");
        assert!(ran.err.contains(meant), "{words:?}: {}", ran.err);
    }
}

#[test]
fn with_json_it_stays_the_problem_document() {
    let words = ["scale", "wbe=2", "-p", "shop", "-o", "json"];
    let ran = ran(ProblemCode::ServiceNotFound, &words);
    let document: Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(document["code"], "service-not-found");
}
