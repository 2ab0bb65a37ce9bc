//! Releases: a project's file as of one moment, each image pinned.

use std::collections::BTreeMap;

use axum::extract::State;
use gantry_events::{Commit, Fact, Intent, ProjectName, ReleaseNumber, Rollback, Scope};
use gantry_rest::{List, ProblemCode};
use gantry_views::{DocKey, OperationDoc, ProjectDoc, ReleaseDoc};

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Named, Nothing};
use crate::reading::{self, Listed, Moment};
use crate::refusal::{Answer, Refusal};
use crate::writing::{Wish, Write};

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
    let number = number(&release)?;
    let key = DocKey::release(&project, number);
    let missing = ProblemCode::ReleaseNotFound;
    let found = api.find::<ReleaseDoc>(&key, &moment, missing).await?;
    Ok(reading::one(found.seq, found.value.from, &found.value.doc))
}

/// Makes the project as an earlier release had it, by a new release.
#[utoipa::path(post, path = "/projects/{project}/releases/{release}/rollback", tag = "releases",
    params(("project" = String, Path, description = "The project."),
        ("release" = String, Path, description = "The release to go back to: `3` or `r3`."), Write),
    responses((status = 202, description = "Accepted: the operation as it is.", body = OperationDoc),
        (status = 200, description = "Waited for: the operation at its end.", body = OperationDoc), Problems))]
pub(crate) async fn roll_back(
    State(api): State<Api>,
    Named((project, release)): Named<(ProjectName, String)>,
    Asked(Nothing {}): Asked<Nothing>,
    write: Write,
) -> Answer {
    let key = DocKey::release(&project, number(&release)?);
    let (now, missing) = (Moment::default(), ProblemCode::ReleaseNotFound);
    let release = api.find::<ReleaseDoc>(&key, &now, missing).await?.value.doc;
    let wish = Wish {
        version: api
            .version_of::<ProjectDoc>(&DocKey::project(&project))
            .await?,
        intent: Intent::Rollback(Rollback {
            project,
            to: release.release,
            config: api.file_text(&release).await?,
            images: api.images(&release).await?,
        }),
        body: b"",
    };
    api.command(&write, wish).await
}

fn number(release: &str) -> Answer<ReleaseNumber> {
    let number = release.trim_start_matches('r').parse().map(ReleaseNumber);
    number.map_err(|_| {
        let detail = format!("`{release}` is no number of a release; write 3 or r3");
        Refusal::new(ProblemCode::InvalidParameter, detail)
    })
}

impl Api {
    /// The canonical file of a release.
    async fn file_text(&self, release: &ReleaseDoc) -> Answer<String> {
        let bytes = self.reader.contents(release.config).await?;
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.ok_or_else(|| incomplete(release, "its file"))
    }

    /// Every image of a release. The document may hold some of them only; the event holds all.
    async fn images(&self, release: &ReleaseDoc) -> Answer<BTreeMap<String, String>> {
        if release.images_left_out == 0 {
            return Ok(release.images.clone());
        }
        let stored = self.log.get(release.seq).await?;
        let commit = stored.and_then(|stored| serde_json::from_slice(&stored.payload).ok());
        let events = commit.into_iter().flat_map(|commit: Commit| commit.events);
        let created = events.into_iter().find_map(|event| match event.fact {
            Fact::ReleaseCreated(created) => Some(created),
            // foreign: what else was decided at once is not asked for here.
            _ => None,
        });
        let created =
            created.filter(|c| (&c.project, c.release) == (&release.project, release.release));
        let images = created.map(|created| created.images);
        images.ok_or_else(|| incomplete(release, "its images"))
    }
}

fn incomplete(release: &ReleaseDoc, what: &str) -> Refusal {
    let (project, id) = (&release.project, &release.id);
    let detail =
        format!("{what} cannot be read for release {id} of {project}; try again in a moment");
    Refusal::new(ProblemCode::NotReady, detail)
}
