//! The exit codes that scripts go by, and what stands on which stream.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::middleware::map_request;
use axum::routing::{MethodRouter, any, get, post};
use gantry_rest::ProblemCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::shop;
use crate::stage::{Ran, gantry, json, problem, run, serve};

/// An address where nobody listens.
const NOBODY: &str = "http://127.0.0.1:9";

fn folder_with(file: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("gantry.yaml"), file).unwrap();
    folder
}

const VALID: &str =
    "gantry: 1\nproject: shop\nservices:\n  web:\n    image: shop:1\n    port: 8080\n";
const FAULTY: &str =
    "gantry: 1\nproject: shop\nservices:\n  web:\n    imag: shop:1\n    port: 99999\n";

#[test]
fn a_valid_file_ends_with_0() {
    let folder = folder_with(VALID);
    let ran = run(NOBODY, folder.path(), &["validate"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.out, "gantry.yaml is valid: project shop, 1 service\n");
    let ran = run(NOBODY, folder.path(), &["validate", "-o", "json"]);
    let project: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(project["services"]["web"]["replicas"], 1);
}

#[test]
fn all_faults_of_a_file_are_shown_where_they_stand_and_end_with_2() {
    let folder = folder_with(FAULTY);
    for words in [&["validate"][..], &["deploy"], &["status"]] {
        let ran = run(NOBODY, folder.path(), words);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{ran:?}");
    }
    insta::assert_snapshot!(run(NOBODY, folder.path(), &["validate"]).err);
}

#[test]
fn with_json_an_error_is_a_problem_document() {
    let folder = folder_with(FAULTY);
    let ran = run(NOBODY, folder.path(), &["validate", "-o", "json"]);
    let document: Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(document["code"], "invalid-file");
    let lines = document["errors"].as_array().unwrap().iter();
    let lines: Vec<_> = lines.map(|error| error["line"].clone()).collect();
    assert_eq!(lines, [4, 5, 6]);
    let ran = run(NOBODY, folder.path(), &["node", "ls", "-o", "json"]);
    let document: Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(
        (ran.code, &document["code"]),
        (Some(4), &"not-reachable".into())
    );
}

#[test]
fn with_json_a_wrong_argument_is_a_problem_document() {
    let folder = tempfile::tempdir().unwrap();
    for form in [&["-o", "json"][..], &["-ojson"], &["--output=json"]] {
        let words = [&["scale", "web=1.5"], form].concat();
        let ran = run(NOBODY, folder.path(), &words);
        let document: Value = serde_json::from_str(&ran.err).unwrap();
        assert_eq!(
            (ran.code, &document["code"]),
            (Some(2), &"bad-input".into())
        );
        let detail = document["detail"].as_str().unwrap();
        assert!(
            detail.contains("web=1.5") && !detail.contains("Usage"),
            "{detail}"
        );
    }
    let help = run(NOBODY, folder.path(), &["scale", "--help", "-o", "json"]);
    assert_eq!(help.code, Some(0), "{help:?}");
}

#[test]
fn what_cannot_be_right_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    for words in [
        &["fly"][..],
        &["scale", "web", "-p", "shop"],
        &["ps", "-p", "Shop"],
        &["ps", "--timeout", "5"],
        &["validate"],
        &["ps"],
        &["node", "ls", "--url", "nowhere"],
        &["image", "push", "Hello"],
        &["node", "ls", "--token", "secret\n"],
        &["scale", "web=1", "web=2", "-p", "shop"],
    ] {
        let ran = run(NOBODY, folder.path(), words);
        assert_eq!(ran.code, Some(2), "{words:?}: {ran:?}");
        assert!(!ran.err.is_empty());
    }
}

#[test]
fn nobody_there_ends_with_4_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(NOBODY, folder.path(), &["ps", "-p", "shop"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("make up"), "{}", ran.err);
    let something = serve(Router::new().route("/v1/nodes", get(async || "<html>")));
    let ran = run(&something, folder.path(), &["node", "ls"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
}

#[test]
fn a_problem_ends_with_the_code_of_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        (ProblemCode::UnknownParameter, 2),
        (ProblemCode::InvalidRequest, 2),
        (ProblemCode::Unauthenticated, 3),
        (ProblemCode::Forbidden, 3),
        (ProblemCode::ProjectNotFound, 3),
        (ProblemCode::VersionConflict, 3),
        (ProblemCode::Internal, 1),
        (ProblemCode::LogUnavailable, 4),
    ];
    for (code, exit) in rows {
        let url = serve(Router::new().fallback(any(move || async move { problem(code) })));
        let ran = run(&url, folder.path(), &["ps", "-p", "shop"]);
        assert_eq!(ran.code, Some(exit), "{code}: {ran:?}");
        assert!(ran.err.contains(&format!("{code} happened")), "{}", ran.err);
    }
}

/// Scales with a second to wait, where the write is answered like this; gives how often it was made.
fn scaled_within_a_second(answer: MethodRouter) -> (Ran, usize) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let counted = answer.layer(map_request(move |request: Request| {
        count.fetch_add(1, Ordering::Relaxed);
        async move { request }
    }));
    let path = "/v1/projects/shop/services/web/scale";
    let url = serve(shop::api().route(path, counted));
    let folder = tempfile::tempdir().unwrap();
    let words = ["scale", "web=2", "-p", "shop", "--timeout", "1s"];
    let ran = run(&url, folder.path(), &words);
    (ran, asked.load(Ordering::Relaxed))
}

#[test]
fn a_write_that_nobody_answers_is_given_up_at_the_timeout() {
    let (ran, asked) = scaled_within_a_second(post(pending::<()>));
    assert_eq!((ran.code, asked), (Some(4), 1), "{ran:?}");
    assert!(ran.err.contains("no answer"), "{}", ran.err);
    assert!(ran.err.contains("1s"), "{}", ran.err);
}

#[test]
fn a_log_that_stays_away_ends_a_write_at_the_timeout_with_the_apis_words() {
    let away = post(async || problem(ProblemCode::LogUnavailable));
    let (ran, asked) = scaled_within_a_second(away);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!((1..=2).contains(&asked), "{asked} tries within a second");
    let words = format!("{} happened", ProblemCode::LogUnavailable);
    assert!(ran.err.contains(&words), "{}", ran.err);
}

#[test]
fn a_refused_token_is_told_with_the_way_to_one() {
    let url = serve(Router::new().fallback(any(async || problem(ProblemCode::Unauthenticated))));
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&url, folder.path(), &["node", "ls"]);
    assert!(ran.err.contains(".gantry/env"), "{}", ran.err);
}

#[test]
fn the_token_goes_with_every_request() {
    let guarded = get(|headers: axum::http::HeaderMap| async move {
        match headers.get("authorization").map(|value| value.as_bytes()) {
            Some(b"Bearer secret") => json(200, include_str!("fixtures/nodes.json")),
            Some(_) | None => problem(ProblemCode::Unauthenticated),
        }
    });
    let url = serve(Router::new().route("/v1/nodes", guarded));
    let folder = tempfile::tempdir().unwrap();
    let mut with_token = gantry(&url, folder.path(), &["node", "ls"]);
    let output = with_token.env("GANTRY_TOKEN", "secret").output().unwrap();
    assert!(output.status.success());
    assert_eq!(run(&url, folder.path(), &["node", "ls"]).code, Some(3));
}
