//! Schema and parser agree on every file that the schema can judge; a small validator of the
//! keywords that the schema uses stands in for an editor's.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use gantry_spec::{parse, schema};
use regex::Regex;
use serde_json::{Map, Value};

fn valid(value: &Value, by: &Value, root: &Value) -> bool {
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
            "pattern" => value
                .as_str()
                .is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
            "items" => value
                .as_array()
                .is_none_or(|items| items.iter().all(|item| valid(item, rule, root))),
            "$schema" | "$defs" | "title" | "description" | "default" => true,
            _ => value
                .as_object()
                .is_none_or(|map| valid_map(map, keyword, rule, (by, root))),
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
        other => panic!("the validator does not know the type {other}"),
    }
}

#[test]
fn the_schema_and_the_parser_agree() {
    let service = |keys: &str| {
        format!(r#"{{"gantry":1,"project":"shop","services":{{"web":{{"image":"a"{keys}}}}}}}"#)
    };
    let rows = [
        (true, service("")),
        (
            true,
            r#"{"gantry":1,"project":"shop","services":{}}"#.to_owned(),
        ),
        (
            true,
            service(r#","port":8080,"replicas":0,"command":["a",1,true],"entrypoint":[]"#),
        ),
        (
            true,
            service(
                r#","port":80,"health":{"path":"/up","interval":"5s","timeout":"500ms","start_within":"1h"}"#,
            ),
        ),
        (true, service(r#","port":80,"health":{"tcp":true}"#)),
        (
            true,
            service(
                r#","resources":{"cpu":0.5,"memory":"512Mi"},"env":{"A":"x","B":1.5,"C":false}"#,
            ),
        ),
        (false, "[]".to_owned()),
        (false, r#"{"project":"shop","services":{}}"#.to_owned()),
        (
            false,
            r#"{"gantry":2,"project":"shop","services":{}}"#.to_owned(),
        ),
        (
            false,
            r#"{"gantry":1,"project":"Shop","services":{}}"#.to_owned(),
        ),
        (
            false,
            r#"{"gantry":1,"project":"cluster","services":{}}"#.to_owned(),
        ),
        (false, r#"{"gantry":1,"project":"shop"}"#.to_owned()),
        (
            false,
            r#"{"gantry":1,"project":"shop","services":[]}"#.to_owned(),
        ),
        (
            false,
            r#"{"gantry":1,"project":"shop","services":{},"jobs":{}}"#.to_owned(),
        ),
        (
            false,
            r#"{"gantry":1,"project":"shop","services":{"w":{"image":"a"}}}"#.to_owned(),
        ),
        (
            false,
            r#"{"gantry":1,"project":"shop","services":{"web":{}}}"#.to_owned(),
        ),
        (
            false,
            service(r#","image":"a b""#).replacen(r#""image":"a","#, "", 1),
        ),
        (false, service(r#","port":0"#)),
        (false, service(r#","port":65536"#)),
        (false, service(r#","port":"80""#)),
        (false, service(r#","port":{"number":80}"#)),
        (false, service(r#","replicas":1001"#)),
        (false, service(r#","replicas":1.5"#)),
        (false, service(r#","replicas":null"#)),
        (false, service(r#","command":"a b""#)),
        (false, service(r#","command":[null]"#)),
        (
            false,
            service(r#","port":80,"health":{"path":"/","tcp":true}"#),
        ),
        (false, service(r#","port":80,"health":{"path":"up"}"#)),
        (false, service(r#","port":80,"health":{"tcp":false}"#)),
        (false, service(r#","health":{"interval":5}"#)),
        (false, service(r#","health":{"interval":"5"}"#)),
        (false, service(r#","health":{"exec":["a"]}"#)),
        (false, service(r#","resources":{"cpu":0}"#)),
        (false, service(r#","resources":{"cpu":"1"}"#)),
        (false, service(r#","resources":{"memory":512}"#)),
        (false, service(r#","resources":{"memory":"512m"}"#)),
        (false, service(r#","env":["A=1"]"#)),
        (false, service(r#","env":{"A":null}"#)),
        (false, service(r#","env":{"A B":"x"}"#)),
        (false, service(r#","env":{"GANTRY_NODE":"x"}"#)),
        (false, service(r#","scale":{"min":0}"#)),
        (false, service(r#","colour":"red""#)),
    ];
    let schema = schema();
    for (good, text) in rows {
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parse(&text).is_ok(), good, "parse of {text}");
        assert_eq!(valid(&value, &schema, &schema), good, "schema for {text}");
    }
}

#[test]
fn canonical_text_is_valid_by_the_schema() {
    let project = parse(include_str!("files/full.yaml")).unwrap().project;
    let schema = schema();
    assert!(valid(
        &serde_json::from_str(&project.canonical()).unwrap(),
        &schema,
        &schema
    ));
}
