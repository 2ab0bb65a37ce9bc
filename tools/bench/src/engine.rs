//! A Docker engine behind its socket, asked in plain HTTP: the host's, or that of a simulated machine, whose
//! socket is reached through its file system. Documents stay JSON, so that what one engine says of a
//! container can be asked of another word for word.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

/// A version that every engine of the last years speaks.
const VERSION: &str = "v1.41";

/// One engine.
#[derive(Clone, Debug)]
pub struct Engine {
    socket: PathBuf,
}

impl Engine {
    /// The host's own.
    pub fn of_host() -> Self {
        Self {
            socket: PathBuf::from("/var/run/docker.sock"),
        }
    }

    /// The one inside the container whose first process has this id on the host. Needs root.
    pub fn inside(pid: u32) -> Self {
        // Not `/var/run`, which is a link that would lead out of it.
        Self {
            socket: Path::new("/proc")
                .join(pid.to_string())
                .join("root/run/docker.sock"),
        }
    }

    /// Makes a container and answers its id.
    pub async fn create(&self, name: &str, body: &Value) -> anyhow::Result<String> {
        let path = format!("/containers/create?name={name}");
        let made = self.ask(Method::POST, &path, Some(body)).await?;
        let id = made["Id"].as_str();
        id.map(str::to_owned)
            .context("the engine names no container")
    }

    /// Starts a container.
    pub async fn start(&self, id: &str) -> anyhow::Result<()> {
        self.ask(Method::POST, &format!("/containers/{id}/start"), None)
            .await
            .map(drop)
    }

    /// Ends and removes a container.
    pub async fn remove(&self, id: &str) -> anyhow::Result<()> {
        self.ask(
            Method::DELETE,
            &format!("/containers/{id}?force=true&v=true"),
            None,
        )
        .await
        .map(drop)
    }

    /// Everything about one container.
    pub async fn inspect(&self, id: &str) -> anyhow::Result<Value> {
        self.ask(Method::GET, &format!("/containers/{id}/json"), None)
            .await
    }

    /// Ids of the containers with these labels, running or not.
    pub async fn with_labels(&self, labels: &[String]) -> anyhow::Result<Vec<String>> {
        let filters = serde_json::json!({ "label": labels }).to_string();
        let path = format!("/containers/json?all=true&filters={}", escaped(&filters));
        let found = self.ask(Method::GET, &path, None).await?;
        let ids = found.as_array().into_iter().flatten();
        Ok(ids
            .filter_map(|one| one["Id"].as_str().map(str::to_owned))
            .collect())
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let stream = UnixStream::connect(&self.socket)
            .await
            .with_context(|| format!("no engine at {}; are you root?", self.socket.display()))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Ends with the sender.
        tokio::spawn(connection);
        let content = body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(&method)
            .uri(format!("/{VERSION}{path}"))
            .header("host", "engine")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(content)))?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let said = answer.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!(
                "{method} {path}: {status} {}",
                String::from_utf8_lossy(&said)
            );
        }
        if said.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(&said)?)
    }
}

/// As a part of an address has it.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
