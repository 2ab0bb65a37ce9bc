//! What changes between two files, as a person reads it.

use gantry_spec::{Change, diff};

use crate::project;

fn lines(changes: &[Change]) -> String {
    changes
        .iter()
        .map(Change::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn without_an_old_file_everything_is_added() {
    let new = project("web: {image: a}, db: {image: b}");
    assert_eq!(lines(&diff(None, &new)), "+ db\n+ web");
}

#[test]
fn the_same_content_is_no_change_however_it_is_written() {
    let old = project("web: {image: a, env: {B: 2, A: 1}}");
    let new = project("web: {env: {A: '1', B: \"2\"}, replicas: 1, image: a}");
    assert_eq!(diff(Some(&old), &new), []);
}

#[test]
fn additions_removals_and_changes_are_told_by_service_and_value() {
    let old = project(
        "old: {image: a}, same: {image: a}, web: {image: 'a:1', env: {A: 1, a/b: x}, command: [x, y]}",
    );
    let new = project(
        "new: {image: a}, same: {image: a}, web: {image: 'a:2', port: 80, env: {A: 2}, resources: {cpu: 0.5, memory: 1Gi}}",
    );
    let changes = diff(Some(&old), &new);
    insta::assert_snapshot!(lines(&changes), @r#"
    + new
    - old
    ~ web
        command: ["x","y"] → not set
        env.A: "1" → "2"
        env.a/b: "x" → not set
        health.tcp: not set → true
        image: "a:1" → "a:2"
        port: not set → 80
        resources.cpu: not set → 0.5
        resources.memory: not set → "1Gi"
    "#);
    let json = serde_json::to_string(&changes).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Change>>(&json).unwrap(), changes);
    assert!(
        json.contains(r#"{"pointer":"/services/web/env/a~1b","from":"x"}"#),
        "{json}"
    );
}

#[test]
fn what_a_file_holds_is_told_by_its_size_and_all_else_by_its_values() {
    let old = project(
        "web: {image: a, port: 80, domains: [a.b], files: {/a: {content: one}, /b: {content: x}, /c: {content: x}}}",
    );
    let new = project(
        "web: {image: a, port: 80, domains: [a.b, {host: c.d, redirect: a.b}], rollout: {order: stop-first}, place: {spread: zone}, files: {/a: {base64: AP8=}, /b: {content: x}}}",
    );
    insta::assert_snapshot!(lines(&diff(Some(&old), &new)), @r#"
    ~ web
        domains: ["a.b"] → ["a.b",{"host":"c.d","redirect":"a.b"}]
        files./a: 3 bytes → 2 bytes
        files./c: 1 byte → not set
        place.spread: not set → "zone"
        rollout.surge: 1 → 0
        rollout.unavailable: 0 → 1
    "#);
}
