//! A registry for one test, with a few images on its shelf.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test program uses its part of a registry that is there for tests alone"
)]

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, Uri, header};
use gantry_events::Digest;
use tokio::net::TcpListener;

/// What the registry answers for every image but those named `missing`, `broken` and `private`.
pub const MANIFEST: &[u8] = b"{\"schemaVersion\":2}";

/// Starts it; it ends with the test.
pub async fn registry() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shelf = Router::new().fallback(move |request| answer(address, request));
    tokio::spawn(async move { axum::serve(listener, shelf).await });
    address
}

async fn answer(address: SocketAddr, request: Request<Body>) -> Response<Body> {
    let path = request.uri().path();
    if path == "/token" {
        return token(request.uri());
    }
    let name = path
        .strip_prefix("/v2/")
        .and_then(|rest| rest.split_once("/manifests/"));
    let Some((name, _tag)) = name else {
        return plain(StatusCode::NOT_FOUND);
    };
    let knows = |expected: &str| {
        request
            .headers()
            .get(header::AUTHORIZATION)
            .is_some_and(|given| given == expected)
    };
    match name {
        "missing" => plain(StatusCode::NOT_FOUND),
        "broken" => plain(StatusCode::BAD_GATEWAY),
        "private" => plain(StatusCode::FORBIDDEN),
        "guarded/app" if !knows("Bearer pull-guarded/app") => challenge(address),
        "nameless" => manifest(request.method(), None),
        _ => manifest(request.method(), Some(Digest::of(MANIFEST))),
    }
}

fn manifest(method: &Method, digest: Option<Digest>) -> Response<Body> {
    let body = if method == Method::GET {
        Body::from(MANIFEST)
    } else {
        Body::empty()
    };
    let named = digest.map(|digest| ("docker-content-digest", digest.to_string()));
    let answer = named
        .into_iter()
        .fold(Response::builder(), |answer, (name, value)| {
            answer.header(name, value)
        });
    answer.body(body).unwrap()
}

fn challenge(address: SocketAddr) -> Response<Body> {
    let bearer = format!("Bearer realm=\"http://{address}/token\",service=\"shelf\"");
    let answer = Response::builder().status(StatusCode::UNAUTHORIZED);
    answer
        .header(header::WWW_AUTHENTICATE, bearer)
        .body(Body::empty())
        .unwrap()
}

fn token(uri: &Uri) -> Response<Body> {
    let asked = uri.query().unwrap_or_default();
    let good = "scope=repository%3Aguarded%2Fapp%3Apull&service=shelf";
    if asked != good {
        return plain(StatusCode::BAD_REQUEST);
    }
    Response::new(Body::from("{\"token\":\"pull-guarded/app\"}"))
}

fn plain(status: StatusCode) -> Response<Body> {
    Response::builder()
        .status(status)
        .body(Body::empty())
        .unwrap()
}
