//! The schema of an environment: that of the file, with nothing required and every value removable.

use serde_json::{Value, json};

/// An environment may say of the services whatever they may say, or less.
pub(super) fn environment(defs: &Value) -> Value {
    let services = partial(&super::services(), defs);
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {"services": services},
    })
}

/// A mapping whose values may each be left out, or be null; all else as it is.
fn partial(schema: &Value, defs: &Value) -> Value {
    let named = schema["$ref"].as_str();
    let named = named.and_then(|name| defs.get(name.trim_start_matches("#/$defs/")));
    let whole = named.unwrap_or(schema);
    let Some(rules) = whole.as_object().filter(|_| whole["type"] == "object") else {
        return schema.clone();
    };
    let agree = ["required", "not", "minProperties", "maxProperties"];
    let rules = rules
        .iter()
        .filter(|(rule, _)| !agree.contains(&rule.as_str()));
    let rules = rules.map(|(rule, value)| {
        let value = match (rule.as_str(), value) {
            ("properties", Value::Object(keys)) => {
                let keys = keys.iter();
                keys.map(|(key, value)| (key.clone(), removable(value, defs)))
                    .collect()
            }
            ("additionalProperties", Value::Object(_)) => removable(value, defs),
            _ => value.clone(),
        };
        (rule.clone(), value)
    });
    Value::Object(rules.collect())
}

fn removable(schema: &Value, defs: &Value) -> Value {
    json!({"anyOf": [partial(schema, defs), {"type": "null"}]})
}
