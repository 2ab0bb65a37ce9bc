//! Words of other languages, and words of this one that are not read yet.

use gantry_spec::{FaultCode, parse};

use crate::{refusal, service};

#[test]
fn every_key_of_the_language_that_is_not_read_yet_is_refused_by_name() {
    let of_service = ["scale", "release", "sticky", "uses", "volumes"];
    for key in of_service {
        assert_eq!(
            refusal(&service(&format!("{key}: x"))),
            (FaultCode::NotSupportedYet, "6:5".to_owned()),
            "{key}"
        );
    }
    for key in ["jobs", "volumes", "secrets"] {
        let text = format!("gantry: 1\nproject: shop\nservices: {{}}\n{key}: {{}}");
        assert_eq!(
            refusal(&text),
            (FaultCode::NotSupportedYet, "4:1".to_owned()),
            "{key}"
        );
    }
}

#[test]
fn a_foreign_word_gets_its_translation_with_the_very_value() {
    let rows = [
        (
            "environment: {A: 1.10, B: x y}",
            "write `env: {A: 1.10, B: \"x y\"}`",
        ),
        (
            "environment: [A=1, B=null]",
            "write `env: {A: 1, B: \"null\"}`",
        ),
        ("ports: [\"8080:80\"]", "write `port: 80`"),
        ("ports: [{target: 80, published: 8080}]", "write `port: 80`"),
        ("expose: [3000]", "write `port: 3000`"),
        (
            "healthcheck: {test: curl -f http://localhost/up, interval: 30s}",
            "write `health: {path: /up, interval: 30s}`",
        ),
        (
            "healthcheck: {test: [CMD, pg_isready, -U, postgres], start_period: 1m30s}",
            "write `health: {exec: [pg_isready, -U, postgres], start_within: 90s}`",
        ),
        (
            "healthcheck: {test: [CMD-SHELL, \"pg_isready || exit 1\"]}",
            "write `health: {exec: [sh, -c, \"pg_isready || exit 1\"]}`",
        ),
        (
            "healthcheck: {test: [NONE]}",
            "write `health: {path: /healthz}`",
        ),
        (
            "livenessProbe: {exec: {command: [cat, /ready]}, periodSeconds: 5}",
            "write `health: {exec: [cat, /ready], interval: 5s}`",
        ),
        ("stop_grace_period: 1m", "write `rollout: {grace: 1m}`"),
        (
            "deploy: {replicas: 2, update_config: {parallelism: 2, order: start-first}, placement: {constraints: [node.labels.zone == eu], max_replicas_per_node: 1}}",
            "write `replicas: 2` and `rollout: {order: start-first, surge: 2}` and `place: {require: {zone: eu}, per_node: 1}`",
        ),
        ("nodeSelector: {disk: ssd}", "write `require: {disk: ssd}`"),
        (
            "urls: [\"https://a.b:8443/c\", d.e]",
            "write `domains: [a.b, d.e]`",
        ),
        ("deploy: {replicas: 3}", "write `replicas: 3`"),
        ("deploy: {mode: global}", "write `replicas: N`"),
        ("mem_limit: 1g", "write `resources: {memory: 1Gi}`"),
        ("mem_limit: 64MB", "write `resources: {memory: 64Mi}`"),
        ("memory: 512Mi", "write `resources: {memory: 512Mi}`"),
        ("cpus: \"0.50\"", "write `resources: {cpu: 0.5}`"),
        ("cpu: 250m", "write `resources: {cpu: 0.25}`"),
        (
            "entry_point: /bin/app --fast",
            "write `entrypoint: [/bin/app, --fast]`",
        ),
        (
            "cmd: echo $HOME",
            "write `command: [sh, -c, \"echo $HOME\"]`",
        ),
        ("instances: 2", "write `replicas: 2`"),
    ];
    for (keys, suggestion) in rows {
        let faults = parse(&service(keys)).unwrap_err();
        assert_eq!(
            (faults[0].code, faults[0].suggestion.as_deref()),
            (FaultCode::ForeignKey, Some(suggestion)),
            "{keys}"
        );
    }
    for key in [
        "container_name",
        "depends_on",
        "build",
        "restart",
        "networks",
        "labels",
    ] {
        assert_eq!(
            refusal(&service(&format!("{key}: x"))).0,
            FaultCode::ForeignKey,
            "{key}"
        );
    }
}
