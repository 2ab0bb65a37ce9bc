//! What changes from one file to the next: as a person reads it, and how many replicas it touches.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod diff;
mod turnover;

use gantry_spec::{Project, parse};

fn project(services: &str) -> Project {
    parse(&format!(
        "gantry: 1\nproject: shop\nservices: {{{services}}}"
    ))
    .unwrap()
    .project
}
