//! The example service: answers any path with the name of the replica, release and node that answered.
//! Some paths make it misbehave, so that one can watch what Gantry does about it. It knows nothing of Gantry
//! but the environment that every container gets.

mod answers;

use answers::Identity;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("0.0.0.0:{port}")).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    axum::serve(listener, answers::router(Identity::from_environment()))
        .with_graceful_shutdown(async move {
            terminate.recv().await;
        })
        .await
}
