//! `gantryd healthcheck`: what a container's health check runs, as its image holds no other program.

use std::time::Duration;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Time the role has to answer.
const WITHIN: Duration = Duration::from_secs(2);

#[derive(Debug, Default, Serialize, Deserialize)]
struct None {}

/// Asks `/readyz` of the role in this container. The error says what it waits for.
pub async fn run() -> anyhow::Result<()> {
    let port = gantry_runtime::settings::load_leniently::<None>()?
        .common
        .health_address
        .port();
    let answer = tokio::time::timeout(WITHIN, ask(port))
        .await
        .context("the role did not answer within 2 s")??;
    if answer.starts_with("HTTP/1.1 200") {
        return Ok(());
    }
    let body = answer
        .split_once("\r\n\r\n")
        .map_or(answer.as_str(), |(_, body)| body);
    bail!("not ready: {body}")
}

async fn ask(port: u16) -> anyhow::Result<String> {
    let mut connection = TcpStream::connect(("127.0.0.1", port))
        .await
        .context("the role does not listen")?;
    connection
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
