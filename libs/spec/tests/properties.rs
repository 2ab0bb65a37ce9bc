//! What holds for every input: no panic, places that exist, and canonical text that reads back.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use gantry_spec::{
    Bytes, EnvName, Health, HealthCheck, HttpPort, MilliCpu, Millis, Project, Replicas, Resources,
    Service, parse,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

const VALID: &str = include_str!("files/full.yaml");
const FAULTY: &str = include_str!("files/many-faults.yaml");

fn check(port: Option<HttpPort>) -> BoxedStrategy<HealthCheck> {
    match port {
        None => Just(HealthCheck::Running).boxed(),
        Some(_) => prop_oneof![
            Just(HealthCheck::Tcp),
            "/[!-\"$-~]{0,20}".prop_map(|path| HealthCheck::Http { path })
        ]
        .boxed(),
    }
}

fn health(port: Option<HttpPort>) -> impl Strategy<Value = Health> {
    let spans = (100..=3_600_000_u64, 100..=60_000_u64, 1000..=3_600_000_u64);
    (check(port), spans).prop_map(|(check, (interval, timeout, start_within))| Health {
        check,
        interval: Millis(interval),
        timeout: Millis(timeout),
        start_within: Millis(start_within),
    })
}

fn resources() -> impl Strategy<Value = Resources> {
    let memory = prop_oneof![
        (6..16_000_u64).prop_map(|mi| mi << 20),
        (7000..9_000_000_u64).prop_map(|k| k * 1000)
    ];
    (option::of(1..=1_024_000_u32), option::of(memory)).prop_map(|(cpu, memory)| Resources {
        cpu: cpu.map(MilliCpu),
        memory: memory.map(Bytes),
    })
}

/// Any text without NUL.
fn text() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| text.replace('\0', "0"))
}

fn env_name() -> impl Strategy<Value = EnvName> {
    any::<String>().prop_filter_map("no variable's name", |text| text.parse().ok())
}

fn service() -> impl Strategy<Value = Service> {
    let port = option::of((1..=u16::MAX).prop_map(|number| HttpPort::try_from(number).unwrap()));
    port.prop_flat_map(|port| {
        let image = "[a-z]{1,9}(/[a-z0-9]{1,9})?(:[A-Za-z0-9_]{1,9})?"
            .prop_map(|text| text.parse().unwrap());
        let lists = (vec(text(), 0..4), vec(text(), 0..4));
        let replicas = (0..=1000_u32).prop_map(|number| Replicas::try_from(number).unwrap());
        (
            image,
            lists,
            replicas,
            health(port),
            resources(),
            btree_map(env_name(), text(), 0..6),
        )
            .prop_map(
                move |(image, (command, entrypoint), replicas, health, resources, env)| Service {
                    image,
                    command,
                    entrypoint,
                    port,
                    replicas,
                    health,
                    resources,
                    env,
                    domains: Default::default(),
                    rollout: Default::default(),
                    place: Default::default(),
                    files: Default::default(),
                },
            )
    })
}

fn project() -> impl Strategy<Value = Project> {
    let name = "[a-z][a-z0-9-]{0,10}[a-z0-9]";
    let services = btree_map(name.prop_map(|text| text.parse().unwrap()), service(), 0..4);
    (
        name.prop_filter_map("taken", |text| text.parse().ok()),
        services,
    )
        .prop_map(|(name, services)| Project { name, services })
}

/// Faults stand in the text (or right behind it), sorted, each with a message.
fn assert_sound(text: &str) {
    let faults = parse(text).map_or_else(|faults| faults, |parsed| parsed.warnings);
    let lines = text.split(['\n', '\r']).count();
    for fault in &faults {
        assert!(
            fault.line >= 1 && fault.column >= 1 && fault.line as usize <= lines + 1,
            "{fault} in {text:?}"
        );
        assert!(!fault.message.is_empty(), "{fault:?}");
        assert!(
            fault.pointer.is_empty() || fault.pointer.starts_with('/'),
            "{fault:?}"
        );
    }
    assert!(
        faults.is_sorted_by_key(|fault| (fault.line, fault.column)),
        "{faults:?}"
    );
}

proptest! {
    #[test]
    fn canonical_text_reads_back_as_the_same_project(project in project()) {
        let canonical = project.canonical();
        let parsed = parse(&canonical).map_err(|faults| TestCaseError::fail(format!("{canonical}\n{faults:?}")))?;
        prop_assert_eq!(&parsed.project, &project);
        prop_assert_eq!(&serde_json::from_str::<Project>(&canonical).unwrap(), &project);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..400)) {
        assert_sound(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_text_of_yamls_own_characters_makes_it_panic(text in "[a-c0 :,\\[\\]{}\n\t\"'&*!|>%#?<~-]{0,80}") {
        assert_sound(&text);
    }

    #[test]
    fn no_mutation_of_a_file_makes_it_panic(
        faulty in any::<bool>(),
        cuts in vec((any::<prop::sample::Index>(), 0..12_usize, "[ -~\n\t]{0,6}"), 1..6),
    ) {
        let mut text: Vec<char> = if faulty { FAULTY } else { VALID }.chars().collect();
        for (at, gone, new) in cuts {
            let at = at.index(text.len().max(1)).min(text.len());
            let end = (at + gone).min(text.len());
            text.splice(at..end, new.chars());
        }
        assert_sound(&text.into_iter().collect::<String>());
    }
}
