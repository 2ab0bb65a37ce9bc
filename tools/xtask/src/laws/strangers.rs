//! Law 3, services are strangers: no service depends on another, no core on another core. Only the one program that
//! carries all roles, the tools and the tests see them together.

use super::Breach;
use crate::graph::Package;
use crate::project::Project;

pub(super) fn check(project: &Project) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (folder, package) in project.graph.ours().filter(|(folder, _)| !sees_all(folder)) {
        let needs = project
            .graph
            .needs(package)
            .filter(|need| !may_see(folder, need));
        let what =
            needs.map(|need| format!("depends on {}, which is another service's", need.name));
        let way_out =
            "say it in an event or a question of libs/events; two services share words, never code";
        breaches.extend(what.map(|what| Breach::of(folder, what, way_out)));
    }
    breaches
}

fn sees_all(folder: &str) -> bool {
    folder == "services/gantryd" || folder.starts_with("tools/") || folder.starts_with("tests/")
}

/// A service may see its own core, and everybody what is no service.
fn may_see(folder: &str, need: &Package) -> bool {
    let Some(other) = need
        .folder
        .as_deref()
        .filter(|other| other.starts_with("services/"))
    else {
        return true;
    };
    other.strip_suffix("/core") == Some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_sees_its_own_core_and_no_other() {
        let project = Project::of_crates(&[
            (
                "gantry-api",
                "services/api",
                &["gantry-api-core", "gantry-scheduler-core", "gantry-events"],
            ),
            ("gantry-api-core", "services/api/core", &["gantry-events"]),
            (
                "gantry-scheduler",
                "services/scheduler",
                &["gantry-scheduler-core", "gantry-api"],
            ),
            (
                "gantry-scheduler-core",
                "services/scheduler/core",
                &["gantry-api-core"],
            ),
            (
                "gantryd",
                "services/gantryd",
                &["gantry-api", "gantry-scheduler"],
            ),
            (
                "gantry-simulator",
                "tools/simulator",
                &["gantry-api-core", "gantry-scheduler-core"],
            ),
            ("gantry-events", "libs/events", &[]),
        ]);
        let breaches = check(&project);
        let found: Vec<_> = breaches
            .iter()
            .map(|breach| (breach.path.as_str(), breach.what.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (
                    "services/api",
                    "depends on gantry-scheduler-core, which is another service's"
                ),
                (
                    "services/scheduler",
                    "depends on gantry-api, which is another service's"
                ),
                (
                    "services/scheduler/core",
                    "depends on gantry-api-core, which is another service's"
                ),
            ]
        );
    }
}
