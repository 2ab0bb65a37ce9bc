//! The JSON Schema of the file, for editors: closed, and of the keys that are read. What a schema
//! cannot say (what must agree, what is duplicated) is left to `parse`.

mod environment;
mod service;

use serde_json::{Value, json};

use crate::parse::{MAX_ENVIRONMENTS, MAX_SERVICES};

/// The schema, in the dialect 2020-12. Every file that `parse` takes is valid by it, as long as its
/// scalars are typed as YAML 1.2 has them.
pub fn schema() -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gantry.yaml",
        "description": "A project: its services, and what each of them runs.",
        "type": "object",
        "additionalProperties": false,
        "required": ["gantry", "project", "services"],
        "properties": {
            "gantry": {"const": 1, "description": "Version of the schema."},
            "project": {"$ref": "#/$defs/name", "not": {"const": "cluster"}, "description": "Name of the project."},
            "services": services(),
            "environments": {
                "type": "object",
                "description": "What differs in each environment, which is deployed as PROJECT-ENVIRONMENT: maps merge, lists replace, null removes.",
                "maxProperties": MAX_ENVIRONMENTS,
                "propertyNames": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,28}[a-z0-9]$"},
                "additionalProperties": {"$ref": "#/$defs/environment"},
            },
        },
        "$defs": {
            "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,38}[a-z0-9]$"},
            "duration": {"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"},
            "size": {"type": "string", "pattern": "^[0-9]+(Ki|Mi|Gi|K|M|G)$"},
            "text": {"type": ["string", "number", "boolean"]},
            "texts": {"type": "array", "items": {"$ref": "#/$defs/text"}},
            "host": {
                "type": "string",
                "maxLength": 253,
                "pattern": "^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$",
                "not": {"pattern": "^[^.]+\\.[^.]+\\.[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]$"},
            },
            "label": {"type": ["string", "number", "boolean"], "minLength": 1, "maxLength": 60, "pattern": "^[A-Za-z0-9._/-]+$"},
            "service": service::service(),
            "domain": service::domain(),
            "health": service::health(),
            "rollout": service::rollout(),
            "resources": service::resources(),
            "place": service::place(),
            "file": service::file(),
        },
    });
    schema["$defs"]["environment"] = environment::environment(&schema["$defs"]);
    schema
}

fn services() -> Value {
    json!({
        "type": "object",
        "description": "The services by their names.",
        "maxProperties": MAX_SERVICES,
        "propertyNames": {"$ref": "#/$defs/name"},
        "additionalProperties": {"$ref": "#/$defs/service"},
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
            ("/$defs/domain/properties", &words::DOMAIN),
            ("/$defs/rollout/properties", &words::ROLLOUT),
            ("/$defs/place/properties", &words::PLACE),
            ("/$defs/file/properties", &words::CONTENT),
            ("/$defs/environment/properties", &words::ENVIRONMENT),
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
