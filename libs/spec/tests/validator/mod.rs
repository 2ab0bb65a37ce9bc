//! A small validator of the JSON Schema keywords that the file's schema uses, in an editor's stead.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value};

/// Whether the value is valid by this part of the schema `root`.
pub fn valid(value: &Value, by: &Value, root: &Value) -> bool {
    by.as_object()
        .unwrap()
        .iter()
        .all(|(keyword, rule)| match keyword.as_str() {
            "$ref" => valid(
                value,
                root.pointer(rule.as_str().unwrap().trim_start_matches('#'))
                    .unwrap(),
                root,
            ),
            "not" => !valid(value, rule, root),
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "anyOf" => rule
                .as_array()
                .unwrap()
                .iter()
                .any(|rule| valid(value, rule, root)),
            "type" => rule.as_array().map_or_else(
                || is(value, rule),
                |types| types.iter().any(|rule| is(value, rule)),
            ),
            "minimum" => value
                .as_f64()
                .is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value
                .as_f64()
                .is_none_or(|number| number <= rule.as_f64().unwrap()),
            "minLength" => value
                .as_str()
                .is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap()),
            "maxLength" => value
                .as_str()
                .is_none_or(|text| text.chars().count() as u64 <= rule.as_u64().unwrap()),
            "minItems" => value
                .as_array()
                .is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
            "pattern" => value
                .as_str()
                .is_none_or(|text| matches(text, rule.as_str().unwrap())),
            "items" => value
                .as_array()
                .is_none_or(|items| items.iter().all(|item| valid(item, rule, root))),
            "$schema" | "$defs" | "title" | "description" | "default" => true,
            _ => value
                .as_object()
                .is_none_or(|map| valid_map(map, keyword, rule, (by, root))),
        })
}

thread_local! {
    /// Patterns are few, and making one takes far longer than asking it.
    static PATTERNS: RefCell<BTreeMap<String, Regex>> = const { RefCell::new(BTreeMap::new()) };
}

fn matches(text: &str, pattern: &str) -> bool {
    PATTERNS.with_borrow_mut(|patterns| {
        let made = || Regex::new(pattern).unwrap();
        let pattern = patterns.entry(pattern.to_owned()).or_insert_with(made);
        pattern.is_match(text)
    })
}

fn valid_map(
    map: &Map<String, Value>,
    keyword: &str,
    rule: &Value,
    (by, root): (&Value, &Value),
) -> bool {
    let listed = |key: &str| {
        by.get("properties")
            .is_some_and(|properties| properties.get(key).is_some())
    };
    match keyword {
        "properties" => map
            .iter()
            .all(|(key, value)| rule.get(key).is_none_or(|rule| valid(value, rule, root))),
        "additionalProperties" if rule == false => map.keys().all(|key| listed(key)),
        "additionalProperties" => map
            .iter()
            .all(|(key, value)| listed(key) || valid(value, rule, root)),
        "propertyNames" => map
            .keys()
            .all(|key| valid(&Value::from(key.as_str()), rule, root)),
        "required" => rule
            .as_array()
            .unwrap()
            .iter()
            .all(|key| map.contains_key(key.as_str().unwrap())),
        "minProperties" => map.len() as u64 >= rule.as_u64().unwrap(),
        "maxProperties" => map.len() as u64 <= rule.as_u64().unwrap(),
        other => panic!("the validator does not know `{other}`"),
    }
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the validator does not know the type {other}"),
    }
}
