//! Scaling of several services at once.

use std::sync::{Arc, Mutex};

use axum::extract::Path;
use axum::routing::post;
use gantry_rest::ProblemCode;
use serde_json::json;

use crate::shop;
use crate::stage::{self, problem, run, serve};
use crate::story::{acts, folder, operation, success};

/// An api that has the services `web` and `admin`, and refuses to scale those that are listed.
fn api(refused: &'static [&'static str]) -> (String, Arc<Mutex<Vec<String>>>) {
    let scaled: Arc<Mutex<Vec<String>>> = Arc::default();
    let writes = scaled.clone();
    let scale = post(move |Path(service): Path<String>| async move {
        if refused.contains(&service.as_str()) {
            return problem(ProblemCode::Forbidden);
        }
        writes.lock().unwrap().push(service);
        stage::json(202, operation("queued", json!({})).to_string())
    });
    let (told, end) = success(1, json!({}));
    let routes = shop::api()
        .merge(acts("/v1/nothing", &[told], end))
        .route("/v1/projects/shop/services/{service}/scale", scale);
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
