//! Dressing: what every request and answer goes through. Room for so many at once, the trace in every
//! problem, `304` for what the client has already, and a problem for every error that no handler made.

use std::any::Any;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gantry_rest::{PROBLEM_JSON, ProblemCode};
use gantry_runtime::Metrics;
use tokio::sync::Semaphore;

use crate::refusal::Refusal;
use crate::trace::Trace;

/// Requests that may be answered at once.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<Semaphore>);

impl Room {
    pub(crate) fn of(requests: u32) -> Self {
        Self(Arc::new(Semaphore::new(requests as usize)))
    }

    /// A place, held until it is dropped.
    pub(crate) fn enter(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Refusal> {
        let full = "as many requests are under way as are served at once; try again in a second";
        let place = self.0.clone().try_acquire_owned();
        place.map_err(|_| Refusal::new(ProblemCode::TooManyRequests, full))
    }
}

/// What dressing needs.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) room: Room,
    pub(crate) metrics: Metrics,
}

/// The outermost layer. What was refused before anybody was known is only counted: the log has no end,
/// and must not be a tap that anybody opens.
pub(crate) async fn dress(State(front): State<Front>, request: Request, next: Next) -> Response {
    let response = answer(&front.room, request, next).await;
    let status = response.status().as_u16().to_string();
    let labels = [("status", status.as_str())];
    front
        .metrics
        .count("gantry_http_requests_total", &labels, 1);
    response
}

async fn answer(room: &Room, mut request: Request, next: Next) -> Response {
    let trace = Trace::of(request.headers());
    let known = match *request.method() {
        Method::GET | Method::HEAD => request.headers().get(header::IF_NONE_MATCH).cloned(),
        _ => None,
    };
    request.extensions_mut().insert(trace.clone());
    let response = match room.enter() {
        Ok(_place) => next.run(request).await,
        Err(full) => full.into_response(),
    };
    let mut response = as_problem(response);
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        *response.body_mut() = refusal.in_trace(&trace.id).body();
        return response;
    }
    match known {
        Some(known) if is_known(&response, &known) => unchanged(response),
        Some(_) | None => response,
    }
}

/// What a panic becomes. The request may have been done or not.
pub(crate) fn after_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    let detail = "the program has a fault; what was asked for may have been done or not, so look before you try again, and report this with the trace id";
    Refusal::new(ProblemCode::Internal, detail).into_response()
}

/// Answers that no handler of ours made: a method that is not there.
fn as_problem(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_ours = response.extensions().get::<Refusal>().is_some() || speaks_problem(&response);
    if !is_error || is_ours {
        return response;
    }
    let (code, detail) = match status {
        StatusCode::METHOD_NOT_ALLOWED => (
            ProblemCode::MethodNotAllowed,
            "the path is there, but not for this method; the header Allow lists those it takes",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (ProblemCode::TooLarge, "the body is too large"),
        _ if status.is_client_error() => (ProblemCode::MalformedBody, "the request cannot be read"),
        _ => (ProblemCode::Internal, "the program has a fault"),
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut problem = Refusal::new(code, detail).into_response();
    if let Some(allow) = allow {
        problem.headers_mut().insert(header::ALLOW, allow);
    }
    problem
}

fn speaks_problem(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind == PROBLEM_JSON)
}

fn is_known(response: &Response, known: &HeaderValue) -> bool {
    let tag = response.headers().get(header::ETAG);
    let (Some(tag), Ok(known)) = (tag.and_then(|t| t.to_str().ok()), known.to_str()) else {
        return false;
    };
    response.status() == StatusCode::OK && known.split(',').any(|one| one.trim() == tag)
}

fn unchanged(response: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, axum::body::Body::empty())
}
