//! The floor of a deploy: the very containers that Gantry made, made again in the same engines by nobody but
//! this program: created, started, asked until they answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures::future::try_join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::engine::Engine;
use crate::system::System;

/// As many steps at a time as a node-worker has under way on its machine.
const AT_ONCE: usize = 8;

/// Pause between two questions to a container that does not answer yet.
const ASK: Duration = Duration::from_millis(2);

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Containers to be made, by machine.
#[derive(Debug)]
pub struct Floor {
    machines: Vec<OnMachine>,
}

#[derive(Debug)]
struct OnMachine {
    engine: Engine,
    containers: Vec<Copy>,
}

/// One container to be made, and where it will answer.
#[derive(Debug)]
struct Copy {
    name: String,
    body: Value,
    address: SocketAddr,
}

impl Floor {
    /// Copies what runs of a project. The label that makes them the node-worker's business differs.
    pub async fn of(system: &System, project: &str) -> anyhow::Result<Self> {
        let mut machines = Vec::new();
        for machine in system.machines().await?.into_values() {
            let mut containers = Vec::new();
            for id in machine
                .engine
                .with_labels(&system.labels_of(project))
                .await?
            {
                let container = machine.engine.inspect(&id).await?;
                containers.push(Copy::of(&container, containers.len(), machine.address)?);
            }
            machines.push(OnMachine {
                engine: machine.engine,
                containers,
            });
        }
        Ok(Self { machines })
    }

    /// How many there are.
    pub fn containers(&self) -> usize {
        self.machines
            .iter()
            .map(|machine| machine.containers.len())
            .sum()
    }

    /// Makes all of them, waits until each answers, and removes them again. How long it took until all
    /// had answered.
    pub async fn run(&self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let made = try_join_all(self.machines.iter().map(OnMachine::run)).await?;
        let took = began.elapsed();
        let each = self
            .machines
            .iter()
            .zip(made)
            .flat_map(|(machine, ids)| ids.into_iter().map(move |id| (&machine.engine, id)));
        try_join_all(each.map(|(engine, id)| async move { engine.remove(&id).await })).await?;
        Ok(took)
    }
}

impl OnMachine {
    async fn run(&self) -> anyhow::Result<Vec<String>> {
        let room = Semaphore::new(AT_ONCE);
        let each = self.containers.iter().map(|copy| async {
            let place = room.acquire().await?;
            let id = self.engine.create(&copy.name, &copy.body).await?;
            self.engine.start(&id).await?;
            drop(place);
            answers(copy.address).await?;
            anyhow::Ok(id)
        });
        try_join_all(each).await
    }
}

impl Copy {
    fn of(container: &Value, number: usize, machine: std::net::IpAddr) -> anyhow::Result<Self> {
        let mut body = container["Config"].clone();
        body["HostConfig"] = container["HostConfig"].clone();
        body["Labels"]["gantry.cluster"] = json!("none");
        let port = body["Labels"]["gantry.port"]
            .as_str()
            .and_then(|port| port.parse().ok())
            .context("a replica's container names its port")?;
        Ok(Self {
            name: format!("floor-{number}"),
            body,
            address: SocketAddr::new(machine, port),
        })
    }
}

/// Asks until it says that it is well.
async fn answers(address: SocketAddr) -> anyhow::Result<()> {
    let began = Instant::now();
    while !ask(address).await.unwrap_or(false) {
        if began.elapsed() > PATIENCE {
            bail!("{address} did not answer within {PATIENCE:?}");
        }
        tokio::time::sleep(ASK).await;
    }
    Ok(())
}

async fn ask(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: replica\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}
