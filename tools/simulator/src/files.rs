//! The files that clients send: one service or two, in one of several versions, each with policies chosen by
//! chance.

use gantry_spec::parse;

use crate::chance::Chance;

/// How a service changes.
const ROLLOUTS: &[&str] = &[
    "surge: 1",
    "surge: 2",
    "order: stop-first",
    "unavailable: 2",
];

/// Where its replicas run. The pools that clients ask for give their nodes a zone each.
const PLACES: &[&str] = &[
    "per_node: 1",
    "per_node: 2, spread: zone",
    "prefer: {zone: b}, spread: pool",
    "require: {zone: a}, per_node: 2",
    "require: {zone: b}",
];

/// Hosts, fewer than there are services that may want them.
const HOSTS: &[&str] = &["a.example", "b.example"];

/// A file of the project, as the api sends it on.
pub fn file(project: &str, chance: &mut Chance) -> String {
    let mut text = format!("gantry: 1\nproject: {project}\nservices:\n{}", web(chance));
    if chance.percent(40) {
        text.push_str("  worker:\n    image: app:2\n    resources: {memory: 512Mi}\n");
        text.push_str(&place(chance));
    }
    match parse(&text) {
        Ok(parsed) => parsed.project.canonical(),
        Err(faults) => unreachable!("the simulator's own file is wrong: {faults:?}"),
    }
}

fn web(chance: &mut Chance) -> String {
    let image = if chance.percent(5) {
        "missing:1"
    } else {
        "app:1"
    };
    let health = if chance.percent(10) { "hang" } else { "answer" };
    let rollout = ROLLOUTS[chance.below(ROLLOUTS.len())];
    let (version, replicas) = (chance.below(4), chance.below(4));
    format!(
        "  web:\n    image: {image}\n    port: 80\n    replicas: {replicas}\n    \
         rollout: {{{rollout}, deadline: 40s}}\n    env: {{VERSION: \"{version}\", MODE: {health}}}\n{}{}",
        place(chance),
        domains(chance)
    )
}

fn place(chance: &mut Chance) -> String {
    let policy = chance
        .percent(40)
        .then(|| PLACES[chance.below(PLACES.len())]);
    policy.map_or_else(String::new, |policy| format!("    place: {{{policy}}}\n"))
}

fn domains(chance: &mut Chance) -> String {
    let host = chance.percent(30).then(|| HOSTS[chance.below(HOSTS.len())]);
    host.map_or_else(String::new, |host| format!("    domains: [{host}]\n"))
}
