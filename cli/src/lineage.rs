//! `Lineage`: the releases of a project with what became of each: which one runs, and which one ran
//! before it.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use gantry_events::{OperationId, ProjectName};
use gantry_rest::{Client, ReadAt};
use gantry_spec::{Change, Project, diff};
use gantry_views::{OperationDoc, ReleaseDoc, ReleaseState};

use crate::context::answered;
use crate::failure::Failure;

/// Most services that are named as changed.
const NAMED: usize = 3;

/// The last releases of a project, the newest first.
#[derive(Debug)]
pub struct Lineage(Vec<Made>);

/// One release.
#[derive(Debug)]
pub struct Made {
    /// It.
    pub doc: ReleaseDoc,
    /// Who asked for it.
    pub by: String,
    /// What became of it.
    pub fate: Fate,
    /// What it changed, in a few words.
    pub changed: String,
}

/// What became of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its rollout goes on.
    Running,
    /// All it asked for became true.
    Good,
    /// It did not become ready, or could not be carried out.
    Failed,
    /// A newer one came before it was done.
    Overtaken,
}

impl Fate {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Good => "good",
            Self::Failed => "failed",
            Self::Overtaken => "overtaken",
        }
    }

    fn of(doc: &ReleaseDoc) -> Self {
        match doc.state {
            ReleaseState::RollingOut => Self::Running,
            ReleaseState::Current => Self::Good,
            ReleaseState::Failed | ReleaseState::RolledBack => Self::Failed,
            ReleaseState::Superseded if doc.ran => Self::Good,
            ReleaseState::Superseded => Self::Overtaken,
        }
    }
}

impl Lineage {
    /// Reads what became of the first so many of these releases.
    ///
    /// # Errors
    /// Those of the reads.
    pub async fn read(
        client: &Client,
        project: &ProjectName,
        newest_first: &[ReleaseDoc],
        most: usize,
    ) -> Result<Self, Failure> {
        let shown = newest_first.get(..most).unwrap_or(newest_first);
        let operations = operations(client, shown).await?;
        let before = newest_first.get(..most + 1).unwrap_or(newest_first);
        let files = try_join_all(before.iter().map(|doc| file(client, project, doc))).await?;
        let made = shown.iter().enumerate().filter_map(|(index, doc)| {
            let operation = operations.get(&doc.operation)?;
            let file = files.get(index)?;
            let before = newest_first.get(index + 1).zip(files.get(index + 1));
            Some(Made {
                by: operation.actor.to_string(),
                fate: Fate::of(doc),
                changed: changed(doc, file, before),
                doc: doc.clone(),
            })
        });
        Ok(Self(made.collect()))
    }

    /// The releases, the newest first.
    pub fn made(&self) -> &[Made] {
        &self.0
    }

    /// The one that runs: the newest good one.
    pub fn current(&self) -> Option<&Made> {
        self.0.iter().find(|made| made.fate == Fate::Good)
    }

    /// The newest good one before it that is not the same.
    pub fn before_current(&self) -> Option<&Made> {
        let current = self.current()?;
        let before = self
            .0
            .iter()
            .filter(|made| made.doc.release < current.doc.release);
        let mut good = before.filter(|made| made.fate == Fate::Good);
        good.find(|made| {
            (made.doc.config, &made.doc.images) != (current.doc.config, &current.doc.images)
        })
    }
}

async fn operations(
    client: &Client,
    releases: &[ReleaseDoc],
) -> Result<BTreeMap<OperationId, OperationDoc>, Failure> {
    let now = ReadAt::default();
    let reads = releases.iter().map(async |doc| {
        let operation = answered(client.operation(doc.operation, &now)).await?;
        Ok::<_, Failure>((doc.operation, operation))
    });
    Ok(try_join_all(reads).await?.into_iter().collect())
}

/// The file of a release.
///
/// # Errors
/// Those of the read.
pub async fn file(
    client: &Client,
    project: &ProjectName,
    release: &ReleaseDoc,
) -> Result<Project, Failure> {
    let at = ReadAt {
        at_seq: Some(release.seq),
        ..ReadAt::default()
    };
    answered(client.config(project, &at)).await
}

/// `web: image, replicas; + admin; back to r3`
fn changed(doc: &ReleaseDoc, file: &Project, before: Option<(&ReleaseDoc, &Project)>) -> String {
    let changes = diff(before.map(|(_, file)| file), file);
    let named = changes.iter().take(NAMED).map(of_service);
    let more = changes.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("{more} more"));
    let back = doc.rollback_of.map(|origin| format!("back to {origin}"));
    let parts: Vec<_> = back.into_iter().chain(named).chain(more).collect();
    if !parts.is_empty() {
        return parts.join("; ");
    }
    match before.is_some_and(|(before, _)| before.images == doc.images) {
        true => "what was set by hand, back to the file".to_owned(),
        false => "nothing but what its image tags mean".to_owned(),
    }
}

fn of_service(change: &Change) -> String {
    match change {
        Change::Add { service } => format!("+ {service}"),
        Change::Remove { service } => format!("- {service}"),
        Change::Change { service, fields } => {
            let keys = fields
                .iter()
                .filter_map(|field| field.pointer.split('/').nth(3));
            let mut keys: Vec<_> = keys.collect();
            keys.dedup();
            format!("{service}: {}", keys.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn release(image: &str) -> ReleaseDoc {
        let zero = format!("sha256:{}", "0".repeat(64));
        serde_json::from_value(json!({
            "id": "r2", "project": "shop", "release": 2, "config": zero, "images": {"web": image},
            "operation": "0190a6a0-0000-7000-8000-000000000001", "images_left_out": 0, "seq": 20,
            "created": "2026-01-31T12:00:00.000Z", "rollback_of": null, "state": "current", "ran": true,
            "since": "2026-01-31T12:00:00.000Z", "waiting_for": null, "until": null,
            "rolled_back_by": null, "problem": null,
        }))
        .unwrap()
    }

    #[test]
    fn the_same_file_again_changes_what_its_tags_mean_or_what_was_set_by_hand() {
        let text = "gantry: 1\nproject: shop\nservices: {web: {image: web}}";
        let file = gantry_spec::parse(text).unwrap().project;
        let rows = [
            ("web@sha256:2", "nothing but what its image tags mean"),
            ("web@sha256:1", "what was set by hand, back to the file"),
        ];
        let before = release("web@sha256:1");
        for (image, words) in rows {
            let changed = changed(&release(image), &file, Some((&before, &file)));
            assert_eq!(changed, words);
        }
    }
}
