//! The file a user writes: text to a validated, canonical project; what changes between two of
//! them; the JSON Schema of the file.
//!
//! Leaves to others: reading files and printing faults (`gantry` the CLI), problem documents
//! (`gantry-rest`), what is decided about a project (`services/scheduler/core`).
//!
//! The way of a text: [`parse`] caps its size, `yaml` makes a tree of located nodes, `environment` lays
//! an environment over it and `beside` puts in the files that it names, `read` and `value` turn nodes
//! into the types of `model`, `words` and `foreign` know every key by name.

mod beside;
mod compose;
mod container;
mod content;
mod diff;
mod environment;
mod fault;
mod foreign;
mod form;
mod image;
mod model;
mod parse;
mod read;
mod schema;
mod syntax;
mod table;
mod tree;
mod turnover;
mod units;
mod value;
mod words;
mod yaml;

pub use beside::ReadBeside;
pub use compose::{Converted, from_compose};
pub use container::ContainerSpec;
pub use content::{FileContent, FilePath, MAX_CONTENT, ParseFilePathError};
pub use diff::{Change, FieldChange, diff};
pub use fault::{Fault, FaultCode};
pub use gantry_events::{
    Bytes, Digest, Domain, Domains, EnvironmentName, HostName, MilliCpu, Millis, PlacePolicy,
    ProjectName, RolloutPolicy, ServiceName,
};
pub use image::{ImageRef, ParseImageError};
pub use model::{
    EnvName, Health, HealthCheck, HttpPort, OutOfRange, ParseEnvNameError, Project, Replicas,
    Resources, Service,
};
pub use parse::{
    MAX_BYTES, MAX_DEPTH, MAX_ENVIRONMENTS, MAX_FAULTS, MAX_SERVICES, Parsed, parse, parse_here,
};
pub use schema::schema;
pub use turnover::{Turnover, turnover};
pub use units::{ParseUnitError, parse_duration, parse_size};
