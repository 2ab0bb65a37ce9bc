//! Plans: what a deploy would change, shown and not done.

use axum::Router;
use axum::routing::post;
use serde_json::{Value, json};

use crate::stage::{self, Ran, run, serve};
use crate::story::folder;

/// What an api says to the file, which must be whole.
fn ran(plan: &Value, words: &[&str]) -> Ran {
    let answer = plan.to_string();
    let planned = post(async move |file: String| {
        assert!(gantry_spec::parse(&file).is_ok(), "{file}");
        stage::json(200, answer)
    });
    let url = serve(Router::new().route("/v1/projects/shop/plan", planned));
    run(&url, folder().path(), &[&["plan"], words].concat())
}

fn plan() -> Value {
    let image = json!({"pointer": "/services/web/image", "from": "web:1", "to": "web:2"});
    json!({
        "project": "shop", "release": 3, "warnings": [], "seq": 42,
        "changes": [
            {"change": "change", "service": "web", "fields": [image]},
            {"change": "remove", "service": "admin"},
        ],
        "replicas": {
            "web": {"replaced": 2, "added": 0, "removed": 0, "may_move": 0},
            "admin": {"replaced": 0, "added": 0, "removed": 1, "may_move": 0},
        },
    })
}

#[test]
fn a_plan_is_what_differs_and_nothing_is_asked() {
    let ran = ran(&plan(), &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    insta::assert_snapshot!(ran.out);
    assert!(ran.err.contains("nothing was changed"), "{}", ran.err);
}

#[test]
fn a_file_that_says_what_is_there_changes_nothing() {
    let mut same = plan();
    (same["changes"], same["replicas"]) = (json!([]), json!({}));
    let ran = ran(&same, &[]);
    assert_eq!(ran.out, "shop: the file says what is there, r3\n");
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}

#[test]
fn with_json_a_plan_is_what_the_api_said() {
    let ran = ran(&plan(), &["-o", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&ran.out).unwrap(), plan());
}
