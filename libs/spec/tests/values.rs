//! What a valid file says: values as written, defaults written in, YAML and JSON alike.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use gantry_spec::{Fault, HealthCheck, Millis, Project, parse};

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
          },
          "rollout": {
            "surge": 1,
            "unavailable": 0,
            "drain": "30s",
            "grace": "10s",
            "deadline": "5m"
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
fn a_program_asks_whether_or_not_there_is_a_port() {
    let exec = HealthCheck::Exec {
        command: vec!["pg_isready".to_owned(), "5".to_owned()],
    };
    for keys in ["", "    port: 80\n"] {
        let project = project(&web(&format!(
            "{keys}    health: {{exec: [pg_isready, 5]}}\n"
        )));
        assert_eq!(project.services.values().next().unwrap().health.check, exec);
    }
}

#[test]
fn an_order_is_a_spelling_of_surge_and_unavailable() {
    let rows = [
        ("{}", (1, 0)),
        ("{order: start-first}", (1, 0)),
        ("{order: start-first, surge: 3}", (3, 0)),
        ("{order: start-first, unavailable: 0}", (1, 0)),
        ("{order: stop-first}", (0, 1)),
        ("{order: stop-first, unavailable: 2}", (0, 2)),
        ("{order: stop-first, surge: 0}", (0, 1)),
        ("{surge: 0, unavailable: 1}", (0, 1)),
        ("{unavailable: 2}", (1, 2)),
        ("{surge: 2, unavailable: 2}", (2, 2)),
    ];
    for (written, (surge, unavailable)) in rows {
        let project = project(&web(&format!("    rollout: {written}\n")));
        let rollout = &project.services.values().next().unwrap().rollout;
        assert_eq!(
            (rollout.surge, rollout.unavailable),
            (surge, unavailable),
            "{written}"
        );
    }
}

#[test]
fn what_a_file_holds_is_the_same_however_it_is_written() {
    let files = |written: &str| {
        let project = project(&web(&format!("    files: {{/etc/a: {written}}}\n")));
        project.services.values().next().unwrap().files.clone()
    };
    assert_eq!(files("{content: hi}"), files("{base64: aGk=}"));
    assert_eq!(files("{content: \"\"}"), files("{base64: \"\"}"));
    let text = files("{content: 1.10}");
    assert_eq!(text[&"/etc/a".parse().unwrap()].bytes(), b"1.10");
    let binary = files("{base64: AP8=}");
    assert_eq!(binary[&"/etc/a".parse().unwrap()].bytes(), b"\0\xff");
}

#[test]
fn hosts_over_plain_http_and_late_replicas_are_warned_of() {
    let parsed = parse(&web(
        "    port: 80\n    domains: [b.c, {host: a.b, redirect: b.c}]\n    health: {start_within: 10m}\n",
    ))
    .unwrap();
    let warnings: Vec<_> = parsed.warnings.iter().map(Fault::to_string).collect();
    assert_eq!(
        warnings,
        [
            "7:15: b.c is served over plain HTTP: there are no certificates in this version",
            "7:20: a.b is served over plain HTTP: there are no certificates in this version",
            "8:13: a rollout is given up after 5m without progress, and a replica may take 10m to be ready",
        ]
    );
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
fn equal_services_have_equal_texts_however_they_are_written() {
    let text = |keys: &str| project(&web(keys)).canonical();
    assert_eq!(
        text(""),
        text(
            "    replicas: 1\n    env: {}\n    files: {}\n    domains: []\n    place: {}\n    rollout: {order: start-first}\n    health: {start_within: 60s}\n"
        )
    );
    assert_eq!(
        text("    resources: {cpu: 1, memory: 1Gi}\n"),
        text("    resources: {memory: 1024Mi, cpu: 1.0}\n")
    );
    assert_ne!(text(""), text("    replicas: 2\n"));
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

#[test]
fn every_file_that_the_documentation_shows_is_valid() {
    let page = include_str!("../../../docs/file.md");
    let blocks = page.split("```yaml\n").skip(1);
    let files: Vec<_> = blocks
        .map(|block| block.split("```").next().unwrap())
        .collect();
    assert_eq!(files.len(), 3);
    files.into_iter().for_each(|file| drop(project(file)));
}
