//! The running system: its api, its balancer, and the shortest way to deploy something.

use std::env;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};
use gantry_events::{ProjectName, ServiceName};
use gantry_rest::{Client, ClientError, ReadAt, Write};
use gantry_views::{NodeDoc, OperationDoc, OperationState, ReplicaDoc, ReplicaState};

use crate::eventually;

/// The running system.
pub struct System {
    /// The api.
    pub api: Client,
    /// Requests to the balancer and to the roles.
    pub http: reqwest::Client,
    /// Name of the cluster.
    pub cluster: String,
    ingress: String,
}

impl System {
    /// The system that the environment names, as `.gantry/env` does for a person.
    pub fn of_environment() -> anyhow::Result<Self> {
        // Only the first call in a process can succeed, and one is enough.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = env::var("GANTRY_URL")
            .context("GANTRY_URL is not set; run `make test`, or source .gantry/env")?;
        let port = env::var("GANTRY_HTTP_PORT").unwrap_or_else(|_| "8080".to_owned());
        Ok(Self {
            api: Client::new(&url, env::var("GANTRY_TOKEN").ok())?,
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(10))
                .build()?,
            cluster: env::var("COMPOSE_PROJECT_NAME").unwrap_or_else(|_| "gantry".to_owned()),
            ingress: format!("http://127.0.0.1:{port}"),
        })
    }

    /// Address of the balancer.
    pub fn ingress(&self) -> &str {
        &self.ingress
    }

    /// Deploys a file and waits for the operation's end.
    pub async fn deploy(&self, file: &str) -> anyhow::Result<OperationDoc> {
        let name = file
            .lines()
            .find_map(|line| line.strip_prefix("project: "))
            .context("a file names its project")?;
        let (name, write) = (project(name), Write::new());
        let put = || self.api.put_config(&name, file.to_owned(), &write);
        let operation = sent(put).await?;
        self.ended(operation, Duration::from_secs(120)).await
    }

    /// The same, and it must succeed.
    pub async fn deployed(&self, file: &str) -> anyhow::Result<OperationDoc> {
        let operation = self.deploy(file).await?;
        if operation.state != OperationState::Succeeded {
            bail!(
                "the deploy ended {:?}: {:?}",
                operation.state,
                operation.problem
            );
        }
        Ok(operation)
    }

    /// Waits for an operation's end.
    pub async fn ended(
        &self,
        operation: OperationDoc,
        within: Duration,
    ) -> anyhow::Result<OperationDoc> {
        let look = || async {
            let doc = self
                .api
                .operation(operation.id, &ReadAt::after(operation.seq))
                .await?;
            match doc.end_seq {
                Some(_) => Ok(doc),
                None => bail!("operation {} is {:?}", doc.id, doc.state),
            }
        };
        eventually(within, look).await.map(|(doc, _)| doc)
    }

    /// Removes every service of a project.
    pub async fn empty(&self, name: &str) -> anyhow::Result<()> {
        self.deployed(&format!("gantry: 1\nproject: {name}\nservices: {{}}\n"))
            .await
            .map(|_| ())
    }

    /// Replicas of a service that are not at their end.
    pub async fn replicas(
        &self,
        project_name: &str,
        service_name: &str,
    ) -> anyhow::Result<Vec<ReplicaDoc>> {
        let list = self
            .api
            .replicas(
                &project(project_name),
                Some(&service(service_name)),
                &ReadAt::default(),
            )
            .await?;
        Ok(list.items)
    }

    /// Ready replicas of a service, once there are exactly so many and no others.
    pub async fn ready(
        &self,
        name: &str,
        of: &str,
        count: usize,
    ) -> anyhow::Result<Vec<ReplicaDoc>> {
        let replicas = self.replicas(name, of).await?;
        let ready = replicas
            .iter()
            .filter(|replica| replica.state == ReplicaState::Ready)
            .count();
        if ready != count || replicas.len() != count {
            let states: Vec<_> = replicas
                .iter()
                .map(|replica| (&replica.id, replica.state))
                .collect();
            bail!("{count} ready replicas are wanted, there are {states:?}");
        }
        Ok(replicas)
    }

    /// The same, once it is so; the last ones on their way out have their grace period.
    pub async fn settled(
        &self,
        name: &str,
        of: &str,
        count: usize,
    ) -> anyhow::Result<Vec<ReplicaDoc>> {
        eventually(Duration::from_secs(30), || self.ready(name, of, count))
            .await
            .map(|(replicas, _)| replicas)
    }

    /// The node of this id.
    pub async fn node(&self, replica: &ReplicaDoc) -> anyhow::Result<NodeDoc> {
        let nodes = self.api.nodes(&ReadAt::default()).await?;
        nodes
            .items
            .into_iter()
            .find(|node| node.id == replica.node)
            .context("the replica's node is listed")
    }

    /// One request through the balancer. Gives status and the replica that answered.
    pub async fn get(&self, host: &str, path: &str) -> anyhow::Result<(u16, String)> {
        let url = format!("{}{path}", self.ingress);
        let answer = self.http.get(url).header("host", host).send().await?;
        let replica = answer
            .headers()
            .get("x-replica")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        Ok((answer.status().as_u16(), replica.to_owned()))
    }
}

/// Sends a write until the api says something to it: one that was killed a moment ago may have left a kept
/// connection that is closed. The key of the write keeps it from being done twice.
pub async fn sent<F>(mut send: impl FnMut() -> F) -> anyhow::Result<OperationDoc>
where
    F: Future<Output = Result<OperationDoc, ClientError>>,
{
    let attempt = || {
        let one = send();
        async move {
            match one.await {
                Err(error) if error.problem().is_none() => Err(anyhow::Error::from(error)),
                said => Ok(said),
            }
        }
    };
    let (said, _) = eventually(Duration::from_secs(15), attempt).await?;
    Ok(said?)
}

/// A project's name.
pub fn project(name: &str) -> ProjectName {
    ProjectName::from_str(name).expect("names in tests are legal")
}

/// A service's name.
pub fn service(name: &str) -> ServiceName {
    ServiceName::from_str(name).expect("names in tests are legal")
}

/// The example's image, which `make up` has pushed.
pub fn image() -> &'static str {
    "localhost:5000/hello:1"
}
