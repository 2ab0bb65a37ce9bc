//! Services: what each should be, and how far it is; scaled and removed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use axum::extract::State;
use gantry_events::{
    Digest, Intent, ProjectName, ReleaseNumber, RemoveService, RestartService, ScaleService, Scope,
    ServiceName,
};
use gantry_read_model::Field;
use gantry_rest::{List, ProblemCode, Scale, ServiceAnswer};
use gantry_spec::{Project, Replicas};
use gantry_views::{DocKey, OperationDoc, ReleaseDoc, ServiceDoc};

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Named, Nothing, Whole, invalid};
use crate::reading::{self, Listed, Moment};
use crate::refusal::Answer;
use crate::writing::{Wish, Write};

/// All services of a project.
#[utoipa::path(get, path = "/projects/{project}/services", tag = "services",
    params(("project" = String, Path, description = "The project."), Listed),
    responses((status = 200, description = "What was asked for.", body = List<ServiceAnswer>), Problems))]
pub(crate) async fn list_services(
    State(api): State<Api>,
    Named(project): Named<ProjectName>,
    Asked(listed): Asked<Listed>,
) -> Answer {
    api.within(&project, &listed).await?;
    let scope = Scope::Project(project.clone());
    let found = api.list::<ServiceDoc>(scope, Vec::new(), &listed, &[Field::State]);
    let found = found.await?;
    let mut files = BTreeMap::new();
    for item in &found.value.items {
        let release = item.doc.release;
        if let Entry::Vacant(slot) = files.entry(release) {
            slot.insert(api.file(&project, release).await?);
        }
    }
    Ok(reading::page(found, |doc| answer(doc, &files)))
}

/// One service.
#[utoipa::path(get, path = "/projects/{project}/services/{service}", tag = "services",
    params(("project" = String, Path, description = "The project."),
        ("service" = String, Path, description = "The service."), Moment),
    responses((status = 200, description = "What was asked for.", body = ServiceAnswer), Problems))]
pub(crate) async fn get_service(
    State(api): State<Api>,
    Named((project, service)): Named<(ProjectName, ServiceName)>,
    Asked(moment): Asked<Moment>,
) -> Answer {
    let key = DocKey::service(&project, &service);
    let missing = ProblemCode::ServiceNotFound;
    let found = api.find::<ServiceDoc>(&key, &moment, missing).await?;
    let release = found.value.doc.release;
    let files = BTreeMap::from([(release, api.file(&project, release).await?)]);
    let body = answer(found.value.doc, &files);
    Ok(reading::one(found.seq, found.value.from, &body))
}

/// Sets how many replicas a service has, until the next file is applied.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/scale", tag = "services",
    params(("project" = String, Path, description = "The project."),
        ("service" = String, Path, description = "The service."), Write),
    request_body = Scale,
    responses((status = 202, description = "Accepted: the operation as it is.", body = OperationDoc),
        (status = 200, description = "Waited for: the operation at its end.", body = OperationDoc), Problems))]
pub(crate) async fn scale_service(
    State(api): State<Api>,
    Named((project, service)): Named<(ProjectName, ServiceName)>,
    Asked(Nothing {}): Asked<Nothing>,
    write: Write,
    body: Whole,
) -> Answer {
    let Scale { replicas } = body.json()?;
    Replicas::try_from(replicas).map_err(|e| invalid("/replicas", format!("replicas: {e}")))?;
    let key = DocKey::service(&project, &service);
    let wish = Wish {
        version: api.version_of::<ServiceDoc>(&key).await?,
        intent: Intent::ScaleService(ScaleService {
            project,
            service,
            replicas,
        }),
        body: &body.bytes,
    };
    api.command(&write, wish).await
}

/// Replaces every replica of a service by one that runs the same.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/restart", tag = "services",
    params(("project" = String, Path, description = "The project."),
        ("service" = String, Path, description = "The service."), Write),
    responses((status = 202, description = "Accepted: the operation as it is.", body = OperationDoc),
        (status = 200, description = "Waited for: the operation at its end.", body = OperationDoc), Problems))]
pub(crate) async fn restart_service(
    State(api): State<Api>,
    Named((project, service)): Named<(ProjectName, ServiceName)>,
    Asked(Nothing {}): Asked<Nothing>,
    write: Write,
) -> Answer {
    let key = DocKey::service(&project, &service);
    let intent = Intent::RestartService(RestartService { project, service });
    tell(&api, &write, &key, intent).await
}

/// Removes a service and its replicas.
#[utoipa::path(delete, path = "/projects/{project}/services/{service}", tag = "services",
    params(("project" = String, Path, description = "The project."),
        ("service" = String, Path, description = "The service."), Write),
    responses((status = 202, description = "Accepted: the operation as it is.", body = OperationDoc),
        (status = 200, description = "Waited for: the operation at its end.", body = OperationDoc), Problems))]
pub(crate) async fn delete_service(
    State(api): State<Api>,
    Named((project, service)): Named<(ProjectName, ServiceName)>,
    Asked(Nothing {}): Asked<Nothing>,
    write: Write,
) -> Answer {
    let key = DocKey::service(&project, &service);
    let intent = Intent::RemoveService(RemoveService { project, service });
    tell(&api, &write, &key, intent).await
}

/// Takes what is asked of a service, on the service as it was read.
async fn tell(api: &Api, write: &Write, service: &DocKey, intent: Intent) -> Answer {
    let wish = Wish {
        version: api.version_of::<ServiceDoc>(service).await?,
        intent,
        body: b"",
    };
    api.command(write, wish).await
}

type Files = BTreeMap<ReleaseNumber, Option<Project>>;

fn answer(doc: ServiceDoc, files: &Files) -> ServiceAnswer {
    let file = files.get(&doc.release).and_then(Option::as_ref);
    let spec = match doc.state.is_final() {
        true => None,
        false => file.and_then(|file| doc.spec_in(file)),
    };
    ServiceAnswer::of(doc, spec)
}

impl Api {
    /// The file of a release, if it is known.
    pub(super) async fn file(
        &self,
        project: &ProjectName,
        release: ReleaseNumber,
    ) -> Answer<Option<Project>> {
        let key = DocKey::release(project, release);
        let found = self.reader.get::<ReleaseDoc>(&key, None).await?;
        let digest: Option<Digest> = found.value.map(|found| found.doc.config);
        let Some(digest) = digest else {
            return Ok(None);
        };
        let bytes = self.reader.contents(digest).await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }
}
