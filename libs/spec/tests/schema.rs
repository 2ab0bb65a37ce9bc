//! Schema and parser agree on every file that the schema can judge.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod validator;

use gantry_spec::{parse, schema};
use serde_json::Value;
use validator::valid;

#[test]
fn the_schema_and_the_parser_agree() {
    let service = |keys: &str| {
        format!(r#"{{"gantry":1,"project":"shop","services":{{"web":{{"image":"a"{keys}}}}}}}"#)
    };
    let environment = |services: &str| {
        let keys = r#","command":["a"],"env":{"A":"x"}"#;
        let file = service(keys);
        let file = file.strip_suffix('}').unwrap();
        format!(r#"{file},"environments":{{"staging":{{"services":{{{services}}}}}}}}}"#)
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
        (true, service(r#","health":{"exec":["a",1]}"#)),
        (false, service(r#","health":{"exec":[]}"#)),
        (false, service(r#","health":{"exec":"a"}"#)),
        (
            false,
            service(r#","port":1,"health":{"exec":["a"],"tcp":true}"#),
        ),
        (
            true,
            service(r#","port":80,"domains":["A.b",{"host":"c.d","redirect":"a.b"}]"#),
        ),
        (false, service(r#","port":80,"domains":"a.b""#)),
        (false, service(r#","port":80,"domains":["a"]"#)),
        (false, service(r#","port":80,"domains":["a_b.c"]"#)),
        (
            false,
            service(r#","port":80,"domains":["web.shop.localhost"]"#),
        ),
        (
            false,
            service(r#","port":80,"domains":[{"redirect":"a.b"}]"#),
        ),
        (
            true,
            service(
                r#","rollout":{"surge":0,"unavailable":2,"drain":"0s","grace":"1s","deadline":"1d"}"#,
            ),
        ),
        (true, service(r#","rollout":{"order":"stop-first"}"#)),
        (false, service(r#","rollout":{"order":"fast"}"#)),
        (false, service(r#","rollout":{"surge":"1"}"#)),
        (false, service(r#","rollout":{"surge":1001}"#)),
        (false, service(r#","rollout":{"grace":10}"#)),
        (
            true,
            service(
                r#","place":{"require":{"zone":"eu","rack":1},"prefer":{"a/b":true},"spread":"zone","per_node":1}"#,
            ),
        ),
        (false, service(r#","place":{"require":["zone"]}"#)),
        (false, service(r#","place":{"require":{"a b":"c"}}"#)),
        (false, service(r#","place":{"require":{"a":""}}"#)),
        (false, service(r#","place":{"spread":["zone"]}"#)),
        (false, service(r#","place":{"per_node":0}"#)),
        (
            true,
            service(r#","files":{"/a/b":{"content":"x"},"/c":{"base64":"AA=="}}"#),
        ),
        (false, service(r#","files":{"/a":"x"}"#)),
        (false, service(r#","files":{"/a":{}}"#)),
        (false, service(r#","files":{"/a":{"secret":"x"}}"#)),
        (
            false,
            service(r#","files":{"/a":{"content":"x","base64":"AA=="}}"#),
        ),
        (false, service(r#","files":{"a":{"content":"x"}}"#)),
        (false, service(r#","files":{"/a/../b":{"content":"x"}}"#)),
        (false, service(r#","files":{"/proc/1":{"content":"x"}}"#)),
        (false, service(r#","files":{"/a/":{"content":"x"}}"#)),
        (true, environment(r#""web":{"replicas":2}"#)),
        (
            true,
            environment(r#""web":{"env":{"A":null},"command":null}"#),
        ),
        (true, environment(r#""web":null,"new":{"image":"b"}"#)),
        (false, environment(r#""web":{"replica":2}"#)),
        (false, environment(r#""web":{"replicas":-1}"#)),
        (false, environment(r#""w":{"image":"b"}"#)),
        (false, environment(r#""web":[]"#)),
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
