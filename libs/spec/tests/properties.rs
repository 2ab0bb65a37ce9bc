//! What holds for every input: no panic, places that exist, and canonical text that reads back.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod validator;

use std::collections::{BTreeMap, BTreeSet};

use gantry_spec::{
    Bytes, Domain, EnvName, FileContent, FilePath, Health, HealthCheck, HttpPort, MilliCpu, Millis,
    PlacePolicy, Project, Replicas, Resources, RolloutPolicy, Service, parse, parse_here, schema,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};
use validator::valid;

const VALID: &str = include_str!("files/full.yaml");
const FAULTY: &str = include_str!("files/many-faults.yaml");

fn check(port: Option<HttpPort>) -> BoxedStrategy<HealthCheck> {
    let exec = ("[^\0]{1,9}", vec(text(), 0..3)).prop_map(|(program, mut command)| {
        command.insert(0, program);
        HealthCheck::Exec { command }
    });
    match port {
        None => prop_oneof![Just(HealthCheck::Running), exec].boxed(),
        Some(_) => prop_oneof![
            exec,
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

fn rollout() -> impl Strategy<Value = RolloutPolicy> {
    let slots =
        (0..=1000_u32, 0..=1000_u32).prop_filter("none could change", |slots| *slots != (0, 0));
    let spans = (
        0..=3_600_000_u64,
        1000..=3_600_000_u64,
        1000..=86_400_000_u64,
    );
    (slots, spans).prop_map(
        |((surge, unavailable), (drain, grace, deadline))| RolloutPolicy {
            surge,
            unavailable,
            drain: Millis(drain),
            grace: Millis(grace),
            deadline: Millis(deadline),
        },
    )
}

fn place() -> impl Strategy<Value = PlacePolicy> {
    let label = "[A-Za-z0-9._/-]{1,12}";
    let labels = (
        btree_map("r[a-z]{0,5}", label, 0..3),
        btree_map("p[a-z]{0,5}", label, 0..3),
    );
    (labels, option::of(label), option::of(1..=1000_u32)).prop_map(
        |((require, prefer), spread, per_node)| PlacePolicy {
            require,
            prefer,
            spread,
            per_node,
        },
    )
}

fn files() -> impl Strategy<Value = BTreeMap<FilePath, FileContent>> {
    let path = "/[a-z][^/\\p{Cc}]{0,9}(/x[^/\\p{Cc}]{0,9}){0,2}";
    let path = path.prop_filter_map("no path", |text| text.parse::<FilePath>().ok());
    let content = prop_oneof![text().prop_map(String::into_bytes), vec(any::<u8>(), 0..40)];
    btree_map(path, content.prop_map(FileContent::from), 0..4).prop_filter(
        "one would be a folder",
        |files| {
            files.keys().all(|path| {
                let below = format!("{path}/");
                files
                    .keys()
                    .all(|other| !other.as_str().starts_with(&below))
            })
        },
    )
}

fn domain() -> impl Strategy<Value = Domain> {
    let host = "[a-z0-9]{1,9}\\.(example|test)";
    let redirect = option::of("[a-z]{1,9}\\.elsewhere".prop_map(|text| text.parse().unwrap()));
    (host.prop_map(|text| text.parse().unwrap()), redirect)
        .prop_map(|(host, redirect)| Domain { host, redirect })
}

/// Each host leads to one service, and only to one with a port.
fn with_domains(mut project: Project, domains: Vec<Domain>) -> Project {
    let mut taken = BTreeSet::new();
    let mut fresh = domains
        .into_iter()
        .filter(|domain| taken.insert(domain.host.clone()));
    for service in project
        .services
        .values_mut()
        .filter(|service| service.port.is_some())
    {
        service.domains = fresh.by_ref().take(2).collect();
    }
    project
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
            (rollout(), place(), files()),
        )
            .prop_map(
                move |(
                    image,
                    (command, entrypoint),
                    replicas,
                    health,
                    resources,
                    env,
                    (rollout, place, files),
                )| Service {
                    image,
                    command,
                    entrypoint,
                    port,
                    replicas,
                    health,
                    resources,
                    env,
                    rollout,
                    place,
                    files,
                    domains: Default::default(),
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
        .prop_flat_map(|project| {
            vec(domain(), 0..6).prop_map(move |domains| with_domains(project.clone(), domains))
        })
}

/// What an environment may say: parts of another project, some of them taken away.
fn overlay(of: &Project, with: &Project, holes: &[bool]) -> Value {
    let mut over: Value = serde_json::from_str(&with.canonical()).unwrap();
    let mut holes = holes.iter().copied().cycle();
    let services = over["services"].take();
    let named = of
        .services
        .keys()
        .zip(services.as_object().unwrap().values());
    let services = named.map(|(name, service)| {
        let keys = service.as_object().unwrap().iter();
        let kept = keys.filter(|_| !holes.next().unwrap());
        let kept = kept.map(|(key, value)| (key.clone(), value.clone()));
        (name.to_string(), Value::Object(kept.collect()))
    });
    json!({"services": services.collect::<serde_json::Map<_, _>>()})
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
        prop_assert_eq!(parsed.project.canonical(), canonical);
    }

    #[test]
    fn the_schema_takes_what_the_parser_takes(
        project in project(),
        other in project(),
        holes in vec(any::<bool>(), 30..31),
    ) {
        let schema = schema();
        let mut file: Value = serde_json::from_str(&project.canonical()).unwrap();
        prop_assert!(valid(&file, &schema, &schema), "{}", file);
        file["environments"] = json!({"staging": overlay(&project, &other, &holes)});
        if parse(&file.to_string()).is_ok() {
            prop_assert!(valid(&file, &schema, &schema), "{}", file);
        }
    }

    #[test]
    fn what_is_deployed_for_an_environment_reads_back_as_itself(
        project in project(),
        other in project(),
        holes in vec(any::<bool>(), 30..31),
    ) {
        let mut file: Value = serde_json::from_str(&project.canonical()).unwrap();
        file["environments"] = json!({"staging": overlay(&project, &other, &holes)});
        let merged = parse_here(&file.to_string(), Some("staging"), &|_| Ok(Vec::new()));
        if let Ok(merged) = merged {
            let canonical = merged.project.canonical();
            prop_assert_eq!(parse(&canonical).unwrap().project, merged.project);
        }
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
