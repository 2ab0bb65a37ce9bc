//! What people see: each table at three widths, read as pictures in review.

use crate::shop::{api, shown};
use crate::stage::{run, serve};

#[test]
fn replicas_fit_the_width() {
    insta::assert_snapshot!(shown(&serve(api()), &["ps", "-p", "shop"]));
}

#[test]
fn services_fit_the_width() {
    insta::assert_snapshot!(shown(&serve(api()), &["status", "-p", "shop"]));
}

#[test]
fn nodes_fit_the_width() {
    insta::assert_snapshot!(shown(&serve(api()), &["node", "ls"]));
}

#[test]
fn a_node_is_shown_with_what_runs_on_it_within_the_width() {
    insta::assert_snapshot!(shown(&serve(api()), &["node", "show", "n1"]));
}

#[test]
fn pools_fit_the_width() {
    insta::assert_snapshot!(shown(&serve(api()), &["pool", "ls"]));
}

#[test]
fn without_a_width_nothing_is_wrapped_or_left_out() {
    let url = serve(api());
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&url, folder.path(), &["ps", "-p", "shop"]);
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
        let ran = run(&url, folder.path(), &[&words[..], &["-o", "json"]].concat());
        let (shown, said): (serde_json::Value, serde_json::Value) = (
            serde_json::from_str(&ran.out).unwrap(),
            serde_json::from_str(said).unwrap(),
        );
        assert_eq!(shown, said);
    }
}
