//! Requests taken apart: names in the path, parameters, bodies. What cannot be read is refused here,
//! with its place, and nobody checks again.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use gantry_rest::{FieldError, Problem, ProblemCode};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use crate::api::Api;
use crate::refusal::{self, Refusal};

/// Largest body. A project's file may be as large. Source: contract, section 2.
pub(crate) const LARGEST: usize = gantry_spec::MAX_BYTES;

/// Names in the path.
#[derive(Debug)]
pub(crate) struct Named<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(names)) => Ok(Self(names)),
            Err(error) => Err(Refusal::new(
                ProblemCode::InvalidParameter,
                format!(
                    "the path holds what cannot be a name: {}",
                    error.body_text()
                ),
            )),
        }
    }
}

/// Parameters; one that the path does not take is refused.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => {
                let said = error.body_text();
                let said = said.rsplit("query string: ").next().unwrap_or(&said);
                let unknown = said.contains("unknown field");
                let code = match unknown {
                    true => ProblemCode::UnknownParameter,
                    false => ProblemCode::InvalidParameter,
                };
                Err(Refusal::new(code, said.replace("field", "parameter")))
            }
        }
    }
}

/// A path that takes no parameters.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// The whole body, within its size and time.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) bytes: Bytes,
    kind: Option<String>,
}

impl FromRequest<Api> for Whole {
    type Rejection = Refusal;
    async fn from_request(request: Request, api: &Api) -> Result<Self, Refusal> {
        let kind = media_type(request.headers());
        let within = api.settings.body_within;
        let too_large = || {
            let detail = format!("the body is larger than {LARGEST} bytes (1 MiB)");
            Refusal::new(ProblemCode::TooLarge, detail)
        };
        let announced = request.headers().get(header::CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > LARGEST) {
            return Err(too_large());
        }
        let broken = |why: String| Refusal::new(ProblemCode::MalformedBody, why);
        let stopping = api.process.stopping();
        let bytes = tokio::select! {
            bytes = axum::body::to_bytes(request.into_body(), LARGEST) => bytes,
            () = stopping.cancelled() => return Err(refusal::stopping()),
            () = api.process.sleep(within) => {
                return Err(broken(format!("the body had not arrived whole after {within}")));
            }
        };
        match bytes {
            Ok(bytes) => Ok(Self { bytes, kind }),
            Err(error) if is_too_large(&error) => Err(too_large()),
            Err(error) => Err(broken(format!("the body broke off: {error}"))),
        }
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = kind.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

impl Whole {
    /// The body as text of one of these media types; without one it is taken for what it should be.
    pub(crate) fn text(&self, kinds: &[&str]) -> Result<&str, Refusal> {
        if let Some(kind) = self.kind.as_deref().filter(|kind| !kinds.contains(kind)) {
            let detail = format!("{kind} is not taken here; send {}", kinds.join(" or "));
            return Err(Refusal::new(ProblemCode::UnsupportedMediaType, detail));
        }
        std::str::from_utf8(&self.bytes)
            .map_err(|_| Refusal::new(ProblemCode::MalformedBody, "the body is no UTF-8 text"))
    }

    /// The body as a JSON object.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let text = self.text(&["application/json"])?;
        let mut reading = serde_json::Deserializer::from_str(text);
        let asked = serde_path_to_error::deserialize(&mut reading)
            .map_err(|error| wrong(&pointer(error.path()), error.inner()))?;
        reading.end().map_err(|error| wrong("", &error))?;
        // Values in a row would be taken for the fields in their order.
        if !text.trim_start().starts_with('{') {
            return Err(invalid("", "the body is no JSON object"));
        }
        Ok(asked)
    }
}

/// Where reading stopped, as a JSON Pointer.
fn pointer(path: &serde_path_to_error::Path) -> String {
    let steps = path.iter().filter_map(|step| match step {
        Segment::Map { key } => Some(key.replace('~', "~0").replace('/', "~1")),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    steps.map(|step| format!("/{step}")).collect()
}

fn wrong(pointer: &str, error: &serde_json::Error) -> Refusal {
    let (code, what) = match error.classify() {
        Category::Syntax | Category::Eof | Category::Io => {
            (ProblemCode::MalformedBody, "the body is no JSON")
        }
        Category::Data => (
            ProblemCode::InvalidRequest,
            "the body is not what is taken here",
        ),
    };
    let place = FieldError {
        pointer: pointer.to_owned(),
        line: u32::try_from(error.line()).ok(),
        column: u32::try_from(error.column()).ok(),
        code: None,
        message: error.to_string(),
        suggestion: None,
    };
    let detail = format!("{what}: {error}");
    Problem::new(code, detail).with_errors([place]).into()
}

/// A body that is well-formed, with a value that it cannot have.
pub(crate) fn invalid(pointer: &str, message: impl Into<String>) -> Refusal {
    let message = message.into();
    let error = FieldError {
        pointer: pointer.to_owned(),
        line: None,
        column: None,
        code: None,
        message: message.clone(),
        suggestion: None,
    };
    Problem::new(ProblemCode::InvalidRequest, message)
        .with_errors([error])
        .into()
}
