//! The built program from outside: what it prints, asks and ends with.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails by it"
)]

mod acts;
mod breaks;
mod deploys;
mod exits;
mod explains;
mod files;
mod follows;
mod helps;
mod names;
mod plans;
mod releases;
mod scales;
mod shop;
mod stage;
mod story;
mod tables;
mod terminal;
