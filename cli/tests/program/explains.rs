//! Why things are as they are: the causes as people read them, and the name that stands for a thing.

use std::sync::{Arc, Mutex};

use axum::extract::OriginalUri;
use axum::routing::{any, get};
use gantry_rest::ProblemCode;
use serde_json::Value;

use crate::shop::{self, given, shown};
use crate::stage::{self, Ran, problem, run, serve};

const WHY: &str = include_str!("fixtures/why.json");

/// An api where only the thing of this path has causes, and what was asked of it.
fn api(path: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let hears = asked.clone();
    let missing = any(move |OriginalUri(uri): OriginalUri| async move {
        hears.lock().unwrap().push(uri.path().to_owned());
        problem(ProblemCode::NotFound)
    });
    let routes = shop::api().route(&format!("/v1/why/{path}"), given(WHY));
    (serve(routes.fallback(missing)), asked)
}

fn ran(url: &str, words: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    run(url, folder.path(), &[&["why"], words].concat())
}

#[test]
fn the_causes_are_told_from_the_oldest_to_how_it_is_now() {
    let (url, _) = api("replica/shop/web-9ab4xz");
    let words = ["why", "web-9ab4xz", "-p", "shop"];
    insta::assert_snapshot!(shown(&url, &words));
}

#[test]
fn json_is_the_chain_as_the_api_has_it() {
    let (url, _) = api("replica/shop/web-9ab4xz");
    let ran = ran(&url, &["replica/web-9ab4xz", "-p", "shop", "-o", "json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let shown: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(shown, serde_json::from_str::<Value>(WHY).unwrap());
}

#[test]
fn a_name_alone_is_looked_for_among_all_kinds() {
    let operation = "0190a6a0-0000-7000-8000-000000000001";
    let rows = [
        ("operation/0190a6a0-0000-7000-8000-000000000001", operation),
        ("release/shop/r3", "r3"),
        ("service/shop/web", "web"),
        ("replica/shop/web-9ab4xz", "web-9ab4xz"),
        ("node/n1", "n1"),
        ("machine/m1", "m1"),
        ("pool/local", "local"),
        ("balancer/b1", "b1"),
        ("project/shop", "shop"),
    ];
    for (path, name) in rows {
        let (url, _) = api(path);
        let ran = ran(&url, &[name, "-p", "shop"]);
        assert_eq!(ran.code, Some(0), "{name}: {ran:?}");
        assert!(
            ran.out.contains("asked to make project shop"),
            "{}",
            ran.out
        );
    }
}

#[test]
fn a_name_behind_its_kind_is_looked_for_nowhere_else() {
    let (url, asked) = api("service/shop/local");
    let found = ran(&url, &["service/local", "-p", "shop"]);
    assert_eq!(found.code, Some(0), "{found:?}");
    let missing = ran(&url, &["pool/locla", "-p", "shop"]);
    assert_eq!(missing.code, Some(3), "{missing:?}");
    assert!(
        missing.err.contains("did you mean `local`?"),
        "{}",
        missing.err
    );
    assert_eq!(*asked.lock().unwrap(), ["/v1/why/pool/locla"]);
}

#[test]
fn a_name_that_nothing_bears_is_told_with_the_one_that_was_meant() {
    let (url, _) = api("nothing");
    let rows: [(&[&str], i32, &str); 8] = [
        (&["wbe", "-p", "shop"], 3, "did you mean `web`?"),
        (
            &["web-7f3k2p", "-p", "shop"],
            3,
            "did you mean `web-7f3k2q`?",
        ),
        (&["locla"], 3, "did you mean `local`?"),
        (&["database"], 3, "name a project with -p"),
        (&["service/web"], 2, "name it with -p"),
        (&["web", "-p", "shpo"], 3, "did you mean `shop`?"),
        (&["service/web", "-p", "shpo"], 3, "did you mean `shop`?"),
        (&["pod/web"], 2, "`pod` is no kind"),
    ];
    for (words, code, said) in rows {
        let ran = ran(&url, words);
        assert_eq!(ran.code, Some(code), "{words:?}: {ran:?}");
        assert!(ran.err.contains(said), "{words:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{words:?}");
    }
}

#[test]
fn what_was_is_asked_of_the_past() {
    let why = get(
        |axum::extract::RawQuery(query): axum::extract::RawQuery| async move {
            assert_eq!(query.as_deref(), Some("at_seq=45"));
            stage::json(200, WHY)
        },
    );
    let url = serve(shop::api().route("/v1/why/node/n1", why));
    let ran = ran(&url, &["node/n1", "--at", "45"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.out.contains("\nthen: replica web-9ab4xz is ready"),
        "{}",
        ran.out
    );
}
