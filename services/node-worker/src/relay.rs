//! The relay: on every machine `localhost:5000` means the system's registry, wherever that is.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use gantry_events::Millis;
use gantry_runtime::{Door, Process};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Time to reach the registry.
const CONNECT: Millis = Millis::from_secs(5);

/// Longest life of a connection; an engine that pulls for longer connects again.
const LIFE: Millis = Millis::from_secs(3600);

/// The relay cannot listen.
#[derive(Debug, thiserror::Error)]
#[error(
    "{address} cannot be opened for images named localhost:5000: {cause}; set relay_address to a free one"
)]
pub struct RelayError {
    address: SocketAddr,
    cause: io::Error,
}

/// Opens the relay and runs it as the task `relay`. Gives the address it listens at.
pub async fn relay(
    process: &Process,
    address: SocketAddr,
    registry: String,
    most: u32,
) -> Result<SocketAddr, RelayError> {
    let wrong = |cause| RelayError { address, cause };
    let listener = TcpListener::bind(address).await.map_err(wrong)?;
    let bound = listener.local_addr().map_err(wrong)?;
    let serving = accept(process.clone(), listener, Arc::from(registry), most);
    process.spawn("relay", serving);
    Ok(bound)
}

async fn accept(
    process: Process,
    listener: TcpListener,
    registry: Arc<str>,
    most: u32,
) -> Result<(), Infallible> {
    let door = Door::of(&process, most);
    while let Some(((client, _), place)) = door.next(|| listener.accept()).await {
        let (registry, stopping) = (Arc::clone(&registry), process.stopping());
        process.serve_one("relayed", async move {
            let _place = place;
            tokio::select! {
                () = stopping.cancelled() => {}
                () = carry(client, &registry) => {}
            }
            Ok::<(), Infallible>(())
        });
    }
    Ok(())
}

/// A connection that cannot be carried is closed; whoever made it tries again and says why.
async fn carry(mut client: TcpStream, registry: &str) {
    let mut server = match timeout(CONNECT.duration(), TcpStream::connect(registry)).await {
        Ok(Ok(server)) => server,
        Ok(Err(error)) => return tracing::warn!(registry, %error, "the registry cannot be reached"),
        Err(_) => return tracing::warn!(registry, "the registry cannot be reached in time"),
    };
    if let Ok(Err(error)) = timeout(
        LIFE.duration(),
        copy_bidirectional(&mut client, &mut server),
    )
    .await
    {
        tracing::debug!(%error, "a relayed connection broke");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn what_is_said_to_the_relay_reaches_the_registry_and_comes_back() {
        let registry = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (process, supervisor) = Process::start();
        let there = registry.local_addr().unwrap().to_string();
        let here = relay(&process, SocketAddr::from(([127, 0, 0, 1], 0)), there, 1)
            .await
            .unwrap();
        let mut client = TcpStream::connect(here).await.unwrap();
        client.write_all(b"GET").await.unwrap();
        let (mut server, _) = registry.accept().await.unwrap();
        let mut heard = [0; 3];
        server.read_exact(&mut heard).await.unwrap();
        server.write_all(b"200").await.unwrap();
        let mut answer = [0; 3];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!((&heard, &answer), (b"GET", b"200"));
        supervisor.shut_down().await.unwrap();
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_named_with_its_way_out() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (process, _supervisor) = Process::start();
        let error = relay(&process, taken.local_addr().unwrap(), String::new(), 1)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("set relay_address"), "{error}");
    }
}
