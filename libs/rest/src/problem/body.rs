//! `Problem`: the body of every error of the HTTP interface, as RFC 9457 has it.

use std::fmt;

use gantry_events::OperationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ProblemCode;

/// Media type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not done, or its operation failed. `docs/problems.md` has a way out for each code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:gantry:problem:CODE`.
    #[serde(rename = "type")]
    pub type_uri: String,
    /// The code in words, the same for each problem of it.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, why, and what to do.
    pub detail: String,
    /// The stable code.
    pub code: ProblemCode,
    /// The trace to look for in logs.
    pub trace_id: Option<String>,
    /// What exactly is wrong with the request, all at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The operation that failed, if it came to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub operation: Option<OperationId>,
}

/// One thing wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// JSON Pointer to the value, empty for the whole body.
    pub pointer: String,
    /// Its line in a file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Its column in a file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// What kind of fault it is, where that has a stable name: `unknown-key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is wrong, with the values.
    pub message: String,
    /// What to write instead, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

impl Problem {
    /// A problem of this code with this sentence.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            type_uri: format!("urn:gantry:problem:{code}"),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code,
            trace_id: None,
            errors: Vec::new(),
            operation: None,
        }
    }

    /// The same with what exactly is wrong.
    pub fn with_errors(mut self, errors: impl IntoIterator<Item = FieldError>) -> Self {
        self.errors.extend(errors);
        self
    }

    /// The same as the end of an operation.
    pub fn of_operation(mut self, operation: OperationId) -> Self {
        self.operation = Some(operation);
        self
    }

    /// The same with the trace it belongs to.
    pub fn in_trace(mut self, trace_id: impl Into<String>) -> Self {
        self.trace_id = Some(trace_id.into());
        self
    }
}

impl fmt::Display for Problem {
    /// The sentence, and each thing wrong on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        self.errors
            .iter()
            .try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "{line}:{column}: ")?,
            (Some(_), None) | (None, _) if self.pointer.is_empty() => {}
            (Some(_), None) | (None, _) => write!(f, "{}: ", self.pointer)?,
        }
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; {suggestion}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

impl From<gantry_events::Problem> for Problem {
    fn from(problem: gantry_events::Problem) -> Self {
        Self::new(problem.code.into(), problem.detail)
    }
}

impl From<gantry_spec::Fault> for FieldError {
    fn from(fault: gantry_spec::Fault) -> Self {
        let code = serde_json::to_value(fault.code).ok();
        Self {
            pointer: fault.pointer,
            line: Some(fault.line),
            column: Some(fault.column),
            code: code.and_then(|code| code.as_str().map(str::to_owned)),
            message: fault.message,
            suggestion: fault.suggestion,
        }
    }
}

impl From<Vec<gantry_spec::Fault>> for Problem {
    /// What a file's faults are as a problem: 400 when it is no YAML or JSON at all, 413 when it is too
    /// large, else 422.
    fn from(faults: Vec<gantry_spec::Fault>) -> Self {
        use gantry_spec::FaultCode;
        let is = |code: fn(FaultCode) -> bool| faults.iter().any(|fault| code(fault.code));
        let (code, what) = if is(FaultCode::is_syntax) {
            (
                ProblemCode::MalformedBody,
                "The body is neither YAML nor JSON",
            )
        } else if is(|code| matches!(code, FaultCode::TooLarge | FaultCode::TooManyServices)) {
            (ProblemCode::TooLarge, "The file is too large")
        } else {
            (ProblemCode::InvalidFile, "The file is not valid")
        };
        let count = faults.len();
        let errors = if count == 1 { "error" } else { "errors" };
        Self::new(
            code,
            format!("{what}: {count} {errors}. Nothing was changed."),
        )
        .with_errors(faults.into_iter().map(FieldError::from))
    }
}
