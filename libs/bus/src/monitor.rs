//! `Monitor`: what the server tells about itself over plain HTTP, and nowhere else.

use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Time an answer may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Longest answer that is read.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The server's monitor.
#[derive(Clone, Debug)]
pub struct Monitor {
    url: String,
}

/// The monitor was of no use.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// The address is none.
    #[error("`{0}` is no address of a monitor; it reads http://HOST:PORT")]
    Url(String),
    /// It did not answer.
    #[error("the server's monitor at {url} did not answer: {cause}")]
    Silent {
        /// Where.
        url: String,
        /// What happened.
        cause: String,
    },
    /// The server may lose what it acknowledged.
    #[error(
        "the server at {0} acknowledges before it has written to disk; set `sync_interval: always` in its configuration"
    )]
    Forgetful(String),
}

/// What the server says of its own health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerHealth {
    /// It works.
    Well,
    /// It does not, with what it says.
    Unwell(String),
}

struct Answer {
    code: u16,
    body: String,
}

#[derive(Deserialize)]
struct JetStreamState {
    #[serde(default)]
    config: JetStreamConfig,
}

#[derive(Default, Deserialize)]
struct JetStreamConfig {
    #[serde(default)]
    sync_always: bool,
}

impl Monitor {
    /// The monitor at this address: `http://nats:8222`.
    pub fn new(url: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
        }
    }

    /// Makes sure that the server writes to disk before it acknowledges. Only the monitor tells.
    pub async fn check_durable(&self) -> Result<(), MonitorError> {
        let answer = self.get("/jsz?config=true").await?;
        let state: JetStreamState = serde_json::from_str(&answer.body)
            .map_err(|e| self.silent(format!("its answer cannot be read: {e}")))?;
        if !state.config.sync_always {
            return Err(MonitorError::Forgetful(self.url.clone()));
        }
        Ok(())
    }

    /// What the server says of its own health.
    pub async fn health(&self) -> Result<ServerHealth, MonitorError> {
        let answer = self.get("/healthz").await?;
        Ok(match answer.code {
            200 => ServerHealth::Well,
            _ => ServerHealth::Unwell(answer.body.trim().to_owned()),
        })
    }

    async fn get(&self, path: &str) -> Result<Answer, MonitorError> {
        let host = self
            .url
            .strip_prefix("http://")
            .ok_or_else(|| MonitorError::Url(self.url.clone()))?;
        let text = tokio::time::timeout(TIMEOUT, fetch(host, path))
            .await
            .map_err(|_| self.silent(format!("nothing came within {TIMEOUT:?}")))?
            .map_err(|e| self.silent(e.to_string()))?;
        parse(&text).ok_or_else(|| self.silent("its answer is no HTTP".to_owned()))
    }

    fn silent(&self, cause: String) -> MonitorError {
        MonitorError::Silent {
            url: self.url.clone(),
            cause,
        }
    }
}

/// HTTP/1.0, so that the answer ends with the connection and nothing is cut into pieces.
async fn fetch(host: &str, path: &str) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(host).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    connection.take(LONGEST).read_to_string(&mut text).await?;
    Ok(text)
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let code = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer {
        code,
        body: body.to_owned(),
    })
}
