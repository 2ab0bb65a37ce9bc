//! What becomes of a Compose file: a file of ours that is valid, and a list of what is not in it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use gantry_spec::{Converted, Fault, FaultCode, from_compose, parse_here};
use proptest::prelude::*;

const COMPOSE: &str = include_str!("files/compose.yaml");

fn convert(text: &str) -> Result<Converted, Vec<Fault>> {
    from_compose(text, None, &"shop".parse().unwrap())
}

#[test]
fn what_can_be_said_is_said_and_the_rest_is_listed() {
    let converted = convert(COMPOSE).unwrap();
    let list: Vec<_> = converted.dropped.iter().map(Fault::to_string).collect();
    insta::assert_snapshot!(format!("{}\n{}", converted.text, list.join("\n")));
}

#[test]
fn what_was_converted_is_a_file() {
    let text = convert(COMPOSE).unwrap().text;
    let parsed = parse_here(&text, None, &|_| Ok(b"fast = true".to_vec()));
    let project = parsed
        .unwrap_or_else(|faults| panic!("{text}\n{faults:#?}"))
        .project;
    let env = |service: &str, name: &str| {
        project.services[&service.parse().unwrap()].env[&name.parse().unwrap()].clone()
    };
    assert_eq!(env("web-app", "GREETING"), "hello, \"you\"");
    assert_eq!(env("web-app", "PRICE"), "5$");
    assert_eq!(env("db", "POSTGRES_PASSWORD"), "null");
    assert_eq!(env("db", "NUMBER"), "010");
}

#[test]
fn the_project_is_called_as_asked_else_as_the_file_says() {
    let text = "name: theirs\nservices: {web: {image: a}}";
    assert_eq!(convert(text).unwrap().project.as_str(), "theirs");
    let ours = "ours".parse().unwrap();
    let converted = from_compose(text, Some(&ours), &ours).unwrap();
    assert_eq!(converted.project.as_str(), "ours");
    let unnamed = convert("services: {web: {image: a}}").unwrap();
    assert_eq!(unnamed.project.as_str(), "shop");
}

#[test]
fn a_line_is_run_by_no_shell_and_a_probe_of_another_port_stays_a_program() {
    let text = r#"services: {web: {image: a, command: "run --title 'a && b' $$HOME",
        healthcheck: {test: [CMD, curl, "http://localhost:9000/healthz"]}, ports: ["8080:3000"]},
        plain: {image: a, expose: [80], healthcheck: {test: "wget -q http://localhost/up"}},
        queue: {image: a, healthcheck: {test: [CMD, curl, "http://localhost:9000/healthz"]}}}"#;
    let converted = convert(text).unwrap();
    for line in [
        r#"command: [run, --title, "a && b", "$HOME"]"#,
        r#"health: {exec: [curl, "http://localhost:9000/healthz"]}"#,
        "health: {path: /up}",
    ] {
        assert!(converted.text.contains(line), "{line}\n{}", converted.text);
    }
    assert_eq!(converted.text.matches("health: {exec").count(), 2);
    parse_here(&converted.text, None, &|_| Ok(Vec::new())).unwrap();
}

#[test]
fn what_is_no_compose_file_is_refused() {
    let rows = [
        ("", FaultCode::EmptyFile),
        ("services: [", FaultCode::Syntax),
        ("a: b", FaultCode::MissingKey),
        ("[]", FaultCode::MissingKey),
        ("services: {}", FaultCode::MissingKey),
        ("services: []", FaultCode::MissingKey),
    ];
    for (text, code) in rows {
        let faults = convert(text).unwrap_err();
        assert_eq!((faults.len(), faults[0].code), (1, code), "{text}");
    }
}

proptest! {
    #[test]
    fn no_mutation_of_a_compose_file_makes_it_panic(
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0..12_usize, "[ -~\n\t]{0,6}"), 1..6),
    ) {
        let mut text: Vec<char> = COMPOSE.chars().collect();
        for (at, gone, new) in cuts {
            let at = at.index(text.len().max(1)).min(text.len());
            let end = (at + gone).min(text.len());
            text.splice(at..end, new.chars());
        }
        let _ = convert(&text.into_iter().collect::<String>());
    }

    #[test]
    fn every_value_of_a_variable_is_carried_over(value in "[ -#%-~\n\t\u{a0}-\u{2ff}😀]{0,30}") {
        let text = serde_json::json!({"services": {"web": {"image": "a", "environment": {"A": value}}}});
        let converted = convert(&text.to_string()).unwrap();
        let project = parse_here(&converted.text, None, &|_| Ok(Vec::new())).unwrap().project;
        let web = project.services.values().next().unwrap();
        prop_assert_eq!(&web.env[&"A".parse().unwrap()], &value);
    }
}
