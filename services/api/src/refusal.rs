//! `Refusal`: any error as the answer it becomes. What no handler made (a path that is not there, a
//! panic) becomes one in [`crate::dress`].

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gantry_bus::{AskError, LogError};
use gantry_read_model::ReadError;
use gantry_rest::{PROBLEM_JSON, Problem, ProblemCode};

use crate::desk::{NotAccepted, NotAdmitted};

/// Seconds after which a client may try again.
const TRY_AGAIN: HeaderValue = HeaderValue::from_static("1");

/// A problem on its way out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal(Box<Problem>);

/// What handlers answer.
pub(crate) type Answer<T = Response> = Result<T, Refusal>;

impl Refusal {
    pub(crate) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Problem::new(code, detail).into()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        let code = match error {
            ReadError::InFuture { .. } => ProblemCode::SeqInFuture,
            ReadError::Closed => ProblemCode::NotReady,
            ReadError::Sqlite(_) | ReadError::Unreadable(_) => {
                tracing::error!(%error, "the read model does not answer");
                ProblemCode::Internal
            }
        };
        Self::new(code, error.to_string())
    }
}

impl From<LogError> for Refusal {
    fn from(error: LogError) -> Self {
        Self::new(ProblemCode::LogUnavailable, error.to_string())
    }
}

impl From<NotAccepted> for Refusal {
    fn from(error: NotAccepted) -> Self {
        let detail = error.to_string();
        match error {
            NotAccepted::Busy | NotAccepted::Closed(_) | NotAccepted::NotStored { .. } => {
                Self::new(ProblemCode::LogUnavailable, detail)
            }
            NotAccepted::Unsettled { operation, .. } => {
                Problem::new(ProblemCode::LogUnavailable, detail)
                    .of_operation(operation)
                    .into()
            }
            NotAccepted::Reused(operation) => {
                Problem::new(ProblemCode::IdempotencyKeyReused, detail)
                    .of_operation(operation)
                    .into()
            }
        }
    }
}

impl From<NotAdmitted> for Refusal {
    fn from(error: NotAdmitted) -> Self {
        use gantry_api_core::JoinRefusal;
        let code = match &error {
            NotAdmitted::Token(_) | NotAdmitted::Refused(JoinRefusal::Uninvited { .. }) => {
                ProblemCode::JoinTokenInvalid
            }
            NotAdmitted::Refused(JoinRefusal::OtherKey { .. }) => ProblemCode::NodeKeyTaken,
            NotAdmitted::Unsettled => ProblemCode::LogUnavailable,
        };
        Self::new(code, error.to_string())
    }
}

impl From<AskError> for Refusal {
    fn from(error: AskError) -> Self {
        Self::new(ProblemCode::NodeUnreachable, error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let kind = [(header::CONTENT_TYPE, PROBLEM_JSON)];
        let mut response = (status, kind, self.body()).into_response();
        if self.0.code.may_pass() {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, TRY_AGAIN);
        }
        if self.0.code == ProblemCode::Unauthenticated {
            let bearer = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, bearer);
        }
        // Dressing writes the trace into it, whichever way it came.
        response.extensions_mut().insert(self);
        response
    }
}

impl Refusal {
    pub(crate) fn body(&self) -> Body {
        serde_json::to_vec(&*self.0).unwrap_or_default().into()
    }

    /// The same in a trace.
    pub(crate) fn in_trace(self, trace: &str) -> Self {
        Self(Box::new(self.0.in_trace(trace)))
    }
}

/// The process ends before the answer.
pub(crate) fn stopping() -> Refusal {
    let detail = "the api stops; ask again in a moment";
    Refusal::new(ProblemCode::NotReady, detail)
}
