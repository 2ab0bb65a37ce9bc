//! The api on a real NATS server, with deciders and nodes played by hand.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod commands;
mod decided;
mod decider;
mod deploying;
mod door;
mod events;
mod joining;
mod logs;
mod odd;
mod openapi;
mod outage;
mod plan;
mod problems;
mod reads;
mod refusals;
#[path = "../../../../libs/bus/tests/server/mod.rs"]
mod server;
mod start;
mod understanding;
mod world;
mod writes;
