//! What a valid file says: values as written, defaults written in, YAML and JSON alike.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use gantry_spec::{HealthCheck, Millis, Project, parse};

fn project(text: &str) -> Project {
    parse(text)
        .unwrap_or_else(|faults| panic!("{text}\n{faults:?}"))
        .project
}

/// A project of one service with these keys.
fn web(keys: &str) -> String {
    format!("gantry: 1\nproject: shop\nservices:\n  web:\n    image: shop:1\n{keys}")
}

#[test]
fn the_smallest_file_gets_the_stated_defaults() {
    let smallest = "gantry: 1\nproject: shop\nservices: {web: {image: 'shop:1', port: 8080}}";
    insta::assert_json_snapshot!(project(smallest), @r#"
    {
      "gantry": 1,
      "project": "shop",
      "services": {
        "web": {
          "image": "shop:1",
          "port": 8080,
          "replicas": 1,
          "health": {
            "tcp": true,
            "interval": "5s",
            "timeout": "2s",
            "start_within": "1m"
          }
        }
      }
    }
    "#);
}

#[test]
fn every_key_is_read() {
    let text = include_str!("files/full.yaml");
    insta::assert_snapshot!(project(text).canonical());
}

#[test]
fn an_environment_value_is_the_text_as_written() {
    let rows = [
        ("1.10", "1.10"),
        ("0x1F", "0x1F"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("true", "true"),
        (".inf", ".inf"),
        ("2024-01-01", "2024-01-01"),
        ("12:30:45", "12:30:45"),
        ("$HOME ${X}", "$HOME ${X}"),
        ("a#b # comment", "a#b"),
        ("'it''s'", "it's"),
        ("\"\"", ""),
        ("\"null\"", "null"),
        (r#""a\nb\t\"\u00e9\ud83d\ude00\/""#, "a\nb\t\"é😀/"),
        ("|\n        one\n         two\n", "one\n two\n"),
        (">-\n        one\n        two\n", "one two"),
        ("http://x:1/?a=b&c", "http://x:1/?a=b&c"),
    ];
    for (written, value) in rows {
        let project = project(&web(&format!("    env:\n      A: {written}\n")));
        let env = &project.services.values().next().unwrap().env;
        assert_eq!(env[&"A".parse().unwrap()], value, "{written}");
    }
}

#[test]
fn the_check_follows_from_the_port_unless_it_is_named() {
    let rows = [
        ("", HealthCheck::Running),
        ("    health: {interval: 1m}\n", HealthCheck::Running),
        ("    port: 80\n", HealthCheck::Tcp),
        (
            "    port: 80\n    health: {interval: 1m}\n",
            HealthCheck::Tcp,
        ),
        ("    port: 80\n    health: {tcp: true}\n", HealthCheck::Tcp),
        (
            "    port: 80\n    health: {path: /up}\n",
            HealthCheck::Http {
                path: "/up".to_owned(),
            },
        ),
    ];
    for (keys, check) in rows {
        let project = project(&web(keys));
        assert_eq!(
            project.services.values().next().unwrap().health.check,
            check,
            "{keys}"
        );
    }
}

#[test]
fn json_is_read_as_yaml_is() {
    let yaml = web("    port: 80\n    env: {A: 1.10, B: \"x y\"}\n");
    let json = "{\n\t\"gantry\": 1,\n\t\"project\": \"shop\",\n\t\"services\": {\n\t\t\"web\": {\n\t\t\t\"image\": \"shop:1\",\n\
        \t\t\t\"port\": 80,\n\t\t\t\"env\": {\"A\": \"1.10\", \"B\": \"x y\"}\n\t\t}\n\t}\n}\n";
    assert_eq!(project(&yaml), project(json));
}

#[test]
fn a_byte_order_mark_line_ends_of_windows_and_a_document_mark_change_nothing() {
    let plain = web("    port: 80\n");
    for other in [
        format!("\u{feff}{plain}"),
        plain.replace('\n', "\r\n"),
        format!("# shop\n---\n{plain}...\n"),
    ] {
        assert_eq!(project(&other), project(&plain), "{other:?}");
    }
}

#[test]
fn equal_services_have_equal_hashes_however_they_are_written() {
    let hash = |keys: &str| project(&web(keys)).services.values().next().unwrap().hash();
    assert_eq!(
        hash(""),
        hash("    replicas: 1\n    env: {}\n    health: {start_within: 60s}\n")
    );
    assert_eq!(
        hash("    resources: {cpu: 1, memory: 1Gi}\n"),
        hash("    resources: {memory: 1024Mi, cpu: 1.0}\n")
    );
    assert_ne!(hash(""), hash("    replicas: 2\n"));
}

#[test]
fn the_hash_of_a_service_never_changes() {
    // Releases are named by it: another value here means that every service is deployed anew.
    let hash = project(include_str!("files/full.yaml"))
        .services
        .values()
        .next()
        .unwrap()
        .hash();
    insta::assert_snapshot!(hash);
}

#[test]
fn a_probe_longer_than_its_interval_is_warned_of() {
    let parsed = parse(&web(
        "    port: 80\n    health: {interval: 1s, timeout: 3s}\n",
    ))
    .unwrap();
    assert_eq!(parsed.warnings.len(), 1);
    assert_eq!(
        parsed.warnings[0].to_string(),
        "7:13: a probe may take 3s, longer than the 1s to the next one"
    );
    assert_eq!(
        parsed
            .project
            .services
            .values()
            .next()
            .unwrap()
            .health
            .timeout,
        Millis::from_secs(3)
    );
}
