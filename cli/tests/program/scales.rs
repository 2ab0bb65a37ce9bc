//! Scaling of several services at once.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use gantry_rest::ProblemCode;
use serde_json::{Value, json};

use crate::stage::{self, problem, run, serve};
use crate::story::{event, folder, operation};

/// An api that has the services `web` and `admin`, and refuses to scale those that are listed.
fn api(refused: &'static [&'static str]) -> (String, Arc<Mutex<Vec<String>>>) {
    let scaled: Arc<Mutex<Vec<String>>> = Arc::default();
    let list: Value = serde_json::from_str(include_str!("fixtures/services.json")).unwrap();
    let read = get(move |Path(service): Path<String>| async move {
        let services = list["items"].as_array().unwrap();
        let found = services.iter().find(|item| item["id"] == *service);
        found.map_or_else(
            || problem(ProblemCode::ServiceNotFound),
            |service| stage::json(200, service.to_string()),
        )
    });
    let writes = scaled.clone();
    let scale = post(move |Path(service): Path<String>| async move {
        if refused.contains(&service.as_str()) {
            return problem(ProblemCode::Forbidden);
        }
        writes.lock().unwrap().push(service);
        stage::json(202, operation("queued", json!({})).to_string())
    });
    let end = operation("succeeded", json!({"end_seq": 12, "changed": true}));
    let own = json!({"operation": crate::story::OPERATION, "scope": "shop"});
    let told = event(1, "operation.succeeded.v1", own);
    let routes = Router::new()
        .route("/v1/projects/shop/services/{service}", read)
        .route("/v1/projects/shop/services/{service}/scale", scale)
        .route(
            "/v1/events",
            get(async move || stage::json(200, format!("{told}\n"))),
        )
        .route(
            "/v1/operations/{id}",
            get(async move || stage::json(200, end.to_string())),
        );
    (serve(routes), scaled)
}

#[test]
fn where_one_service_is_not_there_none_is_scaled() {
    let (url, scaled) = api(&[]);
    let words = ["scale", "web=4", "nope=2", "-p", "shop"];
    let ran = run(&url, folder().path(), &words);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("nothing was changed"), "{}", ran.err);
    assert!(scaled.lock().unwrap().is_empty());
}

#[test]
fn of_several_services_each_end_is_told() {
    let (url, scaled) = api(&["admin"]);
    let words = ["scale", "admin=2", "web=4", "-p", "shop"];
    let ran = run(&url, folder().path(), &words);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("web: at 4"), "{}", ran.err);
    assert!(ran.err.contains("admin: forbidden"), "{}", ran.err);
    assert_eq!(*scaled.lock().unwrap(), ["web"]);
}
