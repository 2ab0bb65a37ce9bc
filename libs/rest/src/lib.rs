//! What goes over HTTP, as types: requests, answers and problems of `/v1`, each with its schema; and,
//! with the feature `client`, the typed client of the CLI and the tests.
//!
//! Entities are the documents of `gantry-views`, as they are. Leaves to others: routes, headers and
//! what is checked (`services/api`), the file a user writes (`gantry-spec`).

mod answers;
#[cfg(feature = "client")]
mod client;
mod events;
mod problem;
mod requests;
mod service;

pub use answers::{JoinAnswer, List, LogLine, Past, Plan, Version, Why};
#[cfg(feature = "client")]
pub use client::{Client, ClientError, EventQuery, Lines, LogQuery, ReadAt, Tagged, Write};
pub use events::{CloudEvent, EventPage};
pub use problem::{FieldError, PROBLEM_JSON, Problem, ProblemCode};
pub use requests::{CreatePool, JoinNode, Scale, ScalePool};
pub use service::{ServiceAnswer, ServiceStatus};

/// Media type of live streams: one JSON value a line.
pub const NDJSON: &str = "application/x-ndjson";
/// Media type of live streams for browsers.
pub const EVENT_STREAM: &str = "text/event-stream";
/// Media type of a file as its user writes it.
pub const YAML: &str = "application/yaml";
/// Header of every read and write: the sequence that the answer reflects.
pub const SEQ_HEADER: &str = "Gantry-Seq";
/// Header by which a retry names the operation of the first try.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// Header of log lines: the replicas whose lines could not be read, as their nodes do not answer.
pub const MISSING_HEADER: &str = "Gantry-Missing";
/// `stream` of a line that no replica wrote: whether lines of it can be read.
pub const NOTICE: &str = "notice";
