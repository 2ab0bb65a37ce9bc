//! What tests of cores need: a stage on which one core plays, told entries, golden files, and the laws
//! that every core obeys. Used by tests and tools alone.

pub mod golden;
pub mod laws;
mod stage;
pub mod told;

pub use stage::Stage;
pub use told::Told;
