//! Every code that the api itself answers with, each brought about by a request.

use std::collections::BTreeSet;

use gantry_rest::ProblemCode;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use crate::decided::DECIDED;
use crate::world::*;

/// Codes that need a fault or a state of the system; each stands in a test of its own.
const ELSEWHERE: [ProblemCode; 12] = [
    // joining.rs, commands.rs, outage.rs, logs.rs, reads.rs.
    ProblemCode::JoinTokenInvalid,
    ProblemCode::NodeKeyTaken,
    ProblemCode::IdempotencyKeyReused,
    ProblemCode::LogUnavailable,
    ProblemCode::NodeUnreachable,
    ProblemCode::NotYet,
    // refusals.rs.
    ProblemCode::TooManyRequests,
    ProblemCode::Unauthenticated,
    ProblemCode::NotReady,
    // decided.rs: at once, and as the end of an operation.
    ProblemCode::VersionConflict,
    // There are no rights to lack yet, and no fault that is known.
    ProblemCode::Forbidden,
    ProblemCode::Internal,
];

struct Row(
    ProblemCode,
    &'static str,
    &'static str,
    fn(RequestBuilder) -> RequestBuilder,
);

const AS_IT_IS: fn(RequestBuilder) -> RequestBuilder = |request| request;

fn rows() -> Vec<Row> {
    use ProblemCode::*;
    let config = "/v1/projects/shop/config";
    let scale = "/v1/projects/shop/services/web/scale";
    vec![
        Row(MalformedBody, "PUT", config, |r| r.body("a: [")),
        Row(MalformedBody, "PUT", config, |r| r.body("")),
        Row(MalformedBody, "PUT", config, |r| r.body(vec![0xff, 0xfe])),
        Row(MalformedBody, "POST", scale, |r| r.body("{\"replicas\": ")),
        Row(UnknownParameter, "GET", "/v1/projects?colour=red", AS_IT_IS),
        Row(
            UnknownParameter,
            "GET",
            "/v1/events?after=1&at_seq=2",
            AS_IT_IS,
        ),
        Row(
            UnknownParameter,
            "PUT",
            "/v1/projects/shop/config?force=true",
            |r| r.body(FILE),
        ),
        Row(InvalidParameter, "GET", "/v1/projects?limit=many", AS_IT_IS),
        Row(InvalidParameter, "GET", "/v1/projects?limit=0", AS_IT_IS),
        Row(InvalidParameter, "GET", "/v1/projects?cursor=x", AS_IT_IS),
        Row(
            InvalidParameter,
            "GET",
            "/v1/projects?filter=colour:red",
            AS_IT_IS,
        ),
        Row(InvalidParameter, "GET", "/v1/projects/Shop", AS_IT_IS),
        Row(InvalidParameter, "GET", "/v1/projects/%FF", AS_IT_IS),
        Row(InvalidParameter, "GET", "/v1/operations/x", AS_IT_IS),
        Row(InvalidParameter, "GET", "/v1/events?after=x", AS_IT_IS),
        Row(InvalidParameter, "GET", "/v1/events?wait=30", AS_IT_IS),
        Row(InvalidParameter, "GET", "/v1/events?scope=A", AS_IT_IS),
        Row(InvalidParameter, "POST", scale, |r| {
            r.header("Idempotency-Key", "k".repeat(201))
                .body("{\"replicas\": 1}")
        }),
        Row(SeqInFuture, "GET", "/v1/projects?at_seq=1000000", AS_IT_IS),
        Row(NotFound, "GET", "/v1/nowhere", AS_IT_IS),
        Row(NotFound, "GET", "/", AS_IT_IS),
        Row(NotFound, "GET", "/foo", AS_IT_IS),
        Row(NotFound, "GET", "/docs/", AS_IT_IS),
        Row(MethodNotAllowed, "POST", "/docs", AS_IT_IS),
        Row(NotFound, "GET", "/v1", AS_IT_IS),
        Row(NotFound, "GET", "/v1/", AS_IT_IS),
        Row(NotFound, "DELETE", "/v1/projects/", AS_IT_IS),
        Row(NotFound, "GET", "/v1/projects/shop/", AS_IT_IS),
        Row(NotFound, "GET", "/readyz/", AS_IT_IS),
        Row(ProjectNotFound, "GET", "/v1/projects/none", AS_IT_IS),
        Row(
            ProjectNotFound,
            "GET",
            "/v1/projects/none/services",
            AS_IT_IS,
        ),
        Row(
            ServiceNotFound,
            "GET",
            "/v1/projects/none/services/web",
            AS_IT_IS,
        ),
        Row(
            ServiceNotFound,
            "GET",
            "/v1/projects/none/services/web/logs",
            AS_IT_IS,
        ),
        Row(
            ReplicaNotFound,
            "GET",
            "/v1/projects/none/replicas/web-1",
            AS_IT_IS,
        ),
        Row(
            ReleaseNotFound,
            "GET",
            "/v1/projects/none/releases/1",
            AS_IT_IS,
        ),
        Row(NodeNotFound, "GET", "/v1/nodes/n9", AS_IT_IS),
        Row(PoolNotFound, "GET", "/v1/pools/none", AS_IT_IS),
        Row(MachineNotFound, "GET", "/v1/machines/m9", AS_IT_IS),
        Row(BalancerNotFound, "GET", "/v1/balancers/b9", AS_IT_IS),
        Row(
            OperationNotFound,
            "GET",
            "/v1/operations/00000000-0000-0000-0000-000000000000",
            AS_IT_IS,
        ),
        Row(MethodNotAllowed, "DELETE", "/v1/projects", AS_IT_IS),
        Row(NotAcceptable, "GET", "/v1/events", |r| {
            r.header("Accept", "image/png")
        }),
        Row(
            LogRestored,
            "GET",
            "/v1/events?after=00000000-0000-0000-0000-000000000000:1.0",
            AS_IT_IS,
        ),
        Row(TooLarge, "PUT", config, |r| {
            r.body("#".repeat((1 << 20) + 1))
        }),
        Row(UnsupportedMediaType, "PUT", config, |r| {
            r.header("Content-Type", "image/png").body(FILE)
        }),
        Row(UnsupportedMediaType, "PUT", config, |r| {
            r.header("Content-Type", "text/plain").body(FILE)
        }),
        Row(InvalidRequest, "POST", scale, |r| r.body("[3]")),
        Row(InvalidRequest, "POST", "/v1/pools", |r| {
            r.body("[\"farm\", \"local\", 1]")
        }),
        Row(InvalidRequest, "POST", scale, |r| {
            r.body("{\"replicas\": -1}")
        }),
        Row(InvalidRequest, "POST", scale, |r| {
            r.body("{\"replicas\": 1, \"speed\": 2}")
        }),
        Row(InvalidRequest, "POST", scale, |r| {
            r.body("{\"replicas\": 1001}")
        }),
        Row(InvalidRequest, "POST", "/v1/pools", |r| {
            r.body("{\"name\": \"farm\", \"provider\": \"local\", \"size\": 100000}")
        }),
        Row(InvalidRequest, "POST", "/v1/nodes/join", |r| {
            r.body("{\"machine\": \"m1\", \"token\": \"\", \"public_key\": \"UA\"}")
        }),
        Row(InvalidFile, "PUT", config, |r| {
            r.body(FILE.replace("image", "imge"))
        }),
        Row(InvalidFile, "PUT", "/v1/projects/other/config", |r| {
            r.body(FILE)
        }),
    ]
}

pub async fn problem(answer: Response, code: ProblemCode, about: &str) -> Value {
    assert_eq!(answer.status(), code.status(), "{about}");
    let kind = answer.headers()["content-type"].to_str().unwrap();
    assert_eq!(kind, "application/problem+json", "{about}");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], code.as_str(), "{about}");
    assert_eq!(problem["trace_id"].as_str().unwrap().len(), 32, "{about}");
    problem
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_is_answered_where_it_belongs() {
    let world = World::start().await;
    let decided = DECIDED.map(ProblemCode::from);
    let mut seen: BTreeSet<ProblemCode> = ELSEWHERE.into_iter().chain(decided).collect();
    for Row(code, method, path, change) in rows() {
        let method: Method = method.parse().unwrap();
        let about = format!("{method} {path}");
        let answer = change(world.ask(method, path)).send().await.unwrap();
        let allow = answer.headers().get("allow").is_some();
        assert_eq!(allow, code == ProblemCode::MethodNotAllowed, "{about}");
        problem(answer, code, &about).await;
        seen.insert(code);
    }
    let all: BTreeSet<ProblemCode> = ProblemCode::ALL.iter().copied().collect();
    assert_eq!(
        all.difference(&seen).collect::<Vec<_>>(),
        [&ProblemCode::Forbidden; 0]
    );
}
