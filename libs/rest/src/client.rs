//! The typed client of the HTTP interface. The program that uses it installs the rustls provider.
//!
//! It asks once: whether and when to try again is for its user to say, who passes the same
//! [`Write::key`] then.

mod error;
mod lines;
mod request;
mod transport;

pub use error::ClientError;
pub use lines::Lines;
pub use request::{EventQuery, LogQuery, ReadAt, Write};

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use gantry_events::{OperationId, PoolName, ProjectName, ServiceName, Time};
use gantry_views::{
    BalancerDoc, MachineDoc, NodeDoc, OperationDoc, PoolDoc, ProjectDoc, ReleaseDoc, ReplicaDoc,
};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Url};

use crate::{
    CloudEvent, CreatePool, EventPage, JoinAnswer, JoinNode, List, LogLine, Scale, ServiceAnswer,
    Version, YAML,
};

/// One api, asked as one principal.
#[derive(Clone, Debug)]
pub struct Client {
    base: Url,
    token: Option<String>,
    http: reqwest::Client,
    /// Milliseconds since the epoch, of the last answer that had a date; 0 before.
    date: Arc<AtomicI64>,
}

type Answer<T> = Result<T, ClientError>;

impl Client {
    /// A client of the api at `url` (`http://127.0.0.1:7070`), with a bearer token if there is one.
    pub fn new(url: &str, token: Option<String>) -> Answer<Self> {
        let unusable = |e: &dyn Display| ClientError::Address {
            url: url.to_owned(),
            cause: e.to_string(),
        };
        let base: Url = url.parse().map_err(|e| unusable(&e))?;
        if base.cannot_be_a_base() || !base.has_host() {
            return Err(unusable(&"it names no host"));
        }
        let http = reqwest::Client::builder()
            .build()
            .map_err(|e| unusable(&e))?;
        let date = Arc::default();
        Ok(Self {
            base,
            token,
            http,
            date,
        })
    }

    /// What the api's clock said with its last answer, in whole seconds: the now of what was read. None
    /// before the first answer.
    pub fn date(&self) -> Option<Time> {
        let date = self.date.load(Ordering::Relaxed);
        (date > 0).then(|| Time::from_unix_millis(date))
    }

    /// Makes the project as this file says.
    pub async fn put_config(
        &self,
        project: &ProjectName,
        file: String,
        write: &Write,
    ) -> Answer<OperationDoc> {
        let request = self.ask(Method::PUT, &["projects", project.as_str(), "config"]);
        self.write(request.header(CONTENT_TYPE, YAML).body(file), write)
            .await
    }

    /// Sets how many replicas a service has.
    pub async fn scale(
        &self,
        project: &ProjectName,
        service: &ServiceName,
        replicas: u32,
        write: &Write,
    ) -> Answer<OperationDoc> {
        let path = [
            "projects",
            project.as_str(),
            "services",
            service.as_str(),
            "scale",
        ];
        self.write(
            self.ask(Method::POST, &path).json(&Scale { replicas }),
            write,
        )
        .await
    }

    /// Removes a service.
    pub async fn delete_service(
        &self,
        project: &ProjectName,
        service: &ServiceName,
        write: &Write,
    ) -> Answer<OperationDoc> {
        let path = ["projects", project.as_str(), "services", service.as_str()];
        self.write(self.ask(Method::DELETE, &path), write).await
    }

    /// Makes a pool of machines.
    pub async fn create_pool(&self, pool: &CreatePool, write: &Write) -> Answer<OperationDoc> {
        self.write(self.ask(Method::POST, &["pools"]).json(pool), write)
            .await
    }

    /// Lets a node join. Needs no bearer token.
    pub async fn join(&self, node: &JoinNode) -> Answer<JoinAnswer> {
        self.json(self.ask(Method::POST, &["nodes", "join"]).json(node))
            .await
    }

    /// The file of the project's last release, as JSON that is itself a file.
    pub async fn config(&self, project: &ProjectName, at: &ReadAt) -> Answer<gantry_spec::Project> {
        self.get(&["projects", project.as_str(), "config"], at)
            .await
    }

    /// One project.
    pub async fn project(&self, project: &ProjectName, at: &ReadAt) -> Answer<ProjectDoc> {
        self.get(&["projects", project.as_str()], at).await
    }

    /// All projects.
    pub async fn projects(&self, at: &ReadAt) -> Answer<List<ProjectDoc>> {
        self.list(&["projects"], at).await
    }

    /// All releases of a project.
    pub async fn releases(&self, project: &ProjectName, at: &ReadAt) -> Answer<List<ReleaseDoc>> {
        self.list(&["projects", project.as_str(), "releases"], at)
            .await
    }

    /// All services of a project.
    pub async fn services(
        &self,
        project: &ProjectName,
        at: &ReadAt,
    ) -> Answer<List<ServiceAnswer>> {
        self.list(&["projects", project.as_str(), "services"], at)
            .await
    }

    /// One service.
    pub async fn service(
        &self,
        project: &ProjectName,
        service: &ServiceName,
        at: &ReadAt,
    ) -> Answer<ServiceAnswer> {
        self.get(
            &["projects", project.as_str(), "services", service.as_str()],
            at,
        )
        .await
    }

    /// All replicas of a project, or of one of its services.
    pub async fn replicas(
        &self,
        project: &ProjectName,
        service: Option<&ServiceName>,
        at: &ReadAt,
    ) -> Answer<List<ReplicaDoc>> {
        let mut path = vec!["projects", project.as_str()];
        path.extend(
            service
                .into_iter()
                .flat_map(|service| ["services", service.as_str()]),
        );
        path.push("replicas");
        self.list(&path, at).await
    }

    /// All nodes.
    pub async fn nodes(&self, at: &ReadAt) -> Answer<List<NodeDoc>> {
        self.list(&["nodes"], at).await
    }

    /// All pools.
    pub async fn pools(&self, at: &ReadAt) -> Answer<List<PoolDoc>> {
        self.list(&["pools"], at).await
    }

    /// One pool.
    pub async fn pool(&self, pool: &PoolName, at: &ReadAt) -> Answer<PoolDoc> {
        self.get(&["pools", pool.as_str()], at).await
    }

    /// All machines.
    pub async fn machines(&self, at: &ReadAt) -> Answer<List<MachineDoc>> {
        self.list(&["machines"], at).await
    }

    /// All balancers.
    pub async fn balancers(&self, at: &ReadAt) -> Answer<List<BalancerDoc>> {
        self.list(&["balancers"], at).await
    }

    /// One operation as it stands.
    pub async fn operation(&self, id: OperationId, at: &ReadAt) -> Answer<OperationDoc> {
        self.get(&["operations", &id.to_string()], at).await
    }

    /// What answers.
    pub async fn version(&self) -> Answer<Version> {
        self.get(&["version"], &ReadAt::default()).await
    }

    /// A page of events.
    pub async fn events(&self, query: &EventQuery) -> Answer<EventPage> {
        self.json(self.ask_with(&["events"], query.pairs())).await
    }

    /// Events as they come. It ends when the connection does; go on with the last one's id as `after`.
    pub async fn follow_events(&self, query: &EventQuery) -> Answer<Lines<CloudEvent>> {
        self.lines(self.ask_with(&["events"], query.pairs())).await
    }

    /// Lines of a service's replicas, as they come when `follow` is asked for.
    pub async fn logs(
        &self,
        project: &ProjectName,
        service: &ServiceName,
        query: &LogQuery,
    ) -> Answer<Lines<LogLine>> {
        let path = [
            "projects",
            project.as_str(),
            "services",
            service.as_str(),
            "logs",
        ];
        self.lines(self.ask_with(&path, query.pairs())).await
    }
}
