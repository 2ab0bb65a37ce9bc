//! The laws of the code, each a check that names itself, the place and the way out when it is broken.
//!
//! A law is a function from the project to its breaches; the table below is the list of them. What a law cannot
//! see in text or in the graph of crates (that replay is the same, that a writer's commit holds its own types) is
//! tested where it happens, and the law sees that the test is there.

mod alone;
mod banned;
mod doors;
mod forever;
mod map;
mod pure;
mod replay;
mod strangers;
mod surprises;
mod waits;
mod writers;

use std::fmt;

use crate::project::Project;
use crate::source::Source;

/// A law: its number, its name, and what finds its breaches.
#[derive(Debug)]
pub struct Law {
    /// As it is counted in ARCHITECTURE.md.
    pub number: u8,
    /// As it is called there.
    pub name: &'static str,
    check: fn(&Project) -> Vec<Breach>,
}

/// One place where a law is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// File, or folder of a crate.
    pub path: String,
    /// Line from 1; none when it is about the whole.
    pub line: Option<usize>,
    /// What is there.
    pub what: String,
    /// What to do about it.
    pub way_out: &'static str,
}

/// All of them, in their order.
pub const LAWS: [Law; 11] = [
    Law {
        number: 1,
        name: "pure is pure",
        check: pure::check,
    },
    Law {
        number: 2,
        name: "one door each",
        check: doors::check,
    },
    Law {
        number: 3,
        name: "services are strangers",
        check: strangers::check,
    },
    Law {
        number: 4,
        name: "one writer a subject",
        check: writers::check,
    },
    Law {
        number: 5,
        name: "written once, read for ever",
        check: forever::check,
    },
    Law {
        number: 6,
        name: "nothing waits unseen",
        check: waits::check,
    },
    Law {
        number: 7,
        name: "replay is the same",
        check: replay::check,
    },
    Law {
        number: 8,
        name: "no surprises at run time",
        check: surprises::check,
    },
    Law {
        number: 9,
        name: "the map is the land",
        check: map::check,
    },
    Law {
        number: 10,
        name: "the project speaks of itself alone",
        check: alone::check,
    },
    Law {
        number: 11,
        name: "no banned crate",
        check: banned::check,
    },
];

impl Law {
    /// Where the project breaks this law.
    pub fn breaches(&self, project: &Project) -> Vec<Breach> {
        (self.check)(project)
    }
}

impl Breach {
    fn at(file: &Source, offset: usize, what: String, way_out: &'static str) -> Self {
        Self {
            path: file.path.clone(),
            line: Some(file.line(offset)),
            what,
            way_out,
        }
    }

    fn of(path: &str, what: String, way_out: &'static str) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            what,
            way_out,
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        write!(f, "{}{line}: {}", self.path, self.what)
    }
}

/// The breaches of one law as text, the way out once below those it is the same for.
pub fn told(breaches: &[Breach]) -> String {
    let groups = breaches.chunk_by(|one, next| one.way_out == next.way_out);
    let told = groups.map(|group| {
        let places: String = group.iter().map(|breach| format!("  {breach}\n")).collect();
        format!("{places}    so: {}\n", group[0].way_out)
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaches_read_as_place_and_what_with_one_way_out() {
        let file = Source::new("a.rs", "one\ntwo");
        let line = Breach::at(&file, 4, String::from("`two` stands here"), "say `one`");
        let whole = Breach::of("libs/a", String::from("is odd"), "say `one`");
        let text = "  a.rs:2: `two` stands here\n  libs/a: is odd\n    so: say `one`\n";
        assert_eq!(told(&[line, whole]), text);
    }

    #[test]
    fn laws_are_numbered_without_gaps() {
        assert!(
            LAWS.iter()
                .zip(1..)
                .all(|(law, number)| law.number == number)
        );
    }
}
