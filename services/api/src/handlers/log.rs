//! The log lines of a service.

use axum::extract::State;
use gantry_events::{ProjectName, ReplicaId, Scope, ServiceName};
use gantry_read_model::{Field, ListQuery};
use gantry_rest::{LogLine, ProblemCode};
use gantry_views::{DocKey, ReplicaDoc, ServiceDoc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Named};
use crate::logs::{Since, Source, Wanted};
use crate::reading::Moment;
use crate::refusal::{Answer, Refusal};

/// Lines of each replica, if nothing else is asked for, and at most.
const TAIL: u32 = 100;
const LONGEST_TAIL: u32 = 1000;

/// Which lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LinesAsked {
    /// Go on as new ones come.
    follow: Option<bool>,
    /// So many of the last of each replica: 1 to 1000, 100 if nothing is said.
    tail: Option<u32>,
    /// Only after this line's cursor, or from this time on.
    since: Option<String>,
    /// Only of this replica.
    replica: Option<String>,
}

/// What the replicas of a service wrote, asked of their nodes now.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/logs", tag = "services",
    params(("project" = String, Path, description = "The project."),
        ("service" = String, Path, description = "The service."), LinesAsked),
    responses((status = 200, description = "What was asked for.", content_type = "application/x-ndjson", body = LogLine), Problems))]
pub(crate) async fn get_logs(
    State(api): State<Api>,
    Named((project, service)): Named<(ProjectName, ServiceName)>,
    Asked(asked): Asked<LinesAsked>,
) -> Answer {
    let tail = asked.tail.unwrap_or(TAIL);
    if !(1..=LONGEST_TAIL).contains(&tail) {
        let detail = format!("tail is {tail}, not 1 to {LONGEST_TAIL}");
        return Err(Refusal::new(ProblemCode::InvalidParameter, detail));
    }
    let since = asked.since.as_deref().map(Since::read).transpose()?;
    let of = Source {
        project,
        service,
        replica: asked.replica,
    };
    let wanted = Wanted {
        replicas: api.replicas_of(&of).await?,
        tail,
        since: since.unwrap_or_default(),
    };
    if asked.follow.unwrap_or(false) {
        let place = api.streams.enter()?;
        return Ok(api.follow_lines(of, wanted, place));
    }
    api.log_lines(&wanted).await
}

impl Api {
    /// The replicas there are now: the one that is named, or all that have not ended.
    pub(crate) async fn replicas_of(&self, of: &Source) -> Answer<Vec<ReplicaDoc>> {
        match &of.replica {
            Some(id) => Ok(vec![self.replica_of(&of.project, &of.service, id).await?]),
            None => self.replicas_of_service(&of.project, &of.service).await,
        }
    }

    async fn replica_of(
        &self,
        project: &ProjectName,
        service: &ServiceName,
        id: &str,
    ) -> Answer<ReplicaDoc> {
        let missing = |detail: String| Refusal::new(ProblemCode::ReplicaNotFound, detail);
        let replica: ReplicaId = id
            .parse()
            .map_err(|e| Refusal::new(ProblemCode::InvalidParameter, format!("replica: {e}")))?;
        let key = DocKey::replica(project, &replica);
        let found = self.reader.get::<ReplicaDoc>(&key, None).await?;
        let doc = found.value.map(|found| found.doc);
        doc.filter(|doc| doc.service == *service)
            .ok_or_else(|| missing(format!("service {service} has no replica {replica}")))
    }

    async fn replicas_of_service(
        &self,
        project: &ProjectName,
        service: &ServiceName,
    ) -> Answer<Vec<ReplicaDoc>> {
        let key = DocKey::service(project, service);
        let missing = ProblemCode::ServiceNotFound;
        self.find::<ServiceDoc>(&key, &Moment::default(), missing)
            .await?;
        let query = ListQuery {
            filter: vec![(Field::Service, service.to_string())],
            ..ListQuery::of(Scope::Project(project.clone()))
        };
        let found = self.reader.list::<ReplicaDoc>(&query).await?;
        let items = found.value.items.into_iter();
        Ok(items.map(|item| item.doc).collect())
    }
}
