//! Releases: what each changed and what became of it, and the way back to one of them.

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use gantry_rest::ProblemCode;
use serde_json::{Value, json};

use crate::shop::{self, shown};
use crate::stage::{self, Ran, problem, run, serve};
use crate::story::{FILE, OPERATION, ZERO, acts, event, placed, ready, success};

/// The image of `web` in each of the releases.
const IMAGES: [&str; 3] = ["web:1", "web:2", "web:1"];

/// The first ran, the second failed and was taken back by the third.
fn release(number: usize) -> Value {
    let (state, rollback_of, rolled_back_by) = [
        ("superseded", None, None),
        ("rolled_back", None, Some(3)),
        ("current", Some(1), None),
    ][number - 1];
    let config = ZERO.replace('0', &(number % 2).to_string());
    json!({
        "id": format!("r{number}"), "project": "shop", "release": number, "operation": OPERATION,
        "config": config, "images": {}, "images_left_out": 0, "seq": 10 * number,
        "created": format!("2026-01-31T11:{}:00.000Z", 20 + 10 * number), "rollback_of": rollback_of,
        "state": state, "ran": state != "rolled_back", "since": "2026-01-31T11:55:00.000Z", "waiting_for": null, "until": null,
        "rolled_back_by": rolled_back_by, "problem": null,
    })
}

/// An api with these releases.
fn api() -> Router {
    let all: Vec<_> = (1..=3).map(release).collect();
    let list = json!({"items": all, "next": null, "seq": 42}).to_string();
    let file = get(|RawQuery(query): RawQuery| async move {
        let seq = query.and_then(|query| query.strip_prefix("at_seq=").map(str::to_owned));
        let number: usize = seq.unwrap().parse::<usize>().unwrap() / 10;
        let text = FILE.replace("web:2", IMAGES[number - 1]);
        let file = gantry_spec::parse(&text).unwrap().project;
        stage::json(200, json!(file).to_string())
    });
    let one = get(|Path(id): Path<String>| async move {
        match id.trim_start_matches('r').parse() {
            Ok(number @ 1..=3) => stage::json(200, release(number).to_string()),
            _ => problem(ProblemCode::ReleaseNotFound),
        }
    });
    shop::api()
        .route(
            "/v1/projects/shop/releases",
            get(async move || stage::json(200, list)),
        )
        .route("/v1/projects/shop/releases/{release}", one)
        .route("/v1/projects/shop/config", file)
}

/// The same, where going back to the first release succeeds.
fn that_goes_back() -> Router {
    let made = json!({
        "project": "shop", "release": 4, "operation": OPERATION, "config": ZERO, "images": {},
        "rollback_of": 1,
    });
    let (ended, end) = success(4, json!({"kind": "release.rollback", "release": 4}));
    let told = [
        event(1, "release.created.v1", made),
        placed(2, "web-abcde2", 0),
        ready(3, "web-abcde2"),
        ended,
    ];
    let path = "/v1/projects/shop/releases/{release}/rollback";
    api().merge(acts(path, &told, end))
}

fn ran(words: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    run(&serve(that_goes_back()), folder.path(), words)
}

#[test]
fn releases_are_listed_with_what_each_changed_and_what_became_of_it() {
    let words = ["releases", "-p", "shop"];
    insta::assert_snapshot!(shown(&serve(that_goes_back()), &words));
}

#[test]
fn of_many_releases_the_last_are_shown_and_the_rest_is_counted() {
    let ran = ran(&["releases", "-p", "shop", "--last", "1"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
    assert!(
        ran.err.contains("and 2 releases before: --last 3"),
        "{}",
        ran.err
    );
}

#[test]
fn a_way_back_is_shown_before_and_told_to_its_end() {
    let ran = ran(&["rollback", "r1", "-p", "shop", "--yes", "--allow-remove"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    insta::assert_snapshot!(ran.err);
}

#[test]
fn a_way_back_to_a_release_that_is_not_there_names_those_that_are() {
    let ran = ran(&["rollback", "r9", "-p", "shop"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(
        ran.err.contains("r3, r2, r1") || ran.err.contains("did you mean"),
        "{}",
        ran.err
    );
}

#[test]
fn a_way_back_that_removes_a_service_needs_the_flag_where_nobody_can_be_asked() {
    let ran = ran(&["rollback", "r1", "-p", "shop", "--yes"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("add --allow-remove"), "{}", ran.err);
}
