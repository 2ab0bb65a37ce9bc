//! Law 7, replay is the same: every core is put through the laws of the test kit (live state = replayed state =
//! state from snapshot and tail). That they hold is the test's to show; here it is seen that there is one.

use super::Breach;
use super::pure::is_core;
use crate::paths;
use crate::project::Project;

const WAY_OUT: &str =
    "add tests/laws.rs to the core and call the functions of gantry_testkit::laws on it";

pub(super) fn check(project: &Project) -> Vec<Breach> {
    let cores = project
        .graph
        .ours()
        .map(|(folder, _)| folder)
        .filter(|folder| is_core(folder));
    cores
        .filter_map(|folder| unproved(project, folder))
        .collect()
}

fn unproved(project: &Project, folder: &str) -> Option<Breach> {
    let path = format!("{folder}/tests/laws.rs");
    let Some(file) = project.file(&path) else {
        return Some(Breach::of(
            folder,
            String::from("has no tests/laws.rs"),
            WAY_OUT,
        ));
    };
    let calls = paths::mentions(&file.code)
        .iter()
        .any(|mention| mention.says("gantry_testkit::laws"));
    (!calls).then(|| {
        Breach::of(
            &path,
            String::from("calls none of gantry_testkit::laws"),
            WAY_OUT,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn found(file: Option<&str>) -> Vec<String> {
        let mut project =
            Project::of_crates(&[("c", "services/api/core", &[]), ("s", "services/api", &[])]);
        project
            .files
            .extend(file.map(|text| Source::new("services/api/core/tests/laws.rs", text)));
        check(&project)
            .into_iter()
            .map(|breach| breach.what)
            .collect()
    }

    #[test]
    fn every_core_calls_the_laws_of_the_test_kit() {
        assert_eq!(found(None), ["has no tests/laws.rs"]);
        assert_eq!(
            found(Some("// gantry_testkit::laws::replay")),
            ["calls none of gantry_testkit::laws"]
        );
        assert_eq!(
            found(Some("fn a() { gantry_testkit::laws::replay(b) }")),
            [""; 0]
        );
        assert_eq!(found(Some("use gantry_testkit::{build, laws};")), [""; 0]);
    }
}
