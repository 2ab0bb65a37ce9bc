//! Why an entity is as it is, and how it was before, for every kind alike.

use axum::extract::State;
use axum::response::Response;
use gantry_events::{Kind, Seq};
use gantry_rest::{List, Past, ProblemCode, Why};
use gantry_views::DocKey;

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Named};
use crate::reading::{self, Listed, Moment, absent};
use crate::refusal::{Answer, Refusal};

/// Why an operation, project, node, pool, machine or balancer is as it is: the chain of causes, the newest
/// first.
#[utoipa::path(get, path = "/why/{kind}/{id}", tag = "understanding",
    params(("kind" = String, Path, description = "`operation`, `project`, `node`, `pool`, `machine` or `balancer`."),
        ("id" = String, Path, description = "Which one."), Moment),
    responses((status = 200, description = "What was asked for.", body = Why), Problems))]
pub(crate) async fn get_why(
    State(api): State<Api>,
    Named((kind, id)): Named<(String, String)>,
    Asked(moment): Asked<Moment>,
) -> Answer {
    api.told_why(&key(&kind, None, &id)?, &moment).await
}

/// Why a release, service or replica is as it is: the chain of causes, the newest first.
#[utoipa::path(get, path = "/why/{kind}/{project}/{id}", tag = "understanding",
    params(("kind" = String, Path, description = "`release`, `service` or `replica`."),
        ("project" = String, Path, description = "The project."),
        ("id" = String, Path, description = "Which one."), Moment),
    responses((status = 200, description = "What was asked for.", body = Why), Problems))]
pub(crate) async fn get_why_in_project(
    State(api): State<Api>,
    Named((kind, project, id)): Named<(String, String, String)>,
    Asked(moment): Asked<Moment>,
) -> Answer {
    api.told_why(&key(&kind, Some(&project), &id)?, &moment)
        .await
}

/// Every version of an operation, project, node, pool, machine or balancer, the newest first.
#[utoipa::path(get, path = "/history/{kind}/{id}", tag = "understanding",
    params(("kind" = String, Path, description = "`operation`, `project`, `node`, `pool`, `machine` or `balancer`."),
        ("id" = String, Path, description = "Which one."), HistoryAsked),
    responses((status = 200, description = "What was asked for.", body = List<Past>), Problems))]
pub(crate) async fn get_history(
    State(api): State<Api>,
    Named((kind, id)): Named<(String, String)>,
    Asked(asked): Asked<HistoryAsked>,
) -> Answer {
    api.history(&key(&kind, None, &id)?, asked).await
}

/// Every version of a release, service or replica, the newest first.
#[utoipa::path(get, path = "/history/{kind}/{project}/{id}", tag = "understanding",
    params(("kind" = String, Path, description = "`release`, `service` or `replica`."),
        ("project" = String, Path, description = "The project."),
        ("id" = String, Path, description = "Which one."), HistoryAsked),
    responses((status = 200, description = "What was asked for.", body = List<Past>), Problems))]
pub(crate) async fn get_history_in_project(
    State(api): State<Api>,
    Named((kind, project, id)): Named<(String, String, String)>,
    Asked(asked): Asked<HistoryAsked>,
) -> Answer {
    api.history(&key(&kind, Some(&project), &id)?, asked).await
}

/// Which versions.
#[derive(Clone, Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryAsked {
    /// Wait until this sequence is reached.
    min_seq: Option<u64>,
    /// Begin in the past, as of this sequence.
    at_seq: Option<u64>,
    /// Begin in the past, as of this time: `2026-01-31T12:00:00Z`.
    at: Option<String>,
    /// Versions of a page at most: 1 to 1000, 100 if nothing is said.
    limit: Option<u32>,
    /// `next` of the page before, as it is.
    cursor: Option<String>,
}

fn key(kind: &str, project: Option<&str>, id: &str) -> Answer<DocKey> {
    DocKey::read(kind, project, id).map_err(|e| Refusal::new(ProblemCode::InvalidParameter, e))
}

fn missing(kind: Kind) -> ProblemCode {
    match kind {
        Kind::Operation => ProblemCode::OperationNotFound,
        Kind::Project => ProblemCode::ProjectNotFound,
        Kind::Release => ProblemCode::ReleaseNotFound,
        Kind::Service => ProblemCode::ServiceNotFound,
        Kind::Replica => ProblemCode::ReplicaNotFound,
        Kind::Node => ProblemCode::NodeNotFound,
        Kind::Pool => ProblemCode::PoolNotFound,
        Kind::Machine => ProblemCode::MachineNotFound,
        Kind::Balancer => ProblemCode::BalancerNotFound,
        Kind::Log | Kind::Rollout => ProblemCode::NotFound,
    }
}

impl Api {
    async fn told_why(&self, key: &DocKey, moment: &Moment) -> Answer {
        let at = self.as_of(moment).await?;
        let found = self.reader.document(key, at).await?;
        let Some(document) = found.value else {
            return Err(absent(key, found.seq, missing(key.kind)));
        };
        let links = self.chain(&document.doc, found.seq).await?;
        let why = Why {
            kind: key.kind.as_str().to_owned(),
            scope: key.scope.clone(),
            id: key.id.clone(),
            says: document.doc.says(),
            links,
            seq: found.seq,
        };
        Ok(reading::one(found.seq, document.from, &why))
    }

    async fn history(&self, key: &DocKey, asked: HistoryAsked) -> Answer<Response> {
        let listed = Listed {
            limit: asked.limit,
            ..Listed::default()
        };
        let limit = listed.page_size()?;
        let moment = Moment {
            min_seq: asked.min_seq,
            at_seq: asked.at_seq,
            at: asked.at,
        };
        let at = self.as_of(&moment).await?;
        let before = match &asked.cursor {
            Some(cursor) => Some(before(cursor)?),
            None => at.map(Seq::next),
        };
        let found = self.reader.history(key, before, limit + 1).await?;
        if found.value.is_empty() && asked.cursor.is_none() {
            return Err(absent(key, at.unwrap_or(found.seq), missing(key.kind)));
        }
        let page = found.value.iter().take(limit as usize);
        let items: Vec<Past> = page
            .map(|version| Past {
                from: version.from,
                to: version.to,
                time: version.time,
                doc: version.doc.to_value(),
            })
            .collect();
        let is_last = found.value.len() <= limit as usize;
        let next = items
            .last()
            .filter(|_| !is_last)
            .map(|last| format!("before~{}", last.from));
        let seq = found.seq;
        Ok(reading::list(seq, List { items, next, seq }))
    }
}

/// The versions from before this one.
fn before(cursor: &str) -> Answer<Seq> {
    let seq = cursor
        .strip_prefix("before~")
        .and_then(|seq| seq.parse().ok());
    let seq = seq.filter(|seq| i64::try_from(*seq).is_ok());
    seq.map(Seq).ok_or_else(|| {
        let detail = "the cursor is not of a history; pass `next` of the page before, as it is";
        Refusal::new(ProblemCode::InvalidParameter, detail)
    })
}
