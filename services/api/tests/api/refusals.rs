//! How a refusal reads, and who is refused whatever is asked for.

use gantry_events::{Digest, Millis, ReleaseCreated, ReleaseNumber, Writer};
use gantry_rest::ProblemCode;
use reqwest::Method;

use crate::problems::problem;
use crate::world::*;

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
async fn a_file_that_is_not_there_yet_is_told_to_come_again() {
    let world = World::start().await;
    let (operation, _) = world.put(FILE).await;
    let release = ReleaseCreated {
        project: shop(),
        release: ReleaseNumber(1),
        operation,
        config: Digest::of(b"in no command"),
        images: [].into(),
        rollback_of: None,
    };
    let seq = world.say(Writer::Scheduler, vec![release.into()]).await;
    let path = format!("/v1/projects/shop/config?min_seq={seq}");
    problem(world.get(&path).await, ProblemCode::NotReady, "config").await;
    let plan = world.ask(Method::POST, "/v1/projects/shop/plan").body(FILE);
    problem(plan.send().await.unwrap(), ProblemCode::NotReady, "plan").await;
    let back = world.ask(Method::POST, "/v1/projects/shop/releases/1/rollback");
    let answer = back.send().await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "1");
    problem(answer, ProblemCode::NotReady, "rollback").await;
}
