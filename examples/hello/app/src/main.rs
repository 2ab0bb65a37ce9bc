//! The example service: answers any path with the name of the replica, release and node that answered.
//! Some paths and variables make it misbehave, so that one can watch what Gantry does about it. It knows
//! nothing of Gantry but the environment that every container gets.
//!
//! `UNHEALTHY=true`: it is ill from the start. `ON_TERM=exit`: SIGTERM ends it at once, with whatever is in
//! flight on it; else it ends that first.

mod answers;

use std::io::Write;

use answers::{Health, Identity};
use tokio::signal::unix::{Signal, SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let port = variable("PORT").unwrap_or_else(|| "8080".to_owned());
    let health = match variable("UNHEALTHY").as_deref() {
        Some("true") => Health::Ill,
        Some(_) | None => Health::Well,
    };
    let exits = variable("ON_TERM").is_some_and(|value| value == "exit");
    let listener = tokio::net::TcpListener::bind(format!("0.0.0.0:{port}")).await?;
    let mut said = std::io::stdout();
    writeln!(said, "listening on port {port}")?;
    if health == Health::Ill {
        writeln!(said, "ill from the start, as UNHEALTHY says")?;
    }
    let terminate = signal(SignalKind::terminate())?;
    let router = answers::router(Identity::from_environment(), health);
    axum::serve(listener, router)
        .with_graceful_shutdown(ended(terminate, exits))
        .await
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

async fn ended(mut terminate: Signal, exits: bool) {
    terminate.recv().await;
    if exits {
        std::process::exit(0);
    }
}
