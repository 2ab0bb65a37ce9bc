//! The keys of a service.

use super::Words;
use crate::foreign::Ours::{
    self, Command, Cpu, Deploy, Domains, Entrypoint, Env, Grace, Healthcheck, Memory, Place, Port,
    Require, Rollout, Say,
};

pub(crate) const SERVICE: Words = Words {
    what: "a service",
    known: &[
        "image",
        "command",
        "entrypoint",
        "port",
        "replicas",
        "domains",
        "health",
        "rollout",
        "resources",
        "place",
        "env",
        "files",
    ],
    not_yet: &[
        ("scale", "write `replicas: N` for a fixed number"),
        ("release", "remove it; run such a command before the deploy"),
        (
            "sticky",
            "remove it; each request goes to the least loaded replica",
        ),
        ("uses", "remove it"),
        (
            "volumes",
            "remove it; a replica's files last as long as its container",
        ),
    ],
    foreign: &[
        ("environment", Env),
        ("envs", Env),
        ("env_vars", Env),
        ("variables", Env),
        ("env_file", Say("write its lines as `env: {NAME: value}`")),
        ("ports", Port),
        ("expose", Port),
        ("container_port", Port),
        ("containerPort", Port),
        ("internal_port", Port),
        ("healthcheck", Healthcheck),
        ("health_check", Healthcheck),
        ("healthCheck", Healthcheck),
        ("livenessProbe", Healthcheck),
        ("readinessProbe", Healthcheck),
        ("deploy", Deploy),
        ("instances", Ours::Replicas),
        ("count", Ours::Replicas),
        ("mem_limit", Memory),
        ("mem_reservation", Memory),
        ("memory", Memory),
        ("cpus", Cpu),
        ("cpu", Cpu),
        ("entry_point", Entrypoint),
        ("entryPoint", Entrypoint),
        ("cmd", Command),
        ("args", Command),
        (
            "build",
            Say(
                "build the image, push it with `gantry image push` and write the name it prints as `image: NAME`",
            ),
        ),
        (
            "container_name",
            Say(
                "remove it; replicas get names of their own, and the service has its key for a name",
            ),
        ),
        (
            "hostname",
            Say("remove it; replicas get names of their own"),
        ),
        (
            "depends_on",
            Say("remove it; services start in any order, and each gets traffic once it is healthy"),
        ),
        ("links", Say("remove it; services need no links")),
        (
            "restart",
            Say("remove it; a replica that ends is always started again"),
        ),
        (
            "networks",
            Say("remove it; a project needs no network of its own"),
        ),
        (
            "labels",
            Say("remove it; containers carry the labels gantry.project, gantry.service and so on"),
        ),
        (
            "logging",
            Say("remove it; logs are read with `gantry logs`"),
        ),
        ("stop_grace_period", Grace),
        ("terminationGracePeriodSeconds", Grace),
        ("update_config", Rollout),
        (
            "strategy",
            Say("write `rollout: {surge: 1, unavailable: 0}`"),
        ),
        ("placement", Place),
        ("constraints", Require),
        ("nodeSelector", Require),
        ("node_selector", Require),
        ("hosts", Domains),
        ("urls", Domains),
        ("ingress", Domains),
        ("configs", Say("write `files: {/PATH: {from: ./FILE}}`")),
        (
            "mounts",
            Say("write `files: {/PATH: {from: ./FILE}}` for files; volumes are not supported yet"),
        ),
        (
            "profiles",
            Say("remove it; `environments` at the end of the file say what differs in each"),
        ),
        ("extends", Say("write its keys here")),
        (
            "init",
            Say("remove it; set an init as ENTRYPOINT in the image"),
        ),
        ("secrets", Say("remove it; values stand in `env` for now")),
        ("user", Say("remove it; set USER in the image")),
        ("working_dir", Say("remove it; set WORKDIR in the image")),
    ],
};
