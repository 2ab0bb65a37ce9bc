//! The api on a real NATS server, with deciders and nodes played by hand.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod commands;
mod decider;
mod events;
mod joining;
mod logs;
mod openapi;
mod outage;
mod problems;
mod reads;
#[path = "../../../../libs/bus/tests/server/mod.rs"]
mod server;
mod start;
mod understanding;
mod world;
mod writes;
