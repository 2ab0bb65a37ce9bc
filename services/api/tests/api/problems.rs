//! Every code that the api itself answers with, each brought about.

use std::collections::BTreeSet;

use gantry_events::Millis;
use gantry_rest::ProblemCode;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use crate::world::*;

/// Codes that other services' decisions bring, or that need a fault or a state of the system; each
/// stands in a test of its own.
const ELSEWHERE: [ProblemCode; 23] = [
    // The end of an operation: commands.rs shows that the decider's problem is answered.
    ProblemCode::PoolExists,
    ProblemCode::NoNodeFits,
    ProblemCode::InvalidConfig,
    ProblemCode::ImageNotFound,
    ProblemCode::ProviderUnknown,
    ProblemCode::RegistryUnreachable,
    ProblemCode::MachineFailed,
    ProblemCode::DeadlinePassed,
    ProblemCode::DomainTaken,
    ProblemCode::DrainBlocked,
    ProblemCode::NodeLeaving,
    // joining.rs, commands.rs, outage.rs, logs.rs, reads.rs.
    ProblemCode::JoinTokenInvalid,
    ProblemCode::NodeKeyTaken,
    ProblemCode::IdempotencyKeyReused,
    ProblemCode::VersionConflict,
    ProblemCode::LogUnavailable,
    ProblemCode::NodeUnreachable,
    ProblemCode::NotYet,
    // Below, in tests of their own.
    ProblemCode::TooManyRequests,
    ProblemCode::Unauthenticated,
    // There are no rights to lack yet, no read model that is closed while it is served, and no fault
    // that is known.
    ProblemCode::Forbidden,
    ProblemCode::NotReady,
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

async fn problem(answer: Response, code: ProblemCode, about: &str) -> Value {
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
    let mut seen: BTreeSet<ProblemCode> = ELSEWHERE.into();
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

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_the_token_learns_anything() {
    let world = World::start().await;
    for header in ["", "Bearer", "Bearer x", "Basic eDp5", &world.token()[..20]] {
        for path in ["/v1/projects", "/v1/version", "/v1/events"] {
            let request = world.http.get(format!("{}{path}", world.url));
            let request = match header {
                "" => request,
                header => request.header("Authorization", header),
            };
            let answer = request.send().await.unwrap();
            assert_eq!(answer.headers()["www-authenticate"], "Bearer");
            problem(answer, ProblemCode::Unauthenticated, path).await;
        }
    }
    let open = world.http.get(format!("{}/v1/openapi.json", world.url));
    assert_eq!(open.send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_names_the_trace_and_every_fault_of_a_file_with_its_place() {
    let world = World::start().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let file = "gantry: 1\nproject: shop\nservices:\n  web: {imge: a, ports: [1]}\n";
    let request = world
        .ask(Method::PUT, "/v1/projects/shop/config")
        .body(file);
    let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let problem = problem(
        request.send().await.unwrap(),
        ProblemCode::InvalidFile,
        "file",
    )
    .await;
    assert_eq!(problem["trace_id"], trace);
    let errors = problem["errors"].as_array().unwrap().iter();
    let places: Vec<_> = errors
        .map(|error| (error["line"].as_u64(), error["pointer"].as_str()))
        .collect();
    for pointer in ["/services/web/imge", "/services/web/ports"] {
        assert!(places.contains(&(Some(4), Some(pointer))), "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_another_shape_is_refused_at_the_field_that_is_wrong() {
    let world = World::start().await;
    for (body, pointer) in [
        ("[3]", ""),
        ("{}", ""),
        ("{\"replicas\": \"3\"}", "/replicas"),
        ("{\"replicas\": 3, \"a/b\": 2}", "/a~1b"),
        ("{\"replicas\": 1001}", "/replicas"),
    ] {
        let scale = "/v1/projects/shop/services/web/scale";
        let answer = world.ask(Method::POST, scale).body(body).send().await;
        let problem = problem(answer.unwrap(), ProblemCode::InvalidRequest, body).await;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_path_that_is_not_there_is_told_so_without_a_token() {
    let world = World::start().await;
    for path in ["/foo", "/v1/foo", "/v1/projects/", "/docs/foo"] {
        let request = world.http.get(format!("{}{path}", world.url));
        problem(request.send().await.unwrap(), ProblemCode::NotFound, path).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_at_once_than_there_is_room_for_is_told_to_come_again() {
    let world = World::start_with(|s| {
        s.requests_at_once = 1;
        s.read_within = Millis(2000);
    })
    .await;
    let slow = world.get("/v1/projects?min_seq=1000000");
    let quick = async {
        let mut answer = world.get("/v1/version").await;
        while answer.status() == 200 {
            answer = world.get("/v1/version").await;
        }
        assert_eq!(answer.headers()["retry-after"], "1");
        problem(answer, ProblemCode::TooManyRequests, "version").await;
    };
    let (slow, ()) = futures::future::join(slow, quick).await;
    problem(slow, ProblemCode::NotYet, "projects").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_input_gives_a_500() {
    let world = World::start().await;
    let end = world.deploy().await;
    let odd = [
        "",
        "0",
        "-1",
        "1.5",
        "18446744073709551616",
        "9223372036854775808",
        "%00",
        "%FF",
        "a%20b",
        "'; DROP TABLE versions",
        "..%2F..",
        "🦀",
        "~~",
        "1~~",
        "x:y:z",
        "state:",
        ":",
        "true",
        "r",
        "r99999999999",
        "*",
        "%",
        "_",
        "2026-01-31T12:00:00Z/web-1/x",
    ];
    let paths = [
        "/v1/projects/{}",
        "/v1/projects/shop/releases/{}",
        "/v1/projects/shop/services/{}",
        "/v1/projects/shop/replicas/{}",
        "/v1/operations/{}",
        "/v1/nodes/{}",
        "/v1/pools/{}",
        "/v1/projects?limit={}",
        "/v1/projects?cursor={}",
        "/v1/projects?filter={}",
        "/v1/projects?at_seq={}",
        "/v1/projects?all={}",
        "/v1/projects?{}",
        "/v1/machines?filter=node:{}",
        "/v1/events?after={}",
        "/v1/events?scope={}",
        "/v1/events?kind={}",
        "/v1/events?id={}",
        "/v1/events?type={}",
        "/v1/events?operation={}",
        "/v1/events?actor={}",
        "/v1/events?wait={}",
        "/v1/projects/shop/services/web/logs?since={}",
        "/v1/projects/shop/services/web/logs?tail={}",
        "/v1/projects/shop/services/web/logs?replica={}",
    ];
    world.get(&format!("/v1/projects?min_seq={end}")).await;
    for path in paths {
        for value in odd {
            let path = path.replace("{}", value);
            let status = world.get(&path).await.status().as_u16();
            assert!(matches!(status, 200 | 400 | 404 | 410), "{status} {path}");
        }
    }
    for body in [
        "", "null", "[]", "0", "\"\"", "{}", "{\"a\":", "\u{0}", "- a\n- b", "? {}",
    ] {
        for (method, path) in [
            (Method::PUT, "/v1/projects/shop/config"),
            (Method::POST, "/v1/projects/shop/services/web/scale"),
            (Method::POST, "/v1/pools"),
            (Method::POST, "/v1/nodes/join"),
        ] {
            let answer = world.ask(method, path).body(body).send().await.unwrap();
            let status = answer.status().as_u16();
            assert!(matches!(status, 400 | 422), "{status} {path} {body}");
        }
    }
}
