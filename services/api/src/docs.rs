//! The page at `/docs`: draws the OpenAPI document, from this program alone. It asks no other host, and
//! its policy lets nothing else in.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::api::Api;

/// Its own files and its own interface, and nothing from anywhere else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The files of the page: path, media type, content.
const FILES: [(&str, &str, &str); 6] = [
    (
        "/docs",
        "text/html; charset=utf-8",
        include_str!("docs/page.html"),
    ),
    (
        "/docs/page.css",
        "text/css; charset=utf-8",
        include_str!("docs/page.css"),
    ),
    ("/docs/page.js", SCRIPT, include_str!("docs/page.js")),
    ("/docs/draw.js", SCRIPT, include_str!("docs/draw.js")),
    ("/docs/schema.js", SCRIPT, include_str!("docs/schema.js")),
    ("/docs/ask.js", SCRIPT, include_str!("docs/ask.js")),
];

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Where the page and its files are served.
pub(crate) fn routes() -> Router<Api> {
    FILES
        .into_iter()
        .fold(Router::new(), |routes, (path, kind, content)| {
            routes.route(path, get(move || async move { file(kind, content) }))
        })
}

fn file(kind: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // A newer program has newer files under the same names.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, content).into_response()
}
