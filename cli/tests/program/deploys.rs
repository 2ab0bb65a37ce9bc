//! A deploy as its user sees it, from the difference to the address.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::routing::{get, put};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use gantry_rest::ProblemCode;
use serde_json::{Value, json};

use crate::stage::{self, Ran, gantry, problem, run, serve};
use crate::story::{FILE, OPERATION, event, folder, operation, placed, succeeds};

/// What becomes of the stream after the last event.
#[derive(Clone, Copy)]
enum Then {
    Ends,
    Breaks,
    GoesOn,
}

/// An api that has these services, tells these events, and ends the operation in this state.
#[derive(Clone)]
struct Api {
    services: Option<Value>,
    events: Vec<Value>,
    then: Then,
    end: Value,
    /// Idempotency keys and bodies of what was put.
    puts: Arc<Mutex<Vec<(String, String)>>>,
}

impl Api {
    fn that_ends(events: Vec<Value>, end: Value) -> Self {
        Self {
            services: None,
            events,
            then: Then::Ends,
            end,
            puts: Arc::default(),
        }
    }

    fn serve(&self) -> String {
        let (head, services, events, end, puts) = (
            self.clone(),
            self.clone(),
            self.clone(),
            self.clone(),
            self.clone(),
        );
        let put_config = put(move |headers: HeaderMap, body: Bytes| async move {
            let key = headers["idempotency-key"].to_str().unwrap().to_owned();
            let text = String::from_utf8(body.to_vec()).unwrap();
            puts.puts.lock().unwrap().push((key, text));
            stage::json(202, operation("queued", json!({})).to_string())
        });
        serve(
            Router::new()
                .route(
                    "/v1/projects/{project}/services",
                    get(move || async move { services.list() }),
                )
                .route(
                    "/v1/projects/{project}",
                    get(move || async move { head.head() }),
                )
                .route("/v1/projects/{project}/config", put_config)
                .route("/v1/events", get(move || async move { events.stream() }))
                .route(
                    &format!("/v1/operations/{OPERATION}"),
                    get(move || async move { stage::json(200, end.end.to_string()) }),
                ),
        )
    }

    fn head(&self) -> axum::http::Response<Body> {
        match &self.services {
            Some(_) => stage::json(200, include_str!("fixtures/project.json")),
            None => problem(ProblemCode::ProjectNotFound),
        }
    }

    fn list(&self) -> axum::http::Response<Body> {
        match &self.services {
            Some(list) => stage::json(200, list.to_string()),
            None => problem(ProblemCode::ProjectNotFound),
        }
    }

    fn stream(&self) -> axum::http::Response<Body> {
        let lines: Vec<_> = self
            .events
            .iter()
            .map(|event| Ok::<_, std::io::Error>(format!("{event}\n")))
            .collect();
        let told = stream::iter(lines);
        let told: BoxStream<'static, _> = match self.then {
            Then::Ends => told.boxed(),
            Then::Breaks => {
                // What is told is sent once there is nothing more to tell for the moment.
                let broken = stream::once(async {
                    tokio::task::yield_now().await;
                    Err(std::io::Error::other("killed"))
                });
                told.chain(broken).boxed()
            }
            Then::GoesOn => told.chain(stream::pending()).boxed(),
        };
        stage::json(200, Body::from_stream(told))
    }
}

fn running_services() -> Value {
    serde_json::from_str(include_str!("fixtures/services.json")).unwrap()
}

fn told(ran: &Ran) -> String {
    format!(
        "exit {:?}\n-- out\n{}-- err\n{}",
        ran.code, ran.out, ran.err
    )
}

#[test]
fn a_first_deploy_is_told_step_by_step_to_its_address() {
    let end = operation(
        "succeeded",
        json!({"end_seq": 17, "release": 1, "changed": true}),
    );
    let api = Api::that_ends(succeeds(), end);
    let ran = run(&api.serve(), folder().path(), &["deploy"]);
    insta::assert_snapshot!(told(&ran));
    let puts = api.puts.lock().unwrap();
    assert_eq!(puts.len(), 1);
    assert_eq!(puts[0].1, FILE);
}

#[test]
fn with_json_only_the_operation_is_on_standard_output() {
    let end = operation(
        "succeeded",
        json!({"end_seq": 17, "release": 1, "changed": true}),
    );
    let api = Api::that_ends(succeeds(), end.clone());
    let ran = run(
        &api.serve(),
        folder().path(),
        &["deploy", "-q", "-o", "json"],
    );
    let shown: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&shown["id"], &shown["state"]), (&end["id"], &end["state"]));
    assert_eq!(ran.err, "");
}

#[test]
fn a_service_that_would_go_needs_the_flag_where_nobody_can_be_asked() {
    let end = operation(
        "succeeded",
        json!({"end_seq": 17, "release": 4, "changed": true}),
    );
    let api = Api {
        services: Some(running_services()),
        ..Api::that_ends(succeeds(), end)
    };
    let url = api.serve();
    for words in [&["deploy"][..], &["deploy", "--yes"]] {
        let ran = run(&url, folder().path(), words);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(ran.err.contains("--allow-remove"), "{}", ran.err);
    }
    assert_eq!(api.puts.lock().unwrap().len(), 0);
    let ran = run(&url, folder().path(), &["deploy", "--allow-remove"]);
    insta::assert_snapshot!(told(&ran));
}

#[test]
fn a_deploy_that_fails_ends_with_1_and_the_last_lines_of_its_replica() {
    let problem = json!({
        "code": "deadline-passed",
        "detail": "web was not ready within 5m: no replica answered its probe; see the lines above, then deploy again",
    });
    let failed = json!({
        "project": "shop", "replica": "web-7f3k2q", "node": "n1", "exit": 1,
        "reason": {"reason": "not_ready_in_time", "probe": "connection refused"},
        "log_tail": ["starting", "no database at db:5432"],
    });
    let events = vec![
        event(0, "operation.accepted.v1", json!({})),
        placed(1, "web-7f3k2q", 0),
        event(2, "replica.failed.v1", failed),
        event(
            3,
            "operation.failed.v1",
            json!({"operation": OPERATION, "scope": "shop", "problem": problem}),
        ),
    ];
    let end = operation(
        "failed",
        json!({"end_seq": 13, "problem": problem, "changed": true}),
    );
    let ran = run(
        &Api::that_ends(events, end).serve(),
        folder().path(),
        &["deploy"],
    );
    insta::assert_snapshot!(told(&ran));
}

#[test]
fn a_stream_that_ends_or_breaks_is_taken_up_again() {
    for then in [Then::Ends, Then::Breaks] {
        let api = Api {
            then,
            ..Api::that_ends(succeeds()[..4].to_vec(), operation("running", json!({})))
        };
        let ran = run(
            &api.serve(),
            folder().path(),
            &["deploy", "--timeout", "3s"],
        );
        assert_eq!(ran.code, Some(5), "{ran:?}");
        // This api tells the same again, whatever is asked for: it was asked more than once.
        assert!(ran.err.matches("web-7f3k2q").count() > 1, "{}", ran.err);
    }
}

#[test]
fn a_wait_that_is_over_ends_with_5_and_says_where_to_look() {
    let api = Api {
        then: Then::GoesOn,
        ..Api::that_ends(succeeds()[..4].to_vec(), operation("running", json!({})))
    };
    let ran = run(
        &api.serve(),
        folder().path(),
        &["deploy", "--timeout", "500ms"],
    );
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.err.contains("gantry status -p shop"), "{}", ran.err);
}

#[test]
fn without_waiting_the_operation_is_named() {
    let api = Api::that_ends(Vec::new(), Value::Null);
    let ran = run(&api.serve(), folder().path(), &["deploy", "--no-wait"]);
    assert_eq!((ran.code, ran.out.trim()), (Some(0), OPERATION), "{ran:?}");
}

#[test]
fn after_ctrl_c_the_deploy_goes_on_and_that_is_said() {
    use std::io::{BufRead, BufReader, Read};
    let api = Api {
        then: Then::GoesOn,
        ..Api::that_ends(succeeds()[..4].to_vec(), operation("running", json!({})))
    };
    let folder = folder();
    let mut command = gantry(&api.serve(), folder.path(), &["deploy"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("placed on") {
        line.clear();
        assert!(err.read_line(&mut line).unwrap() > 0, "ended too early");
    }
    let id = child.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let mut rest = String::new();
    err.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(5), "{rest}");
    assert!(rest.contains(&format!("{OPERATION} goes on")), "{rest}");
}

#[test]
fn a_deploy_under_another_name_sends_the_file_under_that_name() {
    let api = Api::that_ends(Vec::new(), Value::Null);
    let url = api.serve();
    let folder = folder();
    std::fs::write(
        folder.path().join("other.yaml"),
        FILE.replace("shop", "blog"),
    )
    .unwrap();
    let words = ["deploy", "-f", "other.yaml", "-p", "shop", "--no-wait"];
    assert_eq!(run(&url, folder.path(), &words).code, Some(0));
    let puts = api.puts.lock().unwrap();
    let sent = gantry_spec::parse(&puts[0].1).unwrap().project;
    assert_eq!(sent.name.as_str(), "shop");
}

#[test]
fn a_deploy_sends_along_what_the_file_takes_from_beside_it() {
    let api = Api::that_ends(Vec::new(), Value::Null);
    let url = api.serve();
    let folder = folder();
    let with_files = format!("{FILE}    files: {{/etc/a: {{from: ./a}}, /etc/b: {{from: ./b}}}}\n");
    std::fs::write(folder.path().join("gantry.yaml"), with_files).unwrap();
    std::fs::write(folder.path().join("a"), "one\n").unwrap();
    std::fs::write(folder.path().join("b"), [0, 255]).unwrap();
    let ran = run(&url, folder.path(), &["deploy", "--no-wait"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let puts = api.puts.lock().unwrap();
    let sent: Value = serde_json::from_str(&puts[0].1).unwrap();
    assert_eq!(
        sent["services"]["web"]["files"],
        json!({"/etc/a": {"content": "one\n"}, "/etc/b": {"base64": "AP8="}})
    );
}

#[test]
fn a_deploy_of_an_environment_sends_the_merged_project_under_its_own_name() {
    let api = Api::that_ends(Vec::new(), Value::Null);
    let url = api.serve();
    let folder = folder();
    let with_environment =
        format!("{FILE}environments: {{staging: {{services: {{web: {{replicas: 5}}}}}}}}\n");
    std::fs::write(folder.path().join("gantry.yaml"), with_environment).unwrap();
    let words = ["deploy", "--env", "staging", "--no-wait"];
    let ran = run(&url, folder.path(), &words);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let puts = api.puts.lock().unwrap();
    let sent: Value = serde_json::from_str(&puts[0].1).unwrap();
    assert_eq!(
        (&sent["project"], &sent["services"]["web"]["replicas"]),
        (&"shop-staging".into(), &5.into())
    );
    assert_eq!(sent.get("environments"), None);
}
