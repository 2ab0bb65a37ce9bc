//! Law 2, one door each: one crate knows JetStream, one SQLite, two and the CLI Docker, one file the clock, one file
//! the environment. Tests and tools open what they like.

use super::Breach;
use crate::paths;
use crate::project::Project;

struct Door {
    /// The paths that mean going through.
    says: &'static [&'static str],
    /// The crate that brings it, where it is one.
    brings: Option<&'static str>,
    /// Beginnings of the paths where that is right.
    open: &'static [&'static str],
    way_out: &'static str,
}

const DOORS: [Door; 5] = [
    Door {
        says: &["async_nats"],
        brings: Some("async-nats"),
        open: &["libs/bus/"],
        way_out: "go through the traits of libs/bus; what is missing there is added there",
    },
    Door {
        says: &["sqlx"],
        brings: Some("sqlx"),
        open: &["libs/read-model/"],
        way_out: "go through the writer and reader of libs/read-model",
    },
    Door {
        says: &["bollard"],
        brings: Some("bollard"),
        open: &[
            "services/node-worker/src/",
            "services/provisioner/src/providers/local",
            "services/provisioner/src/local",
            "cli/",
        ],
        way_out: "only the node-worker, the local provider and the CLI's image push talk to Docker",
    },
    Door {
        says: &[
            "SystemTime::now",
            "Instant::now",
            "OffsetDateTime::now_utc",
            "OffsetDateTime::now_local",
            "Utc::now",
        ],
        brings: None,
        open: &["libs/runtime/src/clock.rs"],
        way_out: "ask the clock of libs/runtime, so that a test can move it",
    },
    Door {
        says: &["std::env", "env::var", "env::var_os", "env::vars"],
        brings: None,
        open: &[
            "libs/runtime/src/settings.rs",
            "cli/",
            "services/gantryd/src/main.rs",
            "libs/testkit/src/golden.rs",
        ],
        way_out: "make it a setting: default, file, environment, in that order, read in one place",
    },
];

pub(super) fn check(project: &Project) -> Vec<Breach> {
    DOORS
        .iter()
        .flat_map(|door| [needs(project, door), words(project, door)].concat())
        .collect()
}

fn needs(project: &Project, door: &Door) -> Vec<Breach> {
    let Some(brings) = door.brings else {
        return Vec::new();
    };
    let crates = project
        .graph
        .ours()
        .filter(|(folder, _)| !is_free(folder) && !behind(door, folder));
    let with =
        crates.filter(|(_, package)| project.graph.needs(package).any(|need| need.name == brings));
    with.map(|(folder, _)| Breach::of(folder, format!("depends on {brings}"), door.way_out))
        .collect()
}

/// Whether some door of this crate stands open.
fn behind(door: &Door, folder: &str) -> bool {
    door.open
        .iter()
        .any(|open| open.starts_with(&format!("{folder}/")))
}

fn words(project: &Project, door: &Door) -> Vec<Breach> {
    let files = project.rust().filter(|file| !is_free(&file.path));
    let closed = files.filter(|file| !door.open.iter().any(|open| file.path.starts_with(open)));
    let said = closed.flat_map(|file| {
        let mentions = paths::mentions(&file.shipped).into_iter();
        let through = mentions.filter(|mention| door.says.iter().any(|words| mention.says(words)));
        through.map(|mention| {
            Breach::at(
                file,
                mention.at,
                format!("`{}` outside its door", mention.path),
                door.way_out,
            )
        })
    });
    said.collect()
}

/// Tools and tests are; a build script is run by cargo and has only the environment.
fn is_free(path: &str) -> bool {
    is_build_script(path) || path.starts_with("tools/") || path.starts_with("tests/")
}

/// Whether it stands beside `src`, to be run by cargo.
pub(super) fn is_build_script(path: &str) -> bool {
    path.ends_with("/build.rs") && !path.contains("/src/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&Project::of(&[(path, text)]))
            .into_iter()
            .map(|breach| breach.what)
            .collect()
    }

    #[test]
    fn each_thing_has_its_door() {
        for (text, through, path) in [
            (
                "use async_nats::Client;",
                "async_nats::Client",
                "libs/bus/src/jetstream.rs",
            ),
            (
                "use sqlx::Row;",
                "sqlx::Row",
                "libs/read-model/src/reader.rs",
            ),
            (
                "use bollard::Docker;",
                "bollard::Docker",
                "services/provisioner/src/providers/local.rs",
            ),
            (
                "fn a() { std::time::Instant::now() }",
                "std::time::Instant::now",
                "libs/runtime/src/clock.rs",
            ),
            ("use std::env;", "std::env", "libs/runtime/src/settings.rs"),
        ] {
            assert_eq!(found(path, text), [""; 0], "{path}");
            assert_eq!(
                found("services/provisioner/src/lib.rs", text),
                [format!("`{through}` outside its door")]
            );
            assert_eq!(
                found("services/provisioner/tests/joins.rs", text),
                [""; 0],
                "{text}"
            );
        }
    }

    #[test]
    fn a_crate_without_the_door_may_not_even_depend() {
        let project = Project::of_crates(&[
            ("gantry-bus", "libs/bus", &["async-nats"]),
            ("gantry-api", "services/api", &["async-nats"]),
            ("gantry-e2e", "tests/e2e", &["async-nats"]),
            ("async-nats", "", &[]),
        ]);
        let breaches = check(&project);
        assert_eq!(
            breaches
                .iter()
                .map(|breach| breach.path.as_str())
                .collect::<Vec<_>>(),
            ["services/api"]
        );
    }
}
