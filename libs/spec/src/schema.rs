//! The JSON Schema of the file, for editors: closed, and of the keys that are read. What a schema
//! cannot say (what must agree, what is duplicated) is left to `parse`.

use serde_json::{Value, json};

use crate::model::{Health, Replicas};
use crate::parse::MAX_SERVICES;

/// The schema, in the dialect 2020-12. Every file that `parse` takes is valid by it, as long as its
/// scalars are typed as YAML 1.2 has them.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gantry.yaml",
        "description": "A project: its services, and what each of them runs.",
        "type": "object",
        "additionalProperties": false,
        "required": ["gantry", "project", "services"],
        "properties": {
            "gantry": {"const": 1, "description": "Version of the schema."},
            "project": {"$ref": "#/$defs/name", "not": {"const": "cluster"}, "description": "Name of the project."},
            "services": {
                "type": "object",
                "description": "The services by their names.",
                "maxProperties": MAX_SERVICES,
                "propertyNames": {"$ref": "#/$defs/name"},
                "additionalProperties": {"$ref": "#/$defs/service"},
            },
        },
        "$defs": {
            "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,38}[a-z0-9]$"},
            "duration": {"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"},
            "size": {"type": "string", "pattern": "^[0-9]+(Ki|Mi|Gi|K|M|G)$"},
            "text": {"type": ["string", "number", "boolean"]},
            "texts": {"type": "array", "items": {"$ref": "#/$defs/text"}},
            "service": service(),
            "health": health(),
            "resources": resources(),
        },
    })
}

fn service() -> Value {
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
            "health": {"$ref": "#/$defs/health"},
            "resources": {"$ref": "#/$defs/resources"},
            "env": env(),
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

fn health() -> Value {
    json!({
        "type": "object",
        "description": "How a replica is seen to be ready; by default TCP on the port, else that it runs.",
        "additionalProperties": false,
        "not": {"required": ["path", "tcp"]},
        "properties": {
            "path": {"type": "string", "pattern": "^/[^\\s#]*$", "description": "A GET of it answers 200 to 399."},
            "tcp": {"const": true, "description": "The port takes a connection."},
            "interval": duration("Time between two probes: 100ms to 1h.", Health::INTERVAL),
            "timeout": duration("Time a probe may take: 100ms to 1m.", Health::TIMEOUT),
            "start_within": duration("Time from start to the first good probe: 1s to 1h.", Health::START_WITHIN),
        },
    })
}

fn duration(description: &str, default: gantry_events::Millis) -> Value {
    json!({"$ref": "#/$defs/duration", "description": description, "default": default.to_string()})
}

fn resources() -> Value {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::words;

    #[test]
    fn the_schema_knows_the_very_keys_that_are_read() {
        let rows = [
            ("/properties", &words::FILE),
            ("/$defs/service/properties", &words::SERVICE),
            ("/$defs/health/properties", &words::HEALTH),
            ("/$defs/resources/properties", &words::RESOURCES),
        ];
        for (pointer, words) in rows {
            let schema = schema();
            let keys: BTreeSet<_> = schema
                .pointer(pointer)
                .unwrap()
                .as_object()
                .unwrap()
                .keys()
                .collect();
            assert_eq!(
                keys,
                words
                    .known
                    .iter()
                    .map(|key| key.to_string())
                    .collect::<Vec<_>>()
                    .iter()
                    .collect()
            );
        }
    }
}
