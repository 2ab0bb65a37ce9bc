//! An api with the project `shop`, as `fixtures` have it, and how a result looks at three widths.

use axum::Router;
use axum::extract::Path;
use axum::routing::{MethodRouter, get};
use gantry_rest::ProblemCode;
use serde_json::Value;

use crate::stage::{gantry, json, problem};

/// The projects, services and replicas, nodes and pools.
pub fn api() -> Router {
    let projects = concat!(
        r#"{"items":["#,
        include_str!("fixtures/project.json"),
        r#"],"next":null,"seq":42}"#
    );
    Router::new()
        .route("/v1/projects", given(projects))
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
        .route(
            "/v1/projects/shop/services/{service}",
            one_of(
                include_str!("fixtures/services.json"),
                ProblemCode::ServiceNotFound,
            ),
        )
        .route("/v1/nodes", given(include_str!("fixtures/nodes.json")))
        .route(
            "/v1/nodes/{node}",
            one_of(
                include_str!("fixtures/nodes.json"),
                ProblemCode::NodeNotFound,
            ),
        )
        .route("/v1/pools", given(include_str!("fixtures/pools.json")))
        .route(
            "/v1/pools/{pool}",
            one_of(
                include_str!("fixtures/pools.json"),
                ProblemCode::PoolNotFound,
            ),
        )
}

/// Reads of what stands in this list.
fn one_of(list: &'static str, missing: ProblemCode) -> MethodRouter {
    let list: Value = serde_json::from_str(list).unwrap();
    get(move |Path(id): Path<String>| async move {
        let found = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["id"] == *id);
        found.map_or_else(|| problem(missing), |item| json(200, item.to_string()))
    })
}

/// A read that always has this answer.
pub fn given(body: &'static str) -> MethodRouter {
    get(move || async move { json(200, body) })
}

/// What stands on standard output at 40, 80 and 160 columns.
pub fn shown(url: &str, words: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for width in ["40", "80", "160"] {
        let mut command = gantry(url, folder.path(), words);
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
