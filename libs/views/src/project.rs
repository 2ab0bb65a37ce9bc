//! A project: which file it follows, which release runs, and where it was last changed.

use gantry_events::{Digest, OperationId, ProjectName, ReleaseCreated, ReleaseNumber, Seq};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{DocKey, Documents, Entry, Standing};

/// A project, as its last release left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProjectDoc {
    /// Its name.
    #[schema(value_type = String)]
    pub id: ProjectName,
    /// Whether it stands.
    pub state: ProjectState,
    /// Its last release.
    #[schema(value_type = u32)]
    pub release: ReleaseNumber,
    /// The release that runs: the last that was rolled out whole.
    #[schema(value_type = Option<u32>)]
    pub current: Option<ReleaseNumber>,
    /// Names the file of its last release.
    #[schema(value_type = String)]
    pub config: Digest,
    /// How many services it has, those that leave included.
    pub services: u32,
    /// Where it was last changed in the log: by a release, or by hand at one of its services.
    #[schema(value_type = u64)]
    pub changed: Seq,
    /// The operation that made that release.
    #[schema(value_type = String, format = Uuid)]
    pub operation: OperationId,
    /// Since it has services, or has none any more; it waits for nothing.
    #[serde(flatten)]
    pub standing: Standing,
}

/// Whether a project stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProjectState {
    /// It has services.
    Active,
    /// It has none, or none any more. Its releases stay, to go back to.
    Removed,
}

impl ProjectState {
    /// Whether nothing of it runs.
    pub fn is_final(self) -> bool {
        match self {
            Self::Active => false,
            Self::Removed => true,
        }
    }
}

impl ProjectDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::project(&self.id)
    }
}

/// A release makes the project, or moves it on.
pub(crate) fn released(entry: &Entry<'_>, fact: &ReleaseCreated, documents: &mut Documents) {
    let before = documents.find::<ProjectDoc>(&DocKey::project(&fact.project));
    let since = before.map_or(entry.time, |doc| doc.standing.since);
    // The first of its services makes it active; a file without any makes none.
    let state = before.map_or(ProjectState::Removed, |doc| doc.state);
    let current = before.and_then(|doc| doc.current);
    let services = before.map_or(0, |doc| doc.services);
    documents.write(ProjectDoc {
        id: fact.project.clone(),
        state,
        release: fact.release,
        current,
        config: fact.config,
        services,
        changed: entry.place.seq,
        operation: fact.operation,
        standing: Standing::at_rest(since),
    });
}

/// It has one more service.
pub(crate) fn gained(entry: &Entry<'_>, project: &ProjectName, documents: &mut Documents) {
    let Some(doc) = documents.change::<ProjectDoc>(&DocKey::project(project)) else {
        return;
    };
    doc.services = doc.services.saturating_add(1);
    if doc.state.is_final() {
        doc.state = ProjectState::Active;
        doc.standing = Standing::at_rest(entry.time);
    }
}

/// One of its services has left.
pub(crate) fn lost(entry: &Entry<'_>, project: &ProjectName, documents: &mut Documents) {
    let Some(doc) = documents.change::<ProjectDoc>(&DocKey::project(project)) else {
        return;
    };
    doc.services = doc.services.saturating_sub(1);
    if doc.services == 0 {
        doc.state = ProjectState::Removed;
        doc.standing = Standing::at_rest(entry.time);
    }
}

/// One of its services was changed by hand: what rests on an older read of the project comes too late.
pub(crate) fn changed(entry: &Entry<'_>, project: &ProjectName, documents: &mut Documents) {
    if let Some(doc) = documents.change::<ProjectDoc>(&DocKey::project(project)) {
        doc.changed = entry.place.seq;
    }
}
