//! What people see: each table at three widths, read as pictures in review.

use axum::Router;
use axum::routing::get;

use crate::stage::{self, gantry, json, serve};

fn api() -> Router {
    let given = |body: &'static str| get(move || async move { json(200, body) });
    Router::new()
        .route(
            "/v1/projects/shop",
            given(include_str!("fixtures/project.json")),
        )
        .route(
            "/v1/projects/shop/services",
            given(include_str!("fixtures/services.json")),
        )
        .route(
            "/v1/projects/shop/replicas",
            given(include_str!("fixtures/replicas.json")),
        )
        .route("/v1/nodes", given(include_str!("fixtures/nodes.json")))
        .route("/v1/pools", given(include_str!("fixtures/pools.json")))
}

fn shown(words: &[&str]) -> String {
    let url = serve(api());
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for width in ["40", "80", "160"] {
        let mut command = gantry(&url, folder.path(), words);
        let output = command
            .env("COLUMNS", width)
            .env("GANTRY_HTTP_PORT", "8080");
        let output = output.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let out = String::from_utf8(output.stdout).unwrap();
        let most = width.parse().unwrap();
        assert!(
            out.lines().all(|line| line.chars().count() <= most),
            "{out}"
        );
        text.push_str(&format!("{:->most$}\n{out}", format!(" {width}")));
    }
    text
}

#[test]
fn replicas_fit_the_width() {
    insta::assert_snapshot!(shown(&["ps", "-p", "shop"]));
}

#[test]
fn services_fit_the_width() {
    insta::assert_snapshot!(shown(&["status", "-p", "shop"]));
}

#[test]
fn nodes_fit_the_width() {
    insta::assert_snapshot!(shown(&["node", "ls"]));
}

#[test]
fn pools_fit_the_width() {
    insta::assert_snapshot!(shown(&["pool", "ls"]));
}

#[test]
fn without_a_width_nothing_is_wrapped_or_left_out() {
    let url = serve(api());
    let folder = tempfile::tempdir().unwrap();
    let ran = stage::run(&url, folder.path(), &["ps", "-p", "shop"]);
    insta::assert_snapshot!(ran.out);
}

#[test]
fn json_is_what_the_api_said() {
    let url = serve(api());
    let folder = tempfile::tempdir().unwrap();
    for (words, said) in [
        (["node", "ls"], include_str!("fixtures/nodes.json")),
        (["pool", "ls"], include_str!("fixtures/pools.json")),
    ] {
        let ran = stage::run(&url, folder.path(), &[&words[..], &["-o", "json"]].concat());
        let (shown, said): (serde_json::Value, serde_json::Value) = (
            serde_json::from_str(&ran.out).unwrap(),
            serde_json::from_str(said).unwrap(),
        );
        assert_eq!(shown, said);
    }
}
