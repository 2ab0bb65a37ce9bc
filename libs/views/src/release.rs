//! A release: a project's file as of one moment, with each image pinned.

pub(crate) mod fold;

use std::collections::BTreeMap;

use gantry_events::{Digest, OperationId, Problem, ProjectName, ReleaseNumber, Seq, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{DocKey, Standing};

/// A release of a project. What it is never changes; what became of it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseDoc {
    /// Its number as it is written: `r1`.
    pub id: String,
    /// The project.
    #[schema(value_type = String)]
    pub project: ProjectName,
    /// Its number, from 1.
    #[schema(value_type = u32)]
    pub release: ReleaseNumber,
    /// The operation that asked for it.
    #[schema(value_type = String, format = Uuid)]
    pub operation: OperationId,
    /// Names its file.
    #[schema(value_type = String)]
    pub config: Digest,
    /// Each image as written in the file, and the same with its digest.
    pub images: BTreeMap<String, String>,
    /// How many images are not listed; the event at `seq` holds all of them.
    pub images_left_out: u32,
    /// Where it stands in the log.
    #[schema(value_type = u64)]
    pub seq: Seq,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created: Time,
    /// The earlier release whose content this one has, if it was made to go back to that.
    #[schema(value_type = Option<u32>)]
    pub rollback_of: Option<ReleaseNumber>,
    /// What became of it.
    pub state: ReleaseState,
    /// Whether all it asks for was true once, be it through a command that came while it was rolled out.
    pub ran: bool,
    /// Since when, waiting for what, until when.
    #[serde(flatten)]
    pub standing: Standing,
    /// The release that undid it, if one did.
    #[schema(value_type = Option<u32>)]
    pub rolled_back_by: Option<ReleaseNumber>,
    /// Why it failed, if it did.
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Problem>,
}

/// What became of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseState {
    /// Services change to it.
    RollingOut,
    /// It is what runs.
    Current,
    /// It could not be rolled out, and nothing was there to go back to.
    Failed,
    /// It could not be rolled out; a later release has undone it.
    RolledBack,
    /// A later release took its place.
    Superseded,
}

impl ReleaseDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::release(&self.project, self.release)
    }
}
