//! Every core in one process, beside simulated machines, engines and balancers.
//!
//! The engine of `gantry-runtime` is the very one that runs in services; around it, a log in memory, a
//! clock moved by hand, and dice: messages late, twice or lost, answers lost, processes killed after any
//! step. A seed plays the same run again. Leaves to others: real brokers and real Docker (`tests/e2e`).

mod audit;
mod balancer;
mod bug;
mod chance;
mod checks;
mod cluster;
mod desk;
mod engine_room;
mod faults;
mod files;
mod leadership;
mod line;
mod machine;
mod mischief;
mod nodes;
mod planted;
mod play;
mod provider;
mod rest;
mod service;
mod wishes;

pub use bug::Bug;
pub use checks::Broken;
pub use play::{Failure, Report, play};
