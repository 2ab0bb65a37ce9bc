//! Probes: one question to a replica, with a deadline. When the next is asked is `probing`'s part.

use std::future::Future;
use std::net::SocketAddr;

use bytes::Bytes;
use gantry_events::Millis;
use gantry_node_worker_core::{Answer, Asks, Probe};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::docker::Engine;

/// What of a path the file allows and HTTP wants encoded.
const ENCODED: [(&str, &str); 3] = [("<", "%3C"), (">", "%3E"), ("`", "%60")];

/// One probe. The same address that balancers use, so that the way to it is tried as well.
pub async fn ask(engine: &Engine, probe: &Probe) -> Answer {
    let within = probe.timeout;
    let answer = match &probe.asks {
        Asks::Http { address, path } => in_time(get(*address, path), within).await,
        Asks::Tcp { address } => in_time(connect(*address), within).await.map(drop),
        // Has its own deadline, and ends what does not end by itself.
        Asks::Program { container, command } => {
            engine.ask_program(container, command, within).await
        }
    };
    answer.map_or_else(Answer::Bad, |()| Answer::Good)
}

async fn in_time<T>(
    asked: impl Future<Output = Result<T, String>>,
    within: Millis,
) -> Result<T, String> {
    timeout(within.duration(), asked)
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {within}")))
}

async fn get(address: SocketAddr, path: &str) -> Result<(), String> {
    match status(connect(address).await?, address, path).await {
        Ok(status) if (200..400).contains(&status.as_u16()) => Ok(()),
        Ok(status) => Err(format!("GET {path} answered {}", status.as_u16())),
        Err(why) => Err(format!("GET {path} failed: {why}")),
    }
}

/// Each on a connection of its own: a replica that takes no new ones is not ready.
async fn status(stream: TcpStream, address: SocketAddr, path: &str) -> Result<StatusCode, String> {
    let path = ENCODED
        .iter()
        .fold(path.to_owned(), |path, (from, to)| path.replace(from, to));
    let request = Request::get(path)
        .header(header::HOST, address.to_string())
        .header(header::USER_AGENT, "gantry")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let mut answer = std::pin::pin!(sender.send_request(request));
    let answer = tokio::select! {
        answer = &mut answer => answer,
        // With the connection's end, the answer is there or never comes.
        _ = connection => answer.await,
    };
    answer
        .map(|answer| answer.status())
        .map_err(|error| error.to_string())
}

async fn connect(address: SocketAddr) -> Result<TcpStream, String> {
    TcpStream::connect(address)
        .await
        .map_err(|error| format!("{address} takes no connection: {error}"))
}
