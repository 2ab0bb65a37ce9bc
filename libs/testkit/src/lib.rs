//! What tests of cores need: a stage on which one core plays, told entries, golden files, and the laws
//! that every core obeys. Used by tests and tools alone.

#![allow(
    clippy::panic,
    reason = "a law that is broken fails its test by panicking"
)]

pub mod golden;
pub mod laws;
mod stage;
pub mod told;

pub use stage::Stage;
pub use told::Told;
