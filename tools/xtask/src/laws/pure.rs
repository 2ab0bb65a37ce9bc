//! Law 1, pure is pure: the crates that decide depend on nothing that waits, reads a clock, rolls dice or touches a
//! socket, not even through others, and do not say the words for it.

use super::Breach;
use crate::graph::Package;
use crate::paths;
use crate::project::Project;
use crate::source::Source;

const CRATES: [&str; 7] = [
    "tokio",
    "async-nats",
    "sqlx",
    "axum",
    "hyper",
    "bollard",
    "rand",
];

/// What pure code does not say. `Uuid`'s makers read the clock or the dice; an id made from content is fine.
const WORDS: [&str; 14] = [
    "async",
    "SystemTime",
    "Instant",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "HashMap",
    "HashSet",
    "Uuid::now_v7",
    "Uuid::new_v4",
    "OffsetDateTime::now_utc",
    "OffsetDateTime::now_local",
];

/// Addresses are values; only what opens a socket is kept out.
const VALUES: [&str; 6] = [
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "SocketAddr",
    "SocketAddrV4",
    "SocketAddrV6",
];

pub(super) fn check(project: &Project) -> Vec<Breach> {
    let crates = project.graph.ours().filter(|(folder, _)| is_pure(folder));
    let needs = crates.filter_map(|(folder, package)| impure_need(project, folder, package));
    let files = project
        .rust()
        .filter(|file| crate_of(&file.path).is_some_and(is_pure));
    needs.chain(files.flat_map(impure_words)).collect()
}

/// Whether the crate in this folder only decides.
pub(super) fn is_pure(folder: &str) -> bool {
    matches!(
        folder,
        "libs/events" | "libs/decider" | "libs/spec" | "libs/views"
    ) || is_core(folder)
}

/// Whether the folder is `services/ANY/core`.
pub(super) fn is_core(folder: &str) -> bool {
    folder
        .strip_prefix("services/")
        .is_some_and(|rest| rest.ends_with("/core") && rest.matches('/').count() == 1)
}

fn crate_of(path: &str) -> Option<&str> {
    path.split_once("/src/").map(|(folder, _)| folder)
}

fn impure_need(project: &Project, folder: &str, package: &Package) -> Option<Breach> {
    let way = project.graph.way_to(package, &CRATES)?;
    let what = format!(
        "a pure crate depends on {}: {}",
        way.last()?,
        way.join(" > ")
    );
    Some(Breach::of(
        folder,
        what,
        "move what needs it into the shell, or turn off the feature that brings it",
    ))
}

fn impure_words(file: &Source) -> Vec<Breach> {
    let mentions = paths::mentions(&file.shipped).into_iter();
    let impure = mentions.filter_map(|mention| {
        let word = WORDS.iter().find(|word| mention.says(word))?;
        let value = *word == "std::net" && VALUES.iter().any(|value| mention.says(value));
        let what = format!("pure code says `{word}`");
        let way_out = "take time, readings and seeds as arguments, keep maps ordered, leave waiting to the shell";
        (!value).then(|| Breach::at(file, mention.at, what, way_out))
    });
    impure.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pure_crate_reaches_no_runtime_even_through_others() {
        let project = Project::of_crates(&[
            ("gantry-spec", "libs/spec", &["yaml"]),
            ("gantry-bus", "libs/bus", &["tokio"]),
            ("yaml", "", &["tokio"]),
            ("tokio", "", &[]),
        ]);
        let breaches = check(&project);
        assert_eq!(breaches.len(), 1);
        assert!(
            breaches[0].to_string().starts_with(
                "libs/spec: a pure crate depends on tokio: gantry-spec > yaml > tokio"
            )
        );
    }

    #[test]
    fn pure_code_says_no_clock_no_map_without_order_and_no_async() {
        let text = "use std::{collections::HashMap, time::SystemTime, net::IpAddr};\nasync fn a() { std::fs::read(b) }";
        let says = |path| {
            check(&Project::of(&[(path, text)]))
                .into_iter()
                .map(|breach| breach.what)
                .collect::<Vec<_>>()
        };
        let expected = ["HashMap", "SystemTime", "async", "std::fs"]
            .map(|word| format!("pure code says `{word}`"));
        assert_eq!(says("services/api/core/src/lib.rs"), expected);
        assert_eq!(says("services/api/src/lib.rs"), [""; 0]);
        assert_eq!(says("services/api/core/tests/laws.rs"), [""; 0]);
    }

    #[test]
    fn comments_strings_and_tests_may_say_anything() {
        let text = "// HashMap\nconst A: &str = \"SystemTime\";\n#[cfg(test)]\nmod tests { use std::env; }";
        assert_eq!(check(&Project::of(&[("libs/events/src/a.rs", text)])), []);
    }
}
