//! Replicas, with the stages that their nodes tell of laid over reads of now.

use axum::extract::State;
use gantry_events::{ProjectName, ReplicaId, Scope, ServiceName};
use gantry_read_model::Field;
use gantry_rest::{List, ProblemCode};
use gantry_views::{DocKey, ReplicaDoc, ServiceDoc};

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Named};
use crate::reading::{self, Listed, Moment};
use crate::refusal::Answer;

const FIELDS: [Field; 3] = [Field::State, Field::Node, Field::Service];

/// All replicas of a project.
#[utoipa::path(get, path = "/projects/{project}/replicas", tag = "replicas",
    params(("project" = String, Path, description = "The project."), Listed),
    responses((status = 200, description = "What was asked for.", body = List<ReplicaDoc>), Problems))]
pub(crate) async fn list_replicas(
    State(api): State<Api>,
    Named(project): Named<ProjectName>,
    Asked(listed): Asked<Listed>,
) -> Answer {
    api.within(&project, &listed).await?;
    api.replicas(project, Vec::new(), &listed).await
}

/// All replicas of a service.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/replicas", tag = "replicas",
    params(("project" = String, Path, description = "The project."),
        ("service" = String, Path, description = "The service."), Listed),
    responses((status = 200, description = "What was asked for.", body = List<ReplicaDoc>), Problems))]
pub(crate) async fn list_service_replicas(
    State(api): State<Api>,
    Named((project, service)): Named<(ProjectName, ServiceName)>,
    Asked(listed): Asked<Listed>,
) -> Answer {
    let key = DocKey::service(&project, &service);
    let moment = listed.moment();
    let missing = ProblemCode::ServiceNotFound;
    api.find::<ServiceDoc>(&key, &moment, missing).await?;
    let own = vec![(Field::Service, service.to_string())];
    api.replicas(project, own, &listed).await
}

/// One replica.
#[utoipa::path(get, path = "/projects/{project}/replicas/{replica}", tag = "replicas",
    params(("project" = String, Path, description = "The project."),
        ("replica" = String, Path, description = "The replica."), Moment),
    responses((status = 200, description = "What was asked for.", body = ReplicaDoc), Problems))]
pub(crate) async fn get_replica(
    State(api): State<Api>,
    Named((project, replica)): Named<(ProjectName, ReplicaId)>,
    Asked(moment): Asked<Moment>,
) -> Answer {
    let key = DocKey::replica(&project, &replica);
    let missing = ProblemCode::ReplicaNotFound;
    let mut found = api.find::<ReplicaDoc>(&key, &moment, missing).await?;
    if moment.is_now() {
        api.heartbeats.lay_over_replica(&mut found.value.doc);
    }
    Ok(reading::one(found.seq, found.value.from, &found.value.doc))
}

impl Api {
    async fn replicas(
        &self,
        project: ProjectName,
        own: Vec<(Field, String)>,
        listed: &Listed,
    ) -> Answer {
        let scope = Scope::Project(project);
        let found = self.list::<ReplicaDoc>(scope, own, listed, &FIELDS).await?;
        let is_now = listed.is_now();
        Ok(reading::page(found, |mut doc| {
            if is_now {
                self.heartbeats.lay_over_replica(&mut doc);
            }
            doc
        }))
    }
}
