//! What an environment makes of a file: the merged project under a name of its own, and faults that
//! stand where they were written.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use gantry_spec::{Fault, FaultCode, Parsed, parse, parse_here};

const FILE: &str = "\
gantry: 1
project: shop
services:
  web:
    image: shop:1
    port: 80
    replicas: 3
    command: [serve, --fast]
    env: {LOG_LEVEL: info, COLOUR: blue}
  worker: {image: worker:1}
environments:
";

fn file(environments: &str) -> String {
    format!("{FILE}{environments}")
}

fn staging(environment: &str) -> Result<Parsed, Vec<Fault>> {
    let text = file(&format!("  staging:\n    services:\n      {environment}\n"));
    parse_here(&text, Some("staging"), &|_| Ok(Vec::new()))
}

#[test]
fn maps_merge_lists_replace_and_null_removes() {
    let merged = staging(
        "web: {replicas: 1, command: [serve], env: {LOG_LEVEL: debug, COLOUR: null, NEW: 1}}\n      worker: null\n      cron: {image: cron:1}",
    );
    let canonical = merged.unwrap().project.canonical();
    let whole = "gantry: 1\nproject: shop-staging\nservices:\n  web:\n    image: shop:1\n    port: 80\n    replicas: 1\n    command: [serve]\n    env: {LOG_LEVEL: debug, NEW: 1}\n  cron: {image: cron:1}\n";
    assert_eq!(canonical, parse(whole).unwrap().project.canonical());
}

#[test]
fn without_an_environment_the_file_is_what_stands_at_its_top() {
    let text = file("  staging: {services: {web: {replicas: 1}}}\n  live: {}\n");
    let parsed = parse(&text).unwrap();
    let plain = FILE.replace("environments:\n", "");
    assert_eq!(parsed.project, parse(&plain).unwrap().project);
    let names: Vec<_> = parsed
        .environments
        .iter()
        .map(|name| name.as_str())
        .collect();
    assert_eq!(names, ["staging", "live"]);
}

#[test]
fn a_fault_stands_where_it_was_written() {
    let rows = [
        (
            "web: {replicas: many}",
            FaultCode::BadValue,
            "14:23",
            "/environments/staging/services/web/replicas",
        ),
        (
            "web: {replica: 1}",
            FaultCode::UnknownKey,
            "14:13",
            "/environments/staging/services/web/replica",
        ),
        (
            "web: {port: null, domains: [a.b]}",
            FaultCode::Contradiction,
            "14:25",
            "/environments/staging/services/web/domains",
        ),
        (
            "web: {image: null}",
            FaultCode::MissingKey,
            "4:3",
            "/services/web/image",
        ),
        (
            "web: {env: {A: null}}",
            FaultCode::NothingToRemove,
            "14:19",
            "/environments/staging/services/web/env/A",
        ),
        (
            "wroker: null",
            FaultCode::NothingToRemove,
            "14:7",
            "/environments/staging/services/wroker",
        ),
        (
            "cron: {}",
            FaultCode::MissingKey,
            "14:7",
            "/environments/staging/services/cron/image",
        ),
    ];
    for (environment, code, place, pointer) in rows {
        let faults = staging(environment).unwrap_err();
        assert_eq!(faults.len(), 1, "{environment}\n{faults:?}");
        let found = format!("{}:{}", faults[0].line, faults[0].column);
        assert_eq!(
            (faults[0].code, found.as_str(), faults[0].pointer.as_str()),
            (code, place, pointer),
            "{environment}"
        );
    }
}

#[test]
fn what_is_wrong_in_any_environment_is_told_without_naming_it() {
    let text = file(
        "  staging: {services: {web: {replicas: -1}}}\n  live: {services: {web: {prot: 1}}}\n",
    );
    let faults = parse(&text).unwrap_err();
    let codes: Vec<_> = faults
        .iter()
        .map(|fault| (fault.line, fault.code))
        .collect();
    assert_eq!(
        codes,
        [(12, FaultCode::BadValue), (13, FaultCode::UnknownKey)]
    );
}

#[test]
fn a_fault_of_the_file_is_told_once_whatever_its_environments() {
    let text = file("  staging: {}\n  live: {}\n").replace("replicas: 3", "replicas: -3");
    assert_eq!(parse(&text).unwrap_err().len(), 1);
}

#[test]
fn what_an_environment_mends_is_no_fault_there() {
    let text = file("  staging: {services: {web: {replicas: 3}}}\n")
        .replace("replicas: 3\n    command", "replicas: -3\n    command");
    assert!(parse(&text).is_err());
    assert!(parse_here(&text, Some("staging"), &|_| Ok(Vec::new())).is_ok());
}

#[test]
fn an_environment_that_is_not_there_is_refused_with_those_that_are() {
    let ask = |text: &str, name: &str| {
        let faults = parse_here(text, Some(name), &|_| Ok(Vec::new())).unwrap_err();
        assert_eq!(
            (faults.len(), faults[0].code),
            (1, FaultCode::UnknownEnvironment)
        );
        faults[0].to_string()
    };
    let text = file("  staging: {}\n  live: {}\n");
    assert_eq!(
        ask(&text, "stagin"),
        "11:1: the file has no environment `stagin`; did you mean `staging`?"
    );
    assert_eq!(
        ask(&text, "prod"),
        "11:1: the file has no environment `prod`; its environments are staging, live"
    );
    let none = FILE.replace("environments:\n", "");
    assert_eq!(
        ask(&none, "prod"),
        "1:1: the file has no environment `prod`; write `environments: {prod: {services: {…}}}`, or ask for none"
    );
}

#[test]
fn an_environment_is_named_and_built_by_rules() {
    let rows = [
        ("  Staging: {}\n", FaultCode::BadName, "12:3"),
        ("  x: {}\n", FaultCode::BadName, "12:3"),
        ("  staging: []\n", FaultCode::WrongType, "12:12"),
        ("  staging:\n", FaultCode::NoValue, "12:3"),
        ("  staging: {project: x}\n", FaultCode::ForeignKey, "12:13"),
        (
            "  staging: {jobs: {}}\n",
            FaultCode::NotSupportedYet,
            "12:13",
        ),
        ("  staging: {service: {}}\n", FaultCode::UnknownKey, "12:13"),
        ("  - staging\n", FaultCode::WrongType, "12:3"),
    ];
    for (environments, code, place) in rows {
        let faults = parse(&file(environments)).unwrap_err();
        assert_eq!(faults.len(), 1, "{environments}\n{faults:?}");
        let found = format!("{}:{}", faults[0].line, faults[0].column);
        assert_eq!(
            (faults[0].code, found.as_str()),
            (code, place),
            "{environments}"
        );
    }
    let many: String = (0..21).map(|n| format!("  e{n}: {{}}\n")).collect();
    assert_eq!(
        parse(&file(&many)).unwrap_err()[0].code,
        FaultCode::TooManyEnvironments
    );
}

#[test]
fn the_name_of_the_project_and_its_environment_is_one_that_a_project_may_have() {
    let long =
        file("  staging: {}\n").replace("project: shop", &format!("project: {}", "s".repeat(36)));
    let faults = parse_here(&long, Some("staging"), &|_| Ok(Vec::new())).unwrap_err();
    assert_eq!(
        (faults.len(), faults[0].code, faults[0].line),
        (1, FaultCode::BadName, 2)
    );
}
