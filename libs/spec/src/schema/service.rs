//! The schema of a service and of what stands below it.

use gantry_events::RolloutPolicy;
use serde_json::{Value, json};

use crate::model::{Health, Replicas};

pub(super) fn service() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["image"],
        "properties": {
            "image": {
                "type": "string",
                "minLength": 1,
                "pattern": "^[^\\s]+$",
                "description": "The image; its tag is resolved to a digest when the release is made.",
            },
            "command": {"$ref": "#/$defs/texts", "description": "Replaces the image's CMD."},
            "entrypoint": {"$ref": "#/$defs/texts", "description": "Replaces the image's ENTRYPOINT."},
            "port": {
                "type": "integer",
                "minimum": 1,
                "maximum": u16::MAX,
                "description": "The HTTP port; without one the service is a worker.",
            },
            "replicas": {
                "type": "integer",
                "minimum": 0,
                "maximum": Replicas::MOST,
                "default": Replicas::default(),
                "description": "How many replicas run.",
            },
            "domains": {
                "type": "array",
                "items": {"anyOf": [{"$ref": "#/$defs/host"}, {"$ref": "#/$defs/domain"}]},
                "description": "Hosts it answers under beside SERVICE.PROJECT.localhost.",
            },
            "health": {"$ref": "#/$defs/health"},
            "rollout": {"$ref": "#/$defs/rollout"},
            "resources": {"$ref": "#/$defs/resources"},
            "place": {"$ref": "#/$defs/place"},
            "env": env(),
            "files": files(),
        },
    })
}

fn env() -> Value {
    json!({
        "type": "object",
        "description": "Environment, byte for byte as written.",
        "propertyNames": {
            "pattern": "^[^=\\s]{1,256}$",
            "not": {"pattern": "^GANTRY_(PROJECT|SERVICE|REPLICA|RELEASE|NODE)$"},
        },
        "additionalProperties": {"$ref": "#/$defs/text"},
    })
}

pub(super) fn health() -> Value {
    json!({
        "type": "object",
        "description": "How a replica is seen to be ready; by default TCP on the port, else that it runs.",
        "additionalProperties": false,
        "not": {"anyOf": [{"required": ["path", "tcp"]}, {"required": ["path", "exec"]}, {"required": ["tcp", "exec"]}]},
        "properties": {
            "path": {"type": "string", "pattern": "^/[^\\s#]*$", "description": "A GET of it answers 200 to 399."},
            "tcp": {"const": true, "description": "The port takes a connection."},
            "exec": {
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/text"},
                "description": "A program, run in the container without a shell, ends with 0.",
            },
            "interval": duration("Time between two probes: 100ms to 1h.", Health::INTERVAL),
            "timeout": duration("Time a probe may take: 100ms to 1m.", Health::TIMEOUT),
            "start_within": duration("Time from start to the first good probe: 1s to 1h.", Health::START_WITHIN),
        },
    })
}

fn duration(description: &str, default: gantry_events::Millis) -> Value {
    json!({"$ref": "#/$defs/duration", "description": description, "default": default.to_string()})
}

pub(super) fn resources() -> Value {
    json!({
        "type": "object",
        "description": "What a replica reserves, which is also the most it gets.",
        "additionalProperties": false,
        "properties": {
            "cpu": {"type": "number", "minimum": 0.001, "maximum": 1024, "description": "In cores."},
            "memory": {"$ref": "#/$defs/size", "description": "6Mi to 16384Gi."},
        },
    })
}

pub(super) fn domain() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["host"],
        "properties": {
            "host": {"$ref": "#/$defs/host"},
            "redirect": {"type": "string", "maxLength": 253, "pattern": "^[A-Za-z0-9.-]+$", "description": "Requests are sent on to this host."},
        },
    })
}

pub(super) fn rollout() -> Value {
    let usual = RolloutPolicy::default();
    let slots = |description: &str, default: u32| {
        json!({
            "type": "integer",
            "minimum": 0,
            "maximum": Replicas::MOST,
            "description": description,
            "default": default,
        })
    };
    json!({
        "type": "object",
        "description": "How it goes from one version to the next.",
        "additionalProperties": false,
        "properties": {
            "surge": slots("Slots that hold a new replica beside the old one at once.", usual.surge),
            "unavailable": slots("Slots without a ready replica at once.", usual.unavailable),
            "drain": duration("Time for requests in flight: 0s to 1h.", usual.drain),
            "grace": duration("Time between SIGTERM and SIGKILL: 1s to 1h.", usual.grace),
            "deadline": duration("Time in which the next slot must be done: 1s to 1d.", usual.deadline),
            "order": {
                "enum": ["start-first", "stop-first"],
                "description": "Short for surge 1 and unavailable 0, or surge 0 and unavailable 1.",
            },
        },
    })
}

pub(super) fn place() -> Value {
    let labels = |description: &str| {
        json!({
            "type": "object",
            "description": description,
            "propertyNames": {"$ref": "#/$defs/label"},
            "additionalProperties": {"$ref": "#/$defs/label"},
        })
    };
    json!({
        "type": "object",
        "description": "Where its replicas may run, and where rather; labels are those of nodes.",
        "additionalProperties": false,
        "properties": {
            "require": labels("Labels a node must have."),
            "prefer": labels("Labels by which a node comes before others."),
            "spread": {"$ref": "#/$defs/label", "description": "Label over whose values replicas are spread, before they are over nodes."},
            "per_node": {"type": "integer", "minimum": 1, "maximum": Replicas::MOST, "description": "Most replicas on one node."},
        },
    })
}

fn files() -> Value {
    json!({
        "type": "object",
        "description": "Files that each replica finds at these paths, read-only.",
        "propertyNames": {
            "maxLength": 1000,
            "pattern": "^(/[^/\\u0000-\\u001f\\u007f-\\u009f]+)+$",
            "not": {"pattern": "/\\.{1,2}(/|$)|^/(proc|sys|dev)(/|$)"},
        },
        "additionalProperties": {"$ref": "#/$defs/file"},
    })
}

pub(super) fn file() -> Value {
    json!({
        "type": "object",
        "description": "What the file holds: 256 KiB at most.",
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {
            "from": {"type": ["string", "number", "boolean"], "pattern": "^[^/]", "description": "A file in the folder of this one or below."},
            "content": {"$ref": "#/$defs/text", "description": "The text itself."},
            "base64": {"type": ["string", "number"], "pattern": "^[A-Za-z0-9+/=\\s]*$", "description": "Bytes that are no text."},
        },
    })
}
