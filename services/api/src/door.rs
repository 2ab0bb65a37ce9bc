//! The door: accepts connections up to a limit and serves each. One that says nothing, or takes its time
//! over the head of a request, is shut, so that nobody holds a place by silence.

use std::convert::Infallible;
use std::pin::pin;

use axum::Router;
use gantry_runtime::{Door, Place};
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use crate::api::Api;

/// Serves a listener until the process stops. Requests in flight then end in the time the process has.
pub(crate) async fn serve(
    api: Api,
    listener: TcpListener,
    routes: Router,
) -> Result<(), Infallible> {
    let door = Door::of(&api.process, api.settings.connections_at_once);
    while let Some(((stream, _), place)) = door.next(|| listener.accept()).await {
        let work = connection(api.clone(), stream, routes.clone(), place);
        api.process.serve_one("connection", work);
    }
    Ok(())
}

async fn connection(
    api: Api,
    stream: TcpStream,
    routes: Router,
    _place: Place,
) -> Result<(), Infallible> {
    if let Err(error) = converse(&api, stream, routes).await {
        tracing::debug!(%error, "a connection ended early");
    }
    Ok(())
}

async fn converse(
    api: &Api,
    stream: TcpStream,
    routes: Router,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // An event of a stream is small and should not wait for the next.
    stream.set_nodelay(true)?;
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        // Runs while the connection is idle too.
        .header_read_timeout(api.settings.head_within.duration());
    let connection =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    let mut connection = pin!(connection.with_upgrades());
    let stopping = api.process.stopping();
    tokio::select! {
        ended = connection.as_mut() => return Ok(ended?),
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    Ok(connection.await?)
}
