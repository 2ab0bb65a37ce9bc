//! One row for each thing that is refused: the file, the code, the place.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod hosts;
mod words;

use gantry_spec::{FaultCode, MAX_BYTES, MAX_FAULTS, MAX_SERVICES, parse};

/// Code and place of the only fault.
fn refusal(text: &str) -> (FaultCode, String) {
    let faults = parse(text).expect_err(text);
    assert_eq!(faults.len(), 1, "{text}\n{faults:?}");
    (
        faults[0].code,
        format!("{}:{}", faults[0].line, faults[0].column),
    )
}

fn service(keys: &str) -> String {
    format!("gantry: 1\nproject: shop\nservices:\n  web:\n    image: a\n    {keys}\n")
}

#[test]
fn what_is_no_yaml_is_told_where_it_breaks() {
    let rows = [
        ("", FaultCode::EmptyFile, "1:1"),
        ("# nothing\n", FaultCode::EmptyFile, "1:1"),
        ("gantry: 1\nproject: [", FaultCode::Syntax, "2:10"),
        ("gantry: 1\nproject: \"shop", FaultCode::Syntax, "2:10"),
        ("gantry: 1\n  project: shop", FaultCode::Syntax, "2:10"),
        ("gantry: 1\nproject: a: b", FaultCode::Syntax, "2:11"),
        ("gantry: 1\n\tproject: shop", FaultCode::Syntax, "2:1"),
        ("gantry: 1\nservices:\n\tweb: {}", FaultCode::Syntax, "3:1"),
        (
            "gantry: 1\nservices:\n  web:\n\t  image: a",
            FaultCode::Syntax,
            "4:1",
        ),
        ("%YAML 1.1\n---\ngantry: 1", FaultCode::Syntax, "1:1"),
        ("gantry: \u{1}", FaultCode::Syntax, "1:9"),
        (
            "gantry: 1\n---\ngantry: 1",
            FaultCode::SeveralDocuments,
            "2:1",
        ),
    ];
    for (text, code, place) in rows {
        assert_eq!(refusal(text), (code, place.to_owned()), "{text:?}");
    }
}

#[test]
fn a_root_that_is_no_mapping_is_refused() {
    for (text, code) in [
        ("[]", FaultCode::WrongType),
        ("shop", FaultCode::WrongType),
        ("null", FaultCode::NoValue),
    ] {
        assert_eq!(refusal(text), (code, "1:1".to_owned()), "{text}");
    }
}

#[test]
fn values_of_another_form_are_refused() {
    let rows = [
        ("port: \"80\"", FaultCode::WrongType),
        ("port: 80/tcp", FaultCode::BadValue),
        ("port: 0", FaultCode::OutOfRange),
        ("port: 65536", FaultCode::OutOfRange),
        ("port: 99999999999999999999", FaultCode::OutOfRange),
        ("port: 080", FaultCode::BadValue),
        ("port: 0x50", FaultCode::BadValue),
        ("port: 22:22", FaultCode::BadValue),
        ("port: [80]", FaultCode::WrongType),
        (
            "port: {number: 5432, protocol: tcp}",
            FaultCode::NotSupportedYet,
        ),
        ("replicas: 1001", FaultCode::OutOfRange),
        ("replicas: -1", FaultCode::BadValue),
        ("replicas: 3.0", FaultCode::BadValue),
        ("replicas: +3", FaultCode::BadValue),
        ("replicas: 1_000", FaultCode::BadValue),
        ("replicas: yes", FaultCode::BadValue),
        ("replicas: ", FaultCode::NoValue),
        ("replicas: ~", FaultCode::NoValue),
        ("command: shop serve", FaultCode::WrongType),
        ("command: [a, null]", FaultCode::NoValue),
        ("command: [a, {b: c}]", FaultCode::WrongType),
        ("resources: {cpu: 0}", FaultCode::OutOfRange),
        ("resources: {cpu: 1025}", FaultCode::OutOfRange),
        ("resources: {cpu: 500m}", FaultCode::BadValue),
        ("resources: {cpu: \"1\"}", FaultCode::WrongType),
        ("resources: {memory: 512}", FaultCode::BadValue),
        ("resources: {memory: 1Mi}", FaultCode::OutOfRange),
        ("resources: {memory: 99999Gi}", FaultCode::OutOfRange),
        ("resources: {memory: 99999999999999Gi}", FaultCode::BadValue),
        ("health: {interval: 5}", FaultCode::BadValue),
        ("health: {interval: 99ms}", FaultCode::OutOfRange),
        ("health: {interval: 2h}", FaultCode::OutOfRange),
        ("health: {timeout: 1m30s}", FaultCode::BadValue),
        ("health: {start_within: 999ms}", FaultCode::OutOfRange),
        ("health: {tcp: true}", FaultCode::Contradiction),
        ("health: {path: /}", FaultCode::Contradiction),
        ("health: []", FaultCode::WrongType),
        ("env: [A=1]", FaultCode::WrongType),
        ("env: {A: }", FaultCode::NoValue),
        ("env: {A: [x]}", FaultCode::WrongType),
        ("env: {\"\": x}", FaultCode::BadName),
        ("env: {A=B: x}", FaultCode::BadName),
        ("env: {A: \"\\0\"}", FaultCode::BadValue),
        ("env: {A: {secret: a}}", FaultCode::NotSupportedYet),
        ("env: {GANTRY_REPLICA: x}", FaultCode::ReservedName),
        ("env: {A: &x y}", FaultCode::Anchor),
        ("env: {A: !!int 1}", FaultCode::Tag),
        ("env: {A: 1, A: 2}", FaultCode::DuplicateKey),
        ("env: {[a]: b}", FaultCode::KeyNotText),
        ("colour: red", FaultCode::UnknownKey),
        ("health: {exec: []}", FaultCode::BadValue),
        ("health: {exec: [\"\", a]}", FaultCode::BadValue),
        ("health: {exec: pg_isready}", FaultCode::WrongType),
        ("rollout: fast", FaultCode::WrongType),
        ("rollout: {surge: -1}", FaultCode::BadValue),
        ("rollout: {surge: 25%}", FaultCode::BadValue),
        ("rollout: {surge: 1001}", FaultCode::OutOfRange),
        ("rollout: {drain: 2h}", FaultCode::OutOfRange),
        ("rollout: {grace: 0s}", FaultCode::OutOfRange),
        ("rollout: {deadline: 2d}", FaultCode::OutOfRange),
        ("rollout: {deadline: 5}", FaultCode::BadValue),
        ("rollout: {order: rolling}", FaultCode::BadValue),
        ("rollout: {surge: 0}", FaultCode::Contradiction),
        (
            "rollout: {surge: 0, unavailable: 0}",
            FaultCode::Contradiction,
        ),
        (
            "rollout: {order: start-first, surge: 0}",
            FaultCode::Contradiction,
        ),
        (
            "rollout: {order: start-first, unavailable: 1}",
            FaultCode::Contradiction,
        ),
        (
            "rollout: {order: stop-first, surge: 1}",
            FaultCode::Contradiction,
        ),
        (
            "rollout: {order: stop-first, unavailable: 0}",
            FaultCode::Contradiction,
        ),
        ("rollout: {surges: 1}", FaultCode::UnknownKey),
        ("place: [zone]", FaultCode::WrongType),
        ("place: {require: [a]}", FaultCode::WrongType),
        ("place: {require: {zone: }}", FaultCode::NoValue),
        ("place: {require: {zone: a b}}", FaultCode::BadName),
        ("place: {prefer: {a b: c}}", FaultCode::BadName),
        ("place: {spread: [zone]}", FaultCode::WrongType),
        ("place: {spread: \"\"}", FaultCode::BadName),
        ("place: {per_node: 0}", FaultCode::OutOfRange),
        (
            "place: {require: {zone: eu}, prefer: {zone: us}}",
            FaultCode::Contradiction,
        ),
        ("place: {requires: {zone: eu}}", FaultCode::UnknownKey),
        ("domains: [shop.example.com]", FaultCode::Contradiction),
        ("files: [a]", FaultCode::WrongType),
        ("files: {/a: ./x}", FaultCode::WrongType),
        ("files: {/a: {}}", FaultCode::MissingKey),
        (
            "files: {/a: {content: x, base64: eA==}}",
            FaultCode::Contradiction,
        ),
        ("files: {/a: {content: }}", FaultCode::NoValue),
        ("files: {/a: {content: [x]}}", FaultCode::WrongType),
        ("files: {/a: {base64: x}}", FaultCode::BadValue),
        ("files: {/a: {from: ./x}}", FaultCode::NotInlined),
        ("files: {/a: {secret: x}}", FaultCode::NotSupportedYet),
        (
            "files: {/a: {mode: 600, content: x}}",
            FaultCode::ForeignKey,
        ),
        ("files: {a: {content: x}}", FaultCode::BadPath),
        ("files: {/a/../b: {content: x}}", FaultCode::BadPath),
        ("files: {/proc/x: {content: x}}", FaultCode::BadPath),
        (
            "files: {/a: {content: x}, /a-b: {content: x}, /a/b: {content: x}}",
            FaultCode::Contradiction,
        ),
    ];
    for (keys, code) in rows {
        let (found, place) = refusal(&service(keys));
        assert_eq!((found, &place[..2]), (code, "6:"), "{keys}");
    }
}

#[test]
fn a_variable_may_repeat_the_port_and_not_contradict_it() {
    assert!(parse(&service("port: 80\n    env: {PORT: 80}")).is_ok());
    assert!(parse(&service("env: {PORT: 81}")).is_ok());
    assert_eq!(
        refusal(&service("port: 80\n    env: {PORT: 81}")),
        (FaultCode::ReservedName, "7:17".to_owned())
    );
}

#[test]
fn names_are_held_to_their_rules() {
    let file = |project: &str, service: &str| {
        format!("gantry: 1\nproject: {project}\nservices: {{{service}: {{image: a}}}}")
    };
    assert!(
        parse(&file("no", "on")).is_ok(),
        "words of YAML 1.1 are texts"
    );
    for (project, service) in [
        ("Shop", "web"),
        ("cluster", "web"),
        ("a", "web"),
        ("shop", "web_1"),
        ("shop", "1a"),
    ] {
        assert_eq!(
            refusal(&file(project, service)).0,
            FaultCode::BadName,
            "{project} {service}"
        );
    }
}

#[test]
fn another_schema_version_is_refused() {
    for version in ["0", "2"] {
        let text = format!("gantry: {version}\nproject: shop\nservices: {{}}");
        assert_eq!(refusal(&text), (FaultCode::SchemaVersion, "1:9".to_owned()));
    }
}

#[test]
fn health_asks_one_thing() {
    for asked in [
        "exec: [a], tcp: true",
        "exec: [a], path: /",
        "tcp: true, path: /",
    ] {
        let text = service(&format!("port: 80\n    health: {{{asked}}}"));
        assert_eq!(
            refusal(&text),
            (FaultCode::Contradiction, "7:13".to_owned())
        );
    }
}

#[test]
fn limits_are_named_in_the_refusal() {
    let large = format!("gantry: 1 # {}", "x".repeat(MAX_BYTES));
    let deep = "[".repeat(5000);
    let indented: String = (0..100)
        .map(|level| format!("{}a:\n", " ".repeat(level)))
        .collect();
    let services: String = (0..=MAX_SERVICES)
        .map(|n| format!("  s{n}: {{image: a}}\n"))
        .collect();
    let many = format!("gantry: 1\nproject: shop\nservices:\n{services}");
    let key = format!("gantry: 1\n? {}\n: 1", "k".repeat(1025));
    let rows = [
        (key, FaultCode::TooLarge, "1024"),
        (large, FaultCode::TooLarge, "1048576"),
        (deep, FaultCode::TooDeep, "32"),
        (indented, FaultCode::TooDeep, "32"),
        (many, FaultCode::TooManyServices, "1000"),
    ];
    for (text, code, limit) in rows {
        let faults = parse(&text).unwrap_err();
        assert_eq!(
            faults.iter().map(|fault| fault.code).collect::<Vec<_>>(),
            [code]
        );
        assert!(faults[0].message.contains(limit), "{}", faults[0]);
    }
}

#[test]
fn the_list_of_faults_ends_somewhere_and_says_so() {
    let services: String = (0..MAX_SERVICES)
        .map(|n| format!("  s{n}: {{}}\n"))
        .collect();
    let faults = parse(&format!("gantry: 1\nproject: shop\nservices:\n{services}")).unwrap_err();
    assert_eq!(faults.len(), MAX_FAULTS + 1);
    assert_eq!(faults[MAX_FAULTS].code, FaultCode::TooManyFaults);
}
