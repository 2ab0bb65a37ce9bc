//! Releases: a project's file as of one moment, each image pinned.

use axum::extract::State;
use gantry_events::{ProjectName, ReleaseNumber, Scope};
use gantry_rest::{List, ProblemCode};
use gantry_views::{DocKey, ReleaseDoc};

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Named};
use crate::reading::{self, Listed, Moment};
use crate::refusal::{Answer, Refusal};

/// All releases of a project.
#[utoipa::path(get, path = "/projects/{project}/releases", tag = "releases",
    params(("project" = String, Path, description = "The project."), Listed),
    responses((status = 200, description = "What was asked for.", body = List<ReleaseDoc>), Problems))]
pub(crate) async fn list_releases(
    State(api): State<Api>,
    Named(project): Named<ProjectName>,
    Asked(listed): Asked<Listed>,
) -> Answer {
    api.within(&project, &listed).await?;
    let scope = Scope::Project(project);
    let found = api.list::<ReleaseDoc>(scope, Vec::new(), &listed, &[]);
    Ok(reading::page(found.await?, |doc| doc))
}

/// One release; its number is written `3` or `r3`.
#[utoipa::path(get, path = "/projects/{project}/releases/{release}", tag = "releases",
    params(("project" = String, Path, description = "The project."),
        ("release" = String, Path, description = "Its number: `3` or `r3`."), Moment),
    responses((status = 200, description = "What was asked for.", body = ReleaseDoc), Problems))]
pub(crate) async fn get_release(
    State(api): State<Api>,
    Named((project, release)): Named<(ProjectName, String)>,
    Asked(moment): Asked<Moment>,
) -> Answer {
    let number = release.trim_start_matches('r').parse().map(ReleaseNumber);
    let number = number.map_err(|_| {
        let detail = format!("`{release}` is no number of a release; write 3 or r3");
        Refusal::new(ProblemCode::InvalidParameter, detail)
    })?;
    let key = DocKey::release(&project, number);
    let missing = ProblemCode::ReleaseNotFound;
    let found = api.find::<ReleaseDoc>(&key, &moment, missing).await?;
    Ok(reading::one(found.seq, found.value.from, &found.value.doc))
}
