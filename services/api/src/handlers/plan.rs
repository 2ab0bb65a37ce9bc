//! Plans: a file in, what it would change out. Nothing is stored and nothing is done.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use gantry_events::{ProjectName, Scope, Seq};
use gantry_read_model::ListQuery;
use gantry_rest::Plan;
use gantry_spec::{Project, diff, turnover};
use gantry_views::{DocKey, ProjectDoc, ServiceDoc};

use super::Problems;
use super::project::{incomplete, parsed};
use crate::api::Api;
use crate::asked::{Asked, Named, Nothing, Whole};
use crate::reading;
use crate::refusal::Answer;

/// What a file would change, and how many replicas that touches. Nothing is done.
#[utoipa::path(post, path = "/projects/{project}/plan", tag = "projects",
    params(("project" = String, Path, description = "The project.")),
    request_body(content((String = "application/yaml"), (Object = "application/json"))),
    responses((status = 200, description = "What would change.", body = Plan), Problems))]
pub(crate) async fn plan(
    State(api): State<Api>,
    Named(project): Named<ProjectName>,
    Asked(Nothing {}): Asked<Nothing>,
    body: Whole,
) -> Answer {
    let parsed = parsed(&body, &project)?;
    let found = api
        .reader
        .get::<ProjectDoc>(&DocKey::project(&project), None)
        .await?;
    let current = match &found.value {
        Some(project) => Some(api.wanted(&project.doc, found.seq).await?),
        None => None,
    };
    let plan = Plan {
        changes: diff(current.as_ref(), &parsed.project),
        replicas: turnover(current.as_ref(), &parsed.project),
        warnings: parsed.warnings.into_iter().map(Into::into).collect(),
        release: found.value.map(|found| found.doc.release),
        project,
        seq: found.seq,
    };
    Ok(reading::at(found.seq, Json(plan).into_response()))
}

impl Api {
    /// The file of a project's last release, as it is wanted as of a sequence: with the numbers of replicas
    /// that were set since, and without what was removed since.
    async fn wanted(&self, doc: &ProjectDoc, at: Seq) -> Answer<Project> {
        let file = self.file(&doc.id, doc.release).await?;
        let file = file.ok_or_else(|| incomplete(&doc.id))?;
        let query = ListQuery {
            at: Some(at),
            ..ListQuery::of(Scope::Project(doc.id.clone()))
        };
        let services = self.reader.list::<ServiceDoc>(&query).await?.value.items;
        let wanted = services.into_iter().filter_map(|found| {
            let spec = found.doc.spec_in(&file)?;
            found.doc.is_wanted().then_some((found.doc.id, spec))
        });
        Ok(Project {
            services: wanted.collect(),
            ..file.clone()
        })
    }
}
