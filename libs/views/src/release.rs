//! A release: a project's file as of one moment, with each image pinned.

use std::collections::BTreeMap;

use gantry_events::{Digest, OperationId, ProjectName, ReleaseCreated, ReleaseNumber, Seq, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{DocKey, Documents, Entry};

/// Room for images, as JSON. The rest of a release takes under 1 KiB.
const IMAGES_MOST: usize = 3000;

/// A release of a project. It never changes.
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
    /// The earlier release whose content it has, if it was made to go back to that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub rollback_of: Option<ReleaseNumber>,
    /// Each image as written in the file, and the same with its digest.
    pub images: BTreeMap<String, String>,
    /// How many images are not listed; the event at `seq` holds all of them.
    pub images_left_out: u32,
    /// Where it stands in the log.
    #[schema(value_type = u64)]
    pub seq: Seq,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
}

impl ReleaseDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::release(&self.project, self.release)
    }
}

/// A release exists.
pub(crate) fn created(entry: &Entry<'_>, fact: &ReleaseCreated, documents: &mut Documents) {
    let images = within(&fact.images);
    let left_out = fact.images.len() - images.len();
    documents.write(ReleaseDoc {
        id: fact.release.to_string(),
        project: fact.project.clone(),
        release: fact.release,
        operation: fact.operation,
        config: fact.config,
        rollback_of: fact.rollback_of,
        images,
        images_left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
        seq: entry.place.seq,
        since: entry.time,
    });
}

fn within(images: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut left = IMAGES_MOST;
    let mut fits = |(image, pinned): &(&String, &String)| {
        let size = image.len() + pinned.len() + "\"\":\"\",".len();
        left.checked_sub(size).map(|rest| left = rest).is_some()
    };
    let kept = images.iter().take_while(|pair| fits(pair));
    kept.map(|(image, pinned)| (image.clone(), pinned.clone()))
        .collect()
}
