//! Reads: entities and lists of them, now or in the past; events and log lines.

use gantry_events::{
    MachineId, NodeId, OperationId, PoolName, ProjectName, ReleaseNumber, ReplicaId, ServiceName,
};
use gantry_views::{
    BalancerDoc, MachineDoc, NodeDoc, OperationDoc, PoolDoc, ProjectDoc, ReleaseDoc, ReplicaDoc,
};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use super::{Answer, Client, EventQuery, Lines, LogQuery, ReadAt, Tagged};
use crate::{CloudEvent, EventPage, List, LogLine, Past, Plan, ServiceAnswer, Version, Why, YAML};

impl Client {
    /// The file of the project's last release, as JSON that is itself a file.
    pub async fn config(&self, project: &ProjectName, at: &ReadAt) -> Answer<gantry_spec::Project> {
        self.get(&["projects", project.as_str(), "config"], at)
            .await
    }

    /// What a file would change. Nothing is done.
    pub async fn plan(&self, project: &ProjectName, file: String) -> Answer<Plan> {
        let request = self.ask(Method::POST, &["projects", project.as_str(), "plan"]);
        self.json(request.header(CONTENT_TYPE, YAML).body(file))
            .await
    }

    /// The same with its tag, for a write that should find it unchanged.
    pub async fn tagged_config(
        &self,
        project: &ProjectName,
        at: &ReadAt,
    ) -> Answer<Tagged<gantry_spec::Project>> {
        self.tagged(&["projects", project.as_str(), "config"], at)
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

    /// One release of a project.
    pub async fn release(
        &self,
        project: &ProjectName,
        release: ReleaseNumber,
        at: &ReadAt,
    ) -> Answer<ReleaseDoc> {
        let release = release.to_string();
        self.get(&["projects", project.as_str(), "releases", &release], at)
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

    /// One replica.
    pub async fn replica(
        &self,
        project: &ProjectName,
        replica: &ReplicaId,
        at: &ReadAt,
    ) -> Answer<ReplicaDoc> {
        let path = ["projects", project.as_str(), "replicas", replica.as_str()];
        self.get(&path, at).await
    }

    /// All nodes.
    pub async fn nodes(&self, at: &ReadAt) -> Answer<List<NodeDoc>> {
        self.list(&["nodes"], at).await
    }

    /// One node.
    pub async fn node(&self, node: &NodeId, at: &ReadAt) -> Answer<NodeDoc> {
        self.get(&["nodes", node.as_str()], at).await
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

    /// One machine.
    pub async fn machine(&self, machine: &MachineId, at: &ReadAt) -> Answer<MachineDoc> {
        self.get(&["machines", machine.as_str()], at).await
    }

    /// All balancers.
    pub async fn balancers(&self, at: &ReadAt) -> Answer<List<BalancerDoc>> {
        self.list(&["balancers"], at).await
    }

    /// All operations: those that have not ended, or every one.
    pub async fn operations(&self, at: &ReadAt) -> Answer<List<OperationDoc>> {
        self.list(&["operations"], at).await
    }

    /// One operation as it stands.
    pub async fn operation(&self, id: OperationId, at: &ReadAt) -> Answer<OperationDoc> {
        self.get(&["operations", &id.to_string()], at).await
    }

    /// Why an entity is as it is: `replica`, its project and its id; or `node` and its id.
    pub async fn why(
        &self,
        kind: &str,
        project: Option<&ProjectName>,
        id: &str,
        at: &ReadAt,
    ) -> Answer<Why> {
        self.get(&entity("why", kind, project, id), at).await
    }

    /// Every version of an entity, the newest first.
    pub async fn history(
        &self,
        kind: &str,
        project: Option<&ProjectName>,
        id: &str,
        at: &ReadAt,
    ) -> Answer<List<Past>> {
        self.list(&entity("history", kind, project, id), at).await
    }

    /// What answers.
    pub async fn version(&self) -> Answer<Version> {
        self.get(&["version"], &ReadAt::default()).await
    }

    /// The JSON Schema of a file.
    pub async fn schema(&self) -> Answer<serde_json::Value> {
        self.get(&["schema"], &ReadAt::default()).await
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

fn entity<'a>(
    what: &'a str,
    kind: &'a str,
    project: Option<&'a ProjectName>,
    id: &'a str,
) -> Vec<&'a str> {
    let project = project.map(ProjectName::as_str);
    [Some(what), Some(kind), project, Some(id)]
        .into_iter()
        .flatten()
        .collect()
}
