//! Projects and the file each follows.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use gantry_events::{ConfigPut, Intent, ProjectName, Scope};
use gantry_read_model::{AsOf, Field, Found};
use gantry_rest::{FieldError, List, Problem, ProblemCode};
use gantry_spec::{Parsed, Project};
use gantry_views::{DocKey, OperationDoc, ProjectDoc};

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Named, Nothing, Whole};
use crate::reading::{self, Listed, Moment};
use crate::refusal::{Answer, Refusal};
use crate::writing::{Wish, Write};

/// Media types of a file: YAML had others before it had one of its own.
const FILE: [&str; 5] = [
    "application/yaml",
    "application/json",
    "application/x-yaml",
    "text/yaml",
    "text/x-yaml",
];

/// All projects.
#[utoipa::path(get, path = "/projects", tag = "projects", params(Listed),
    responses((status = 200, description = "What was asked for.", body = List<ProjectDoc>), Problems))]
pub(crate) async fn list_projects(State(api): State<Api>, Asked(listed): Asked<Listed>) -> Answer {
    let found = api.list::<ProjectDoc>(Scope::Cluster, Vec::new(), &listed, &[Field::State]);
    Ok(reading::page(found.await?, |doc| doc))
}

/// One project.
#[utoipa::path(get, path = "/projects/{project}", tag = "projects",
    params(("project" = String, Path, description = "The project."), Moment),
    responses((status = 200, description = "What was asked for.", body = ProjectDoc), Problems))]
pub(crate) async fn get_project(
    State(api): State<Api>,
    Named(project): Named<ProjectName>,
    Asked(moment): Asked<Moment>,
) -> Answer {
    let found = api.project(&project, &moment).await?;
    Ok(reading::one(found.seq, found.value.from, &found.value.doc))
}

/// Removes every service of a project, by a release without any. Its releases stay, to go back to.
#[utoipa::path(delete, path = "/projects/{project}", tag = "projects",
    params(("project" = String, Path, description = "The project."), Write),
    responses((status = 202, description = "Accepted: the operation as it is.", body = OperationDoc),
        (status = 200, description = "Waited for: the operation at its end.", body = OperationDoc), Problems))]
pub(crate) async fn delete_project(
    State(api): State<Api>,
    Named(project): Named<ProjectName>,
    Asked(Nothing {}): Asked<Nothing>,
    write: Write,
) -> Answer<Response> {
    let found = api.project(&project, &Moment::default()).await?;
    let empty = Project {
        name: project.clone(),
        services: BTreeMap::new(),
    };
    let wish = Wish {
        version: Some(found.value.from),
        intent: Intent::ConfigPut(ConfigPut {
            project,
            config: empty.canonical(),
        }),
        body: b"",
    };
    api.command(&write, wish).await
}

/// The file of the last release, as JSON that is itself a file.
#[utoipa::path(get, path = "/projects/{project}/config", tag = "projects",
    params(("project" = String, Path, description = "The project."), Moment),
    responses((status = 200, description = "What was asked for.", content_type = "application/json", body = Object), Problems))]
pub(crate) async fn get_config(
    State(api): State<Api>,
    Named(project): Named<ProjectName>,
    Asked(moment): Asked<Moment>,
) -> Answer {
    let found = api.project(&project, &moment).await?;
    let file = api.reader.contents(found.value.doc.config).await?;
    let file = file.ok_or_else(|| incomplete(&project))?;
    let tag = format!("\"{}\"", found.value.from);
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::ETAG, tag),
    ];
    Ok(reading::at(found.seq, (headers, file).into_response()))
}

/// Makes the project as this file says; what the file does not name is removed.
#[utoipa::path(put, path = "/projects/{project}/config", tag = "projects",
    params(("project" = String, Path, description = "The project."), Write),
    request_body(content((String = "application/yaml"), (Object = "application/json"))),
    responses((status = 202, description = "Accepted: the operation as it is.", body = OperationDoc),
        (status = 200, description = "Waited for: the operation at its end.", body = OperationDoc), Problems))]
pub(crate) async fn put_config(
    State(api): State<Api>,
    Named(project): Named<ProjectName>,
    Asked(Nothing {}): Asked<Nothing>,
    write: Write,
    body: Whole,
) -> Answer<Response> {
    let parsed = parsed(&body, &project)?;
    let wish = Wish {
        version: api
            .version_of::<ProjectDoc>(&DocKey::project(&project))
            .await?,
        intent: Intent::ConfigPut(ConfigPut {
            project,
            config: parsed.project.canonical(),
        }),
        body: &body.bytes,
    };
    api.command(&write, wish).await
}

/// What the body says, which must be a file of this project.
pub(super) fn parsed(body: &Whole, project: &ProjectName) -> Answer<Parsed> {
    let parsed = gantry_spec::parse(body.text(&FILE)?).map_err(Problem::from)?;
    if parsed.project.name != *project {
        return Err(elsewhere(project, &parsed.project.name));
    }
    Ok(parsed)
}

/// The project's file is not known to this instance.
pub(super) fn incomplete(project: &ProjectName) -> Refusal {
    let detail =
        format!("the file of {project} is missing from the read model; try again in a moment");
    Refusal::new(ProblemCode::NotReady, detail)
}

fn elsewhere(path: &ProjectName, file: &ProjectName) -> Refusal {
    let message = format!("the file is of project {file}, the path of {path}");
    let error = FieldError {
        pointer: "/project".to_owned(),
        line: None,
        column: None,
        code: None,
        message: message.clone(),
        suggestion: Some(format!("send it to /v1/projects/{file}/config")),
    };
    Problem::new(ProblemCode::InvalidFile, message)
        .with_errors([error])
        .into()
}

impl Api {
    pub(crate) async fn project(
        &self,
        name: &ProjectName,
        moment: &Moment,
    ) -> Answer<AsOf<Found<ProjectDoc>>> {
        let missing = ProblemCode::ProjectNotFound;
        self.find(&DocKey::project(name), moment, missing).await
    }

    /// Makes sure that a project is there before what is in it is listed.
    pub(crate) async fn within(&self, project: &ProjectName, listed: &Listed) -> Answer<()> {
        self.project(project, &listed.moment()).await.map(drop)
    }
}
