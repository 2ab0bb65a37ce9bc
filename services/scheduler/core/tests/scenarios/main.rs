//! What the scheduler does, told as it would stand in a manual.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test builds on either works or ends it"
)]

mod commands;
mod deploys;
mod drains;
mod healing;
mod images;
mod losses;
mod placement;
mod problems;
mod restarts;
mod rollback;
mod rollouts;
mod scene;
mod takeover;
