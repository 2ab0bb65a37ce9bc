//! The life of a process: settings, telemetry, health, supervision, shutdown, and the loop *fold,
//! decide, append, act* that every service shares.
//!
//! The loop is a synchronous step ([`Engine`]) under a thin asynchronous driver ([`drive`]); the
//! simulator drives that very step. Leaves to others: what is decided (cores), how messages are
//! stored (`gantry-bus`), what the world is (the services' shells).

mod clock;
mod door;
mod drive;
mod driven;
mod engine;
mod health;
mod lanes;
mod metrics;
pub mod settings;
mod signs;
mod supervise;
mod telemetry;
mod whole_file;

pub use clock::{Clock, Moment};
pub use door::{Door, Place};
pub use drive::drive;
pub use driven::{DriveError, Driven, Duty, Keep, Setup, View};
pub use engine::{Engine, Input, Output, Snapshot};
pub use health::{Condition, Health, HealthServerError, health_routes, serve_health};
pub use lanes::{Lane, Lanes};
pub use metrics::Metrics;
pub use supervise::{Every, Process, ProcessError, Supervisor};
pub use telemetry::{Telemetry, TelemetryError};
pub use whole_file::{DRAFT, write_whole};
