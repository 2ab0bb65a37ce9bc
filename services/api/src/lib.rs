//! The api service: HTTP in, commands out, the read model served.
//!
//! One task, the clerk at its desk, folds the log and owns every append; another projects it into
//! the read model; handlers ask both. Leaves to others: what is decided about commands (the deciders),
//! what documents say (`gantry-views`), who may join (`gantry-api-core`).

mod api;
mod asked;
mod auth;
mod chain;
mod desk;
mod docs;
mod door;
mod dress;
mod events;
mod handlers;
mod heartbeats;
mod inspection;
mod logs;
mod projector;
mod reading;
mod refusal;
mod router;
mod settings;
mod start;
mod trace;
mod writing;

pub use inspection::Unreliable;
pub use router::openapi;
pub use settings::Settings;
pub use start::{Error, run, start};
