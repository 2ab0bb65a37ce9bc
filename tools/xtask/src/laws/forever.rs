//! Law 5, written once, read for ever: each version of an event or command has a golden file that the tests of
//! libs/events decode, and a file listed as frozen stays as it is, byte for byte.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::Breach;
use crate::project::Project;
use crate::source::Source;

const WORDS: &str = "libs/events/src/";
const GOLDEN: &str = "libs/events/tests/golden/";
/// Lines as `sha256sum` prints them: digest, two spaces, file name.
const FROZEN: &str = "libs/events/tests/golden/FROZEN";

pub(super) fn check(project: &Project) -> Vec<Breach> {
    let types = wire_types(project);
    let known: BTreeSet<String> = types.iter().map(|wire| golden_path(wire.name)).collect();
    [
        missing(project, &types),
        stray(project, &known),
        thawed(project),
    ]
    .concat()
}

/// The name of a wire form where the code says it.
pub(super) struct WireType<'a> {
    /// `release.created.v1`.
    pub name: &'a str,
    pub file: &'a Source,
    pub at: usize,
}

/// Every type name in the code of libs/events, as often as it stands there.
pub(super) fn wire_types(project: &Project) -> Vec<WireType<'_>> {
    let files = project.rust().filter(|file| file.path.starts_with(WORDS));
    let all = files.flat_map(|file| {
        file.literals()
            .map(move |(at, name)| WireType { name, file, at })
    });
    all.filter(|wire| is_wire_type(wire.name)).collect()
}

fn is_wire_type(text: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let Some((name, version)) = text.rsplit_once(".v") else {
        return false;
    };
    let number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    number && name.split('.').count() == 2 && name.split('.').all(word)
}

fn golden_path(name: &str) -> String {
    format!("{GOLDEN}{name}.json")
}

fn missing(project: &Project, types: &[WireType<'_>]) -> Vec<Breach> {
    let mut seen = BTreeSet::new();
    let first = types.iter().filter(|wire| seen.insert(wire.name));
    let without = first.filter(|wire| project.file(&golden_path(wire.name)).is_none());
    let way_out = "write one example of it to libs/events/tests/golden/TYPE.json, and let the tests decode it";
    without
        .map(|wire| {
            Breach::at(
                wire.file,
                wire.at,
                format!("{} has no golden file", wire.name),
                way_out,
            )
        })
        .collect()
}

fn stray(project: &Project, known: &BTreeSet<String>) -> Vec<Breach> {
    let golden = project.files.iter().map(|file| &file.path);
    let stray = golden.filter(|path| {
        path.starts_with(GOLDEN) && path.ends_with(".json") && !known.contains(*path)
    });
    let way_out = "bring the version back if it was ever released, else delete its file";
    stray
        .map(|path| {
            Breach::of(
                path,
                String::from("is the golden file of no type in libs/events"),
                way_out,
            )
        })
        .collect()
}

fn thawed(project: &Project) -> Vec<Breach> {
    let Some(list) = project.file(FROZEN) else {
        return Vec::new();
    };
    let rows = list.text.lines().filter_map(|line| line.split_once("  "));
    let changed = rows.filter(|(digest, name)| {
        let file = project.file(&format!("{GOLDEN}{}", name.trim()));
        file.is_none_or(|file| sha256(&file.text) != *digest)
    });
    let way_out = "put it back as it was; a new form is a new version with an upcaster";
    changed
        .map(|(_, name)| {
            Breach::of(
                FROZEN,
                format!("{name} is frozen, and changed or gone"),
                way_out,
            )
        })
        .collect()
}

fn sha256(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string takes whatever is written");
            hex
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: (&str, &str) = (
        "libs/events/src/fact.rs",
        "const A: [&str; 2] = [\"pool.made.v1\", \"no.type\"]; // \"x.y.v1\"",
    );
    const PATH: &str = "libs/events/tests/golden/pool.made.v1.json";

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        check(&Project::of(files))
            .into_iter()
            .map(|breach| breach.what)
            .collect()
    }

    #[test]
    fn each_version_has_a_golden_file_and_each_file_a_version() {
        assert_eq!(found(&[CODE]), ["pool.made.v1 has no golden file"]);
        assert_eq!(found(&[CODE, (PATH, "{}")]), [""; 0]);
        assert_eq!(
            found(&[(PATH, "{}")]),
            ["is the golden file of no type in libs/events"]
        );
    }

    #[test]
    fn a_frozen_file_stays_as_it_is() {
        let frozen = format!("{}  pool.made.v1.json\n", sha256("{}"));
        let (kept, changed, gone) = ((PATH, "{}"), (PATH, "{ }"), ("README.md", ""));
        assert_eq!(found(&[CODE, (FROZEN, &frozen), kept]), [""; 0]);
        let complaint = "pool.made.v1.json is frozen, and changed or gone";
        assert_eq!(found(&[CODE, (FROZEN, &frozen), changed]), [complaint]);
        assert!(found(&[CODE, (FROZEN, &frozen), gone]).contains(&complaint.to_owned()));
    }

    #[test]
    fn digests_are_written_as_sha256sum_writes_them() {
        assert!(sha256("").starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
    }
}
