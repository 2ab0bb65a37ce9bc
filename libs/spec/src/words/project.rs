//! The keys of the file itself, and of what an environment says otherwise.

use super::Words;
use crate::foreign::Ours::{Environment, Say};

pub(crate) const FILE: Words = Words {
    what: "the file",
    known: &["gantry", "project", "services", "environments"],
    not_yet: &[JOBS, VOLUMES, SECRETS],
    foreign: &[
        (
            "version",
            Say("write `gantry: 1`, the version of the schema"),
        ),
        ("name", Say("write `project: NAME`")),
        ("app", Say("write `project: NAME`")),
        ("service", Say("write `services: {NAME: {image: …}}`")),
        ("envs", Environment),
        ("environment", Environment),
        ("profiles", Environment),
        ("stages", Environment),
        NETWORKS,
        (
            "configs",
            Say("write `files: {/PATH: {from: ./FILE}}` in the service that reads them"),
        ),
        (
            "include",
            Say("write the services here; a project is one file"),
        ),
    ],
};

/// An environment may say of the file whatever it does not take its name from.
pub(crate) const ENVIRONMENT: Words = Words {
    what: "an environment",
    known: &["services"],
    not_yet: &[JOBS, VOLUMES, SECRETS],
    foreign: &[
        (
            "project",
            Say(
                "remove it; the project is called by the file's name and the environment's, as in shop-staging",
            ),
        ),
        (
            "gantry",
            Say("remove it; the version stands once, at the top of the file"),
        ),
        (
            "environments",
            Say("remove it; environments do not build on one another"),
        ),
        (
            "env",
            Say("write `services: {NAME: {env: {…}}}`; variables belong to a service"),
        ),
        ("replicas", Say("write `services: {NAME: {replicas: N}}`")),
        ("domains", Say("write `services: {NAME: {domains: […]}}`")),
        (
            "extends",
            Say("remove it; an environment changes what the file says"),
        ),
    ],
};

const JOBS: (&str, &str) = ("jobs", "remove it; a service runs all the time");
const VOLUMES: (&str, &str) = (
    "volumes",
    "remove it; a replica's files last as long as its container",
);
const SECRETS: (&str, &str) = ("secrets", "remove it; values stand in `env` for now");
const NETWORKS: (&str, crate::foreign::Ours) = (
    "networks",
    Say("remove it; a project needs no network of its own"),
);
