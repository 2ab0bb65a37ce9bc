//! What each path answers. How the program listens and stops is `main.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::header::{CONNECTION, UPGRADE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde::Deserialize;

/// Who answers, as the container's environment says.
#[derive(Clone, Debug)]
pub struct Identity {
    replica: String,
    release: String,
    node: String,
}

impl Identity {
    /// Reads `GANTRY_REPLICA`, `GANTRY_RELEASE` and `GANTRY_NODE`; what is not set reads as `unknown`.
    pub fn from_environment() -> Self {
        let named = |name| std::env::var(name).unwrap_or_else(|_| "unknown".to_owned());
        Self {
            replica: named("GANTRY_REPLICA"),
            release: named("GANTRY_RELEASE"),
            node: named("GANTRY_NODE"),
        }
    }

    fn answer(&self, status: StatusCode) -> Response {
        let body = format!(
            "hello from replica {} of release {} on node {}\n",
            self.replica, self.release, self.node
        );
        (status, [("x-replica", self.replica.clone())], body).into_response()
    }
}

/// How the service begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// As it should.
    Well,
    /// Its probe fails.
    Ill,
}

#[derive(Clone)]
struct Service {
    identity: Identity,
    unhealthy: Arc<AtomicBool>,
}

/// Every path says hello, but six: `/healthz` says whether it is well, `/unhealthy` makes it ill for good,
/// `/slow?ms=N` answers after N milliseconds, `/echo` says back the body it is sent, `/upgrade` switches to
/// whatever protocol is offered and says back each byte, `/exit` ends the process with code 1.
pub fn router(identity: Identity, health: Health) -> Router {
    let service = Service {
        identity,
        unhealthy: Arc::new(AtomicBool::new(health == Health::Ill)),
    };
    Router::new()
        .route("/healthz", get(healthz))
        .route("/unhealthy", any(fall_ill))
        .route("/slow", any(slow))
        .route("/echo", any(echo))
        .route("/upgrade", any(upgrade))
        .route("/exit", any(exit))
        .fallback(hello)
        .with_state(service)
}

async fn hello(State(service): State<Service>) -> Response {
    service.identity.answer(StatusCode::OK)
}

async fn healthz(State(service): State<Service>) -> Response {
    let ill = service.unhealthy.load(Ordering::Relaxed);
    service.identity.answer(if ill {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    })
}

async fn fall_ill(State(service): State<Service>) -> Response {
    service.unhealthy.store(true, Ordering::Relaxed);
    service.identity.answer(StatusCode::OK)
}

#[derive(Deserialize)]
struct Delay {
    #[serde(default)]
    ms: u64,
}

async fn slow(State(service): State<Service>, Query(delay): Query<Delay>) -> Response {
    tokio::time::sleep(Duration::from_millis(delay.ms)).await;
    service.identity.answer(StatusCode::OK)
}

async fn echo(State(service): State<Service>, request: Request) -> Response {
    let replica = service.identity.replica;
    ([("x-replica", replica)], request.into_body()).into_response()
}

async fn upgrade(State(service): State<Service>, mut request: Request) -> Response {
    let offered = request.headers().get(UPGRADE).cloned();
    let (Some(offered), Some(switch)) = (offered, request.extensions_mut().remove::<OnUpgrade>())
    else {
        return service.identity.answer(StatusCode::UPGRADE_REQUIRED);
    };
    tokio::spawn(async move {
        if let Ok(switched) = switch.await {
            let (mut from, mut to) = tokio::io::split(TokioIo::new(switched));
            // Whoever is at the other end may break off; then there is nobody to say it to.
            let _ = tokio::io::copy(&mut from, &mut to).await;
            let _ = tokio::io::AsyncWriteExt::shutdown(&mut to).await;
        }
    });
    let named = [("x-replica", service.identity.replica)];
    let switching = [
        (UPGRADE, offered),
        (CONNECTION, HeaderValue::from_static("upgrade")),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, named, switching).into_response()
}

async fn exit() -> Response {
    std::process::exit(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    fn example() -> Router {
        let identity = Identity {
            replica: "hello-7f3k2q".to_owned(),
            release: "r1".to_owned(),
            node: "n1".to_owned(),
        };
        router(identity, Health::Well)
    }

    async fn ask(router: &Router, path: &str) -> Response {
        let request = Request::get(path)
            .body(Body::empty())
            .expect("a path of this test");
        router
            .clone()
            .oneshot(request)
            .await
            .expect("the router cannot fail")
    }

    #[tokio::test]
    async fn any_path_names_replica_release_and_node() {
        for path in ["/", "/some/where?else=1", "/healthz", "/slow?ms=1", "/slow"] {
            let answer = ask(&example(), path).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_eq!(answer.headers()["x-replica"], "hello-7f3k2q", "{path}");
            let body = answer
                .into_body()
                .collect()
                .await
                .expect("a body in memory")
                .to_bytes();
            assert_eq!(
                body, "hello from replica hello-7f3k2q of release r1 on node n1\n",
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_sent_to_be_echoed_comes_back() {
        let request = Request::post("/echo").body(Body::from("words"));
        let answer = example()
            .oneshot(request.expect("a request of this test"))
            .await;
        let answer = answer.expect("the router cannot fail");
        assert_eq!(answer.headers()["x-replica"], "hello-7f3k2q");
        let body = answer
            .into_body()
            .collect()
            .await
            .expect("a body in memory");
        assert_eq!(body.to_bytes(), "words");
    }

    #[tokio::test]
    async fn without_an_offer_there_is_nothing_to_switch_to() {
        let answer = ask(&example(), "/upgrade").await;
        assert_eq!(answer.status(), StatusCode::UPGRADE_REQUIRED);
    }

    #[tokio::test]
    async fn once_made_ill_it_says_so_for_good() {
        let router = example();
        ask(&router, "/unhealthy").await;
        for _ in 0..2 {
            assert_eq!(
                ask(&router, "/healthz").await.status(),
                StatusCode::SERVICE_UNAVAILABLE
            );
        }
        assert_eq!(ask(&router, "/").await.status(), StatusCode::OK);
    }
}
