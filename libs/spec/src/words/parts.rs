//! The keys of the mappings below a service.

use super::Words;
use crate::foreign::Ours::{
    self, Count, Cpu, Exec, HealthPath, HealthTest, Memory, Require, Say, Span,
};

pub(crate) const DOMAIN: Words = Words {
    what: "a domain",
    known: &["host", "redirect"],
    not_yet: &[],
    foreign: &[
        ("name", Say("write `host: shop.example.com`")),
        ("domain", Say("write `host: shop.example.com`")),
        ("hostname", Say("write `host: shop.example.com`")),
        ("redirect_to", Say("write `redirect: shop.example.com`")),
        ("redirects", Say("write `redirect: shop.example.com`")),
        (
            "path",
            Say("remove it; a host leads to one service, whatever the path"),
        ),
        (
            "tls",
            Say("remove it; hosts are served over plain HTTP until there are certificates"),
        ),
        (
            "certificate",
            Say("remove it; hosts are served over plain HTTP until there are certificates"),
        ),
        (
            "port",
            Say("remove it; requests go to the port of the service"),
        ),
    ],
};

pub(crate) const HEALTH: Words = Words {
    what: "health",
    known: &["path", "tcp", "exec", "interval", "timeout", "start_within"],
    not_yet: &[],
    foreign: &[
        ("test", HealthTest),
        ("http", HealthPath),
        ("httpGet", HealthPath),
        ("url", HealthPath),
        ("command", Exec),
        ("cmd", Exec),
        ("start_period", Span("start_within")),
        ("initialDelaySeconds", Span("start_within")),
        ("periodSeconds", Span("interval")),
        ("timeoutSeconds", Span("timeout")),
        (
            "start_interval",
            Say("remove it; `interval` holds from the start"),
        ),
        (
            "retries",
            Say("remove it; how many probes may fail is not set in the file"),
        ),
        (
            "failureThreshold",
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

pub(crate) const ROLLOUT: Words = Words {
    what: "rollout",
    known: &[
        "surge",
        "unavailable",
        "drain",
        "grace",
        "deadline",
        "order",
    ],
    not_yet: &[],
    foreign: &[
        ("parallelism", Count("surge")),
        ("max_surge", Count("surge")),
        ("maxSurge", Count("surge")),
        ("max_unavailable", Count("unavailable")),
        ("maxUnavailable", Count("unavailable")),
        ("stop_grace_period", Span("grace")),
        ("grace_period", Span("grace")),
        ("kill_timeout", Span("grace")),
        ("drain_timeout", Span("drain")),
        ("timeout", Span("deadline")),
        ("progressDeadlineSeconds", Span("deadline")),
        ("progress_deadline", Span("deadline")),
        (
            "delay",
            Say("remove it; each step waits until the new replica is ready"),
        ),
        (
            "monitor",
            Say("remove it; each step waits until the new replica is ready"),
        ),
        (
            "failure_action",
            Say("remove it; a rollout that is late goes back by itself"),
        ),
        (
            "max_failure_ratio",
            Say("remove it; a rollout that is late goes back by itself"),
        ),
        (
            "auto_revert",
            Say("remove it; a rollout that is late goes back by itself"),
        ),
        (
            "strategy",
            Say("write `order: start-first` or `order: stop-first`"),
        ),
        (
            "type",
            Say("write `order: start-first` or `order: stop-first`"),
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

pub(crate) const PLACE: Words = Words {
    what: "place",
    known: &["require", "prefer", "spread", "per_node"],
    not_yet: &[],
    foreign: &[
        ("constraints", Require),
        ("nodeSelector", Require),
        ("labels", Require),
        (
            "node",
            Say("write `require: {LABEL: VALUE}` with a label of that node"),
        ),
        (
            "preferences",
            Say("write `spread: LABEL`, or `prefer: {LABEL: VALUE}`"),
        ),
        ("max_replicas_per_node", Count("per_node")),
        ("affinity", Say("write `prefer: {LABEL: VALUE}`")),
        (
            "topologySpreadConstraints",
            Say("write `spread: LABEL`, the label over whose values replicas are spread"),
        ),
        ("distinct_hosts", Say("write `per_node: 1`")),
    ],
};

pub(crate) const CONTENT: Words = Words {
    what: "a file of a service",
    known: &["from", "content", "base64"],
    not_yet: &[("secret", NO_SECRETS)],
    foreign: &[
        ("source", Say("write `from: ./FILE`")),
        ("src", Say("write `from: ./FILE`")),
        ("file", Say("write `from: ./FILE`")),
        ("path", Say("write `from: ./FILE`")),
        ("text", Say("write `content: TEXT`")),
        ("data", Say("write `content: TEXT`")),
        ("inline", Say("write `content: TEXT`")),
        (
            "target",
            Say("remove it; the key of a file is its path in the container"),
        ),
        ("mode", READ_ONLY),
        ("uid", READ_ONLY),
        ("gid", READ_ONLY),
        ("read_only", READ_ONLY),
    ],
};

/// What to do while there are no secrets; a value in `env` says the same.
const NO_SECRETS: &str = "write the content itself for now";
const READ_ONLY: Ours =
    Say("remove it; everyone in the container may read files, nobody write them");
