//! The system that is measured: its api, its containers, its machines.

use std::collections::BTreeMap;
use std::env;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use gantry_events::{Millis, NodeId, ProjectName, ServiceName};
use gantry_rest::{Client, ReadAt, Write};
use gantry_views::{OperationDoc, OperationState, ReplicaDoc, ReplicaState};
use serde_json::Value;

use crate::engine::Engine;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a condition is looked at, where nobody tells.
const LOOK: Duration = Duration::from_millis(50);

/// The image that `make up` has pushed.
const IMAGE: &str = "localhost:5000/hello:1";

/// The only service of each project here.
const SERVICE: &str = "web";

/// The running system.
#[derive(Debug)]
pub struct System {
    api: Client,
    /// Its cluster's name.
    pub cluster: String,
    /// The host's engine, in which its containers are.
    pub host: Engine,
}

impl System {
    /// The system that the environment names, as `.gantry/env` does for a person.
    pub fn of_environment() -> anyhow::Result<Self> {
        let url = env::var("GANTRY_URL")
            .context("GANTRY_URL is not set; run `make bench`, or source .gantry/env")?;
        Ok(Self {
            api: Client::new(&url, env::var("GANTRY_TOKEN").ok())?,
            cluster: env::var("COMPOSE_PROJECT_NAME").unwrap_or_else(|_| "gantry".to_owned()),
            host: Engine::of_host(),
        })
    }

    /// Deploys the example, so many times, and comes back once the operation has succeeded. How long
    /// that took, from the request on.
    pub async fn deploy(&self, project: &str, replicas: u32) -> anyhow::Result<Duration> {
        let file = format!(
            "gantry: 1\nproject: {project}\nservices:\n  {SERVICE}:\n    image: {IMAGE}\n    port: 8080\n    \
             replicas: {replicas}\n    health: {{path: /healthz}}\n"
        );
        let write = Write::new().and_wait(Millis::from_secs(60));
        let began = Instant::now();
        let operation = self
            .api
            .put_config(&named(project)?, file, &write)
            .await
            .context("the deploy was refused")?;
        let took = began.elapsed();
        succeeded(&operation)?;
        Ok(took)
    }

    /// Removes the service of a project, and comes back once none of its containers is left.
    pub async fn remove(&self, project: &str) -> anyhow::Result<()> {
        let machines = self.machines().await?;
        let write = Write::new().and_wait(Millis::from_secs(60));
        let operation = self
            .api
            .delete_service(&named(project)?, &SERVICE.parse::<ServiceName>()?, &write)
            .await?;
        succeeded(&operation)?;
        let labels = self.labels_of(project);
        for machine in machines.values() {
            until(
                || async { Ok(machine.engine.with_labels(&labels).await?.is_empty()) },
                "containers to be removed",
            )
            .await?;
        }
        Ok(())
    }

    /// The ready replicas of a project.
    pub async fn replicas(&self, project: &str) -> anyhow::Result<Vec<ReplicaDoc>> {
        let all = self
            .api
            .replicas(&named(project)?, None, &ReadAt::default())
            .await?;
        let ready = all
            .items
            .into_iter()
            .filter(|replica| replica.state == ReplicaState::Ready);
        Ok(ready.collect())
    }

    /// The machines of the nodes.
    pub async fn machines(&self) -> anyhow::Result<BTreeMap<NodeId, Machine>> {
        let mut machines = BTreeMap::new();
        for node in self.api.nodes(&ReadAt::default()).await?.items {
            let pid = pid(&self.host.inspect(&node.machine).await?)?;
            let engine = Engine::inside(pid);
            let address = node.address.context("a ready node has an address")?;
            machines.insert(
                node.id,
                Machine {
                    pid,
                    engine,
                    address,
                },
            );
        }
        ensure!(
            !machines.is_empty(),
            "there are no nodes; was the system brought up with EMPTY=1?"
        );
        Ok(machines)
    }

    /// The container of a compose service: what the host's engine says of it.
    pub async fn container(&self, service: &str) -> anyhow::Result<Value> {
        let labels = [
            format!("gantry.cluster={}", self.cluster),
            format!("com.docker.compose.service={service}"),
        ];
        let ids = self.host.with_labels(&labels).await?;
        let id = ids
            .first()
            .with_context(|| format!("there is no container of {service} in {}", self.cluster))?;
        self.host.inspect(id).await
    }

    /// The labels by which the containers of a project are known.
    pub fn labels_of(&self, project: &str) -> [String; 2] {
        [
            format!("gantry.cluster={}", self.cluster),
            format!("gantry.project={project}"),
        ]
    }

    /// The host at which the service of a project answers.
    pub fn host_of(project: &str) -> String {
        format!("{SERVICE}.{project}.localhost")
    }
}

/// A machine of a node.
#[derive(Debug)]
pub struct Machine {
    /// Its first process, on the host.
    pub pid: u32,
    /// Its own engine.
    pub engine: Engine,
    /// Where its published ports are reached.
    pub address: IpAddr,
}

/// The first process of a container, on the host.
pub fn pid(container: &Value) -> anyhow::Result<u32> {
    let pid = container["State"]["Pid"]
        .as_u64()
        .filter(|pid| *pid > 0)
        .with_context(|| format!("{} does not run", container["Name"]))?;
    Ok(u32::try_from(pid)?)
}

/// A port of a container on its network, past whatever the host publishes.
pub fn address(container: &Value, port: u16) -> anyhow::Result<SocketAddr> {
    let networks = container["NetworkSettings"]["Networks"].as_object();
    let ip = networks
        .into_iter()
        .flatten()
        .find_map(|(_, network)| network["IPAddress"].as_str()?.parse().ok());
    let ip: IpAddr = ip.with_context(|| format!("{} has no address", container["Name"]))?;
    Ok(SocketAddr::new(ip, port))
}

fn named(project: &str) -> anyhow::Result<ProjectName> {
    Ok(project.parse()?)
}

fn succeeded(operation: &OperationDoc) -> anyhow::Result<()> {
    ensure!(
        operation.state == OperationState::Succeeded,
        "the operation is {:?}: {:?}",
        operation.state,
        operation.problem
    );
    Ok(())
}

/// Looks until a condition holds, or patience ends.
pub async fn until<F>(condition: impl Fn() -> F, what: &str) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<bool>>,
{
    let began = Instant::now();
    while !condition().await? {
        if began.elapsed() > PATIENCE {
            bail!("waited {PATIENCE:?} for {what}");
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
