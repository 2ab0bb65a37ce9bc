//! Every key of the file by name: those read now, those not supported yet, and those that other
//! programs use. How a foreign value becomes ours is left to `foreign`.

use crate::foreign::Ours::{
    self, Command, Cpu, Deploy, Entrypoint, Env, HealthPath, Healthcheck, Memory, Port, Say,
};

/// The keys of one kind of mapping.
pub(crate) struct Words {
    /// The mapping in a sentence.
    pub what: &'static str,
    /// The keys that are read, in the order they are shown.
    pub known: &'static [&'static str],
    /// Keys of the language that are refused for now, and what to do until then.
    not_yet: &'static [(&'static str, &'static str)],
    foreign: &'static [(&'static str, Ours)],
}

/// What a key is to a mapping.
#[derive(Clone, Copy)]
pub(crate) enum Verdict {
    Known,
    NotYet(&'static str),
    Foreign(Ours),
    Unknown,
}

pub(crate) const FILE: Words = Words {
    what: "the file",
    known: &["gantry", "project", "services"],
    not_yet: &[
        ("jobs", "remove it; a service runs all the time"),
        (
            "volumes",
            "remove it; a replica's files last as long as its container",
        ),
        ("secrets", "remove it; values stand in `env` for now"),
        (
            "environments",
            "remove it; deploy another file under another project name",
        ),
    ],
    foreign: &[
        (
            "version",
            Say("write `gantry: 1`, the version of the schema"),
        ),
        ("name", Say("write `project: NAME`")),
        ("app", Say("write `project: NAME`")),
        ("service", Say("write `services: {NAME: {image: …}}`")),
        (
            "networks",
            Say("remove it; a project needs no network of its own"),
        ),
        (
            "configs",
            Say("remove it; `files` will carry them, which is not supported yet"),
        ),
    ],
};

pub(crate) const SERVICE: Words = Words {
    what: "a service",
    known: &[
        "image",
        "command",
        "entrypoint",
        "port",
        "replicas",
        "health",
        "resources",
        "env",
    ],
    not_yet: &[
        ("scale", "write `replicas: N` for a fixed number"),
        (
            "domains",
            "remove it; the service answers at SERVICE.PROJECT.localhost",
        ),
        ("release", "remove it; run such a command before the deploy"),
        (
            "rollout",
            "remove it; one replica is replaced at a time, start first",
        ),
        (
            "place",
            "remove it; replicas are spread over the nodes that fit",
        ),
        (
            "sticky",
            "remove it; each request goes to the least loaded replica",
        ),
        ("files", "remove it; put the file into the image"),
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
        (
            "stop_grace_period",
            Say("remove it; `rollout.grace` will say it, which is not supported yet"),
        ),
        (
            "configs",
            Say("remove it; `files` will carry them, which is not supported yet"),
        ),
        ("secrets", Say("remove it; values stand in `env` for now")),
        ("user", Say("remove it; set USER in the image")),
        ("working_dir", Say("remove it; set WORKDIR in the image")),
    ],
};

pub(crate) const HEALTH: Words = Words {
    what: "health",
    known: &["path", "tcp", "interval", "timeout", "start_within"],
    not_yet: &[("exec", "write `path: /healthz` or `tcp: true`")],
    foreign: &[
        ("test", HealthPath),
        ("http", HealthPath),
        ("httpGet", HealthPath),
        ("url", HealthPath),
        ("command", Say("write `path: /healthz` or `tcp: true`")),
        (
            "start_period",
            Say("write `start_within: 60s`: the time from start to the first good probe"),
        ),
        (
            "initialDelaySeconds",
            Say("write `start_within: 60s`: the time from start to the first good probe"),
        ),
        ("periodSeconds", Say("write `interval: 5s`")),
        ("timeoutSeconds", Say("write `timeout: 2s`")),
        (
            "start_interval",
            Say("remove it; `interval` holds from the start"),
        ),
        (
            "retries",
            Say("remove it; how many probes may fail is not set in the file"),
        ),
        (
            "disable",
            Say(
                "remove `health`; without it a replica with a port is ready once the port takes connections",
            ),
        ),
    ],
};

pub(crate) const RESOURCES: Words = Words {
    what: "resources",
    known: &["cpu", "memory"],
    not_yet: &[],
    foreign: &[
        ("limits", Ours::Resources),
        ("requests", Ours::Resources),
        ("reservations", Ours::Resources),
        ("cpus", Cpu),
        ("mem", Memory),
        ("mem_limit", Memory),
    ],
};

impl Words {
    pub(crate) fn judge(&self, key: &str) -> Verdict {
        if self.known.contains(&key) {
            return Verdict::Known;
        }
        if let Some((_, instead)) = self.not_yet.iter().find(|(name, _)| *name == key) {
            return Verdict::NotYet(instead);
        }
        self.foreign
            .iter()
            .find(|(name, _)| *name == key)
            .map_or(Verdict::Unknown, |(_, ours)| Verdict::Foreign(*ours))
    }

    /// The key that was meant: at most two slips away, and less than half of the word; else all there are.
    pub(crate) fn nearest(&self, key: &str) -> String {
        let names = self
            .known
            .iter()
            .chain(self.not_yet.iter().map(|(name, _)| name));
        let slips = |name: &str| strsim::osa_distance(name, &key.to_lowercase());
        let near = names
            .filter(|name| key.len() <= 40 && slips(name) <= 2 && slips(name) * 2 < name.len())
            .min_by_key(|name| slips(name));
        match near {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("its keys are {}", self.known.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_means_one_thing_in_its_mapping() {
        for words in [&FILE, &SERVICE, &HEALTH, &RESOURCES] {
            let not_yet = words.not_yet.iter().map(|(name, _)| name);
            let all: Vec<_> = words
                .known
                .iter()
                .chain(not_yet)
                .chain(words.foreign.iter().map(|(name, _)| name))
                .collect();
            let distinct: std::collections::BTreeSet<_> = all.iter().collect();
            assert_eq!(all.len(), distinct.len(), "{}", words.what);
        }
    }

    #[test]
    fn the_nearest_key_is_offered_and_a_far_one_is_not() {
        let rows = [
            ("prot", "did you mean `port`?"),
            ("Image", "did you mean `image`?"),
            ("replica", "did you mean `replicas`?"),
            ("comand", "did you mean `command`?"),
            ("domain", "did you mean `domains`?"),
            ("en", "did you mean `env`?"),
            (
                "colour",
                "its keys are image, command, entrypoint, port, replicas, health, resources, env",
            ),
        ];
        for (key, suggestion) in rows {
            assert_eq!(SERVICE.nearest(key), suggestion, "{key}");
        }
    }
}
