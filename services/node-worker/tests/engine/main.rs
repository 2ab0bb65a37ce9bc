//! Single steps and questions on a real engine. They need Docker and root, as the product does.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on may end"
)]

mod files;
mod output;
mod programs;
mod steps;
#[path = "../world/mod.rs"]
mod world;

use gantry_events::ReplicaKey;
use gantry_node_worker::docker::Engine;
use gantry_node_worker_core::{Action, Container, Outcome, Reading};
use gantry_spec::ContainerSpec;
use world::creation;

async fn make(engine: &Engine, replica: &ReplicaKey, action: Action) -> Container {
    match engine.carry_out(replica, &action).await {
        Outcome::Done {
            container: Some(container),
            ..
        } => container,
        other => panic!("{action:?} ended as {other:?}"),
    }
}

async fn found(engine: &Engine) -> Vec<(ReplicaKey, Container)> {
    match engine.look().await.unwrap() {
        Reading::Containers { found, .. } => found.into_iter().collect(),
        other => panic!("{other:?}"),
    }
}

/// A container that runs.
async fn begin(engine: &Engine, replica: &ReplicaKey, spec: ContainerSpec, port: u16) -> Container {
    let create = Action::Create(Box::new(creation(spec, port)));
    let container = make(engine, replica, create).await.id;
    make(engine, replica, Action::Start { container }).await
}
