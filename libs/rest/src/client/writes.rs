//! Writes: each one operation, by the key that its [`Write`] holds.

use gantry_events::{NodeId, PoolName, ProjectName, ReleaseNumber, ServiceName};
use gantry_views::OperationDoc;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use super::{Answer, Client, Write};
use crate::{CreatePool, JoinAnswer, JoinNode, Scale, ScalePool, YAML};

impl Client {
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

    /// Removes every service of a project. Its releases stay.
    pub async fn delete_project(
        &self,
        project: &ProjectName,
        write: &Write,
    ) -> Answer<OperationDoc> {
        let path = ["projects", project.as_str()];
        self.write(self.ask(Method::DELETE, &path), write).await
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

    /// Replaces every replica of a service by one that runs the same.
    pub async fn restart(
        &self,
        project: &ProjectName,
        service: &ServiceName,
        write: &Write,
    ) -> Answer<OperationDoc> {
        let (project, service) = (project.as_str(), service.as_str());
        let path = ["projects", project, "services", service, "restart"];
        self.write(self.ask(Method::POST, &path), write).await
    }

    /// Makes the project as an earlier release had it, by a new release.
    pub async fn rollback(
        &self,
        project: &ProjectName,
        to: ReleaseNumber,
        write: &Write,
    ) -> Answer<OperationDoc> {
        let to = to.to_string();
        let path = ["projects", project.as_str(), "releases", &to, "rollback"];
        self.write(self.ask(Method::POST, &path), write).await
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

    /// Sets how many machines a pool has.
    pub async fn scale_pool(
        &self,
        pool: &PoolName,
        size: u32,
        write: &Write,
    ) -> Answer<OperationDoc> {
        let path = ["pools", pool.as_str(), "scale"];
        let request = self.ask(Method::POST, &path).json(&ScalePool { size });
        self.write(request, write).await
    }

    /// Removes a pool: its machines are drained, then removed.
    pub async fn delete_pool(&self, pool: &PoolName, write: &Write) -> Answer<OperationDoc> {
        self.write(self.ask(Method::DELETE, &["pools", pool.as_str()]), write)
            .await
    }

    /// Places nothing more on a node.
    pub async fn cordon(&self, node: &NodeId, write: &Write) -> Answer<OperationDoc> {
        self.on_node(node, "cordon", write).await
    }

    /// Lets a node take replicas again; ends a drain.
    pub async fn uncordon(&self, node: &NodeId, write: &Write) -> Answer<OperationDoc> {
        self.on_node(node, "uncordon", write).await
    }

    /// Moves all that runs on a node elsewhere, and places nothing more on it.
    pub async fn drain(&self, node: &NodeId, write: &Write) -> Answer<OperationDoc> {
        self.on_node(node, "drain", write).await
    }

    async fn on_node(&self, node: &NodeId, action: &str, write: &Write) -> Answer<OperationDoc> {
        let request = self.ask(Method::POST, &["nodes", node.as_str(), action]);
        self.write(request, write).await
    }

    /// Lets a node join. Needs no bearer token.
    pub async fn join(&self, node: &JoinNode) -> Answer<JoinAnswer> {
        self.json(self.ask(Method::POST, &["nodes", "join"]).json(node))
            .await
    }
}
