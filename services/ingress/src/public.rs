//! The public door: accepts connections up to the limit, serves them, lets them end in time.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use gantry_runtime::{Door, Place};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::client::Client;
use crate::patience::Patient;
use crate::{Error, Ingress};

/// Serves a listener until the process stops; then lets requests in flight end, for the time set.
pub(crate) async fn serve(ingress: Arc<Ingress>, listener: TcpListener) -> Result<(), Error> {
    let door = Door::of(&ingress.process, ingress.settings.http_connections);
    while let Some(((stream, peer), place)) = door.next(|| listener.accept()).await {
        let serve = |stream| connection(ingress.clone(), stream, peer, place);
        let lanes = &ingress.lanes;
        if let Err(error) = lanes.serve_one(&ingress.process, "connection", stream, serve) {
            tracing::warn!(%peer, %error, "a connection was accepted and could not be served");
        }
    }
    drop(listener);
    let last = ingress.settings.http_shutdown;
    if tokio::time::timeout(last.duration(), door.emptied())
        .await
        .is_err()
    {
        tracing::warn!("requests were still in flight {last} after the stop; they are cut");
    }
    ingress.over.cancel();
    Ok(())
}

async fn connection(
    ingress: Arc<Ingress>,
    stream: TcpStream,
    peer: SocketAddr,
    _place: Place,
) -> Result<(), Infallible> {
    ingress.counts.connections.up();
    if let Err(error) = converse(&ingress, stream, peer).await {
        tracing::debug!(%peer, %error, "a connection from outside ended early");
    }
    ingress.counts.connections.down();
    Ok(())
}

async fn converse(
    ingress: &Arc<Ingress>,
    stream: TcpStream,
    peer: SocketAddr,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let settings = &ingress.settings;
    let client = Arc::new(Client::from(peer.ip()));
    let socket = Patient::new(
        stream,
        client.turns(),
        settings.http_head_within,
        settings.http_stall,
    );
    let service = service_fn(|request| {
        let (ingress, client) = (ingress.clone(), client.clone());
        async move { Ok::<_, Infallible>(ingress.answer(request, &client).await) }
    });
    let connection = builder(ingress).serve_connection(TokioIo::new(socket), service);
    let mut connection = pin!(connection.with_upgrades());
    let stopping = ingress.process.stopping();
    tokio::select! {
        ended = connection.as_mut() => return then(ingress, &client, ended).await,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        ended = connection => then(ingress, &client, ended).await,
        () = ingress.over.cancelled() => Ok(()),
    }
}

/// Goes on as a tunnel, if that is what the connection became.
async fn then(
    ingress: &Ingress,
    client: &Client,
    ended: hyper::Result<()>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    ended?;
    if let Some(tunnel) = client.take_tunnel() {
        ingress.counts.tunnels.up();
        let idle = ingress.settings.http_upgraded_idle;
        let carried = tunnel.carry(&ingress.process, idle).await;
        ingress.counts.tunnels.down();
        carried?;
    }
    Ok(())
}

fn builder(ingress: &Ingress) -> Builder {
    let settings = &ingress.settings;
    let head = usize::try_from(settings.http_head_bytes.0)
        .unwrap_or(usize::MAX)
        .max(8192);
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        // Runs while idle too; a head that has begun is watched by `Patient`.
        .header_read_timeout(settings.http_idle.duration())
        .max_header_size(head)
        .max_buf_size(head)
        .max_headers(usize::try_from(settings.http_head_lines).unwrap_or(usize::MAX))
        .half_close(false);
    builder
}
