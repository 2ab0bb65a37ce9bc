//! The log lines of a service.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use gantry_events::{ProjectName, ReplicaId, Scope, ServiceName};
use gantry_read_model::{Field, ListQuery};
use gantry_rest::{LogLine, ProblemCode};
use gantry_views::{DocKey, ReplicaDoc, ServiceDoc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Problems;
use super::event::{Form, form, last_event_id};
use crate::api::Api;
use crate::asked::{Asked, Named};
use crate::logs::{Begin, Cursor, Following, Source, Wanted};
use crate::reading::Moment;
use crate::refusal::{Answer, Refusal};

/// Lines of each replica, if nothing else is asked for, and at most.
const TAIL: u32 = 100;
const LONGEST_TAIL: u32 = 1000;

/// Which lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LinesAsked {
    /// Go on as new ones come, of the replicas there are and of those that come.
    follow: Option<bool>,
    /// So many of the last of each replica: 1 to 1000; 100 if nothing is said and `since` is not either.
    tail: Option<u32>,
    /// Only from this time on; or after the line with this cursor, exactly: then `tail` does not count.
    since: Option<String>,
    /// Only of this replica.
    replica: Option<String>,
}

/// What the replicas of a service wrote, asked of their nodes now. Each line has a cursor that says up to
/// where every replica was read. With `Accept: text/event-stream` they are followed, resumed by
/// `Last-Event-ID`. A line whose `stream` is `notice` was written by no replica: it says whether lines of
/// one can be read, or were dropped before. Without `follow`, the header `Gantry-Missing` names those
/// whose node does not answer.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/logs", tag = "services",
    params(("project" = String, Path, description = "The project."),
        ("service" = String, Path, description = "The service."), LinesAsked,
        ("Last-Event-ID" = Option<String>, Header, description = "The cursor where a stream goes on; wins over `since`.")),
    responses((status = 200, description = "What was asked for.",
        content((LogLine = "application/x-ndjson"), (LogLine = "text/event-stream"))), Problems))]
pub(crate) async fn get_logs(
    State(api): State<Api>,
    Named((project, service)): Named<(ProjectName, ServiceName)>,
    Asked(asked): Asked<LinesAsked>,
    headers: HeaderMap,
) -> Answer {
    let form = form(&headers)?;
    let begin = begin(&asked, &service, last_event_id(&headers))?;
    let of = Source {
        project,
        service,
        replica: asked.replica,
    };
    let wanted = Wanted {
        replicas: api.replicas_to_read(&of, &begin).await?,
        begin,
        of,
    };
    let for_browser = form == Some(Form::ServerSent);
    if !for_browser && !asked.follow.unwrap_or(false) {
        return api.log_lines(&wanted).await;
    }
    let place = api.streams.enter()?;
    let following = Following::new(api, wanted, place);
    Ok(if for_browser {
        following.into_sse()
    } else {
        following.into_lines()
    })
}

fn begin(asked: &LinesAsked, service: &ServiceName, remembered: Option<&str>) -> Answer<Begin> {
    let invalid = |detail| Err(Refusal::new(ProblemCode::InvalidParameter, detail));
    if let Some(tail) = asked.tail.filter(|tail| !(1..=LONGEST_TAIL).contains(tail)) {
        return invalid(format!("tail is {tail}, not 1 to {LONGEST_TAIL}"));
    }
    let Some(text) = remembered.or(asked.since.as_deref()) else {
        let lines = asked.tail.unwrap_or(TAIL);
        return Ok(Begin::Tail { lines, since: None });
    };
    if let Some(cursor) = Cursor::read(text, service) {
        return Ok(Begin::After(cursor));
    }
    match (text.parse(), asked.tail) {
        (Ok(time), None) => Ok(Begin::Since(time)),
        (Ok(time), Some(lines)) => Ok(Begin::Tail {
            lines,
            since: Some(time),
        }),
        (Err(_), _) => invalid(format!(
            "since is `{text}`; pass a line's cursor, or a time as 2026-01-31T12:00:00Z"
        )),
    }
}

impl Api {
    /// The replicas to begin with: the one that is named; or all that have not ended, those that a
    /// cursor goes on in, and what failed last where nothing runs.
    async fn replicas_to_read(&self, of: &Source, begin: &Begin) -> Answer<Vec<ReplicaDoc>> {
        let read = begin.replicas();
        let mut replicas = self.replicas_and(of, &read).await?;
        if of.replica.is_none() {
            let failed = self.failed_last(of, &replicas).await?;
            replicas.extend(failed);
        }
        replicas.retain(|doc| begin.is_for(doc));
        Ok(replicas)
    }

    /// The replicas there are now, and these, whatever became of them.
    pub(crate) async fn replicas_and(
        &self,
        of: &Source,
        read: &[ReplicaId],
    ) -> Answer<Vec<ReplicaDoc>> {
        if let Some(id) = &of.replica {
            return Ok(vec![self.replica_of(of, id).await?]);
        }
        let key = DocKey::service(&of.project, &of.service);
        let missing = ProblemCode::ServiceNotFound;
        let found = self
            .find::<ServiceDoc>(&key, &Moment::default(), missing)
            .await;
        // Who reads the lines of a service that was removed reads them to their end.
        if read.is_empty() {
            found?;
        }
        let mut replicas = self.replicas_where(of, None).await?;
        for id in read {
            let is_there = replicas.iter().any(|doc| doc.id == *id);
            if !is_there && let Ok(doc) = self.replica_of(of, id.as_str()).await {
                replicas.push(doc);
            }
        }
        Ok(replicas)
    }

    async fn failed_last(&self, of: &Source, live: &[ReplicaDoc]) -> Answer<Vec<ReplicaDoc>> {
        let mut last: BTreeMap<u32, ReplicaDoc> = BTreeMap::new();
        for doc in self.replicas_where(of, Some("failed")).await? {
            let is_later = last
                .get(&doc.slot)
                .is_none_or(|known| known.epoch < doc.epoch);
            if is_later && !live.iter().any(|runs| runs.slot == doc.slot) {
                last.insert(doc.slot, doc);
            }
        }
        Ok(last.into_values().collect())
    }

    async fn replica_of(&self, of: &Source, id: &str) -> Answer<ReplicaDoc> {
        let missing = |detail: String| Refusal::new(ProblemCode::ReplicaNotFound, detail);
        let replica: ReplicaId = id
            .parse()
            .map_err(|e| Refusal::new(ProblemCode::InvalidParameter, format!("replica: {e}")))?;
        let key = DocKey::replica(&of.project, &replica);
        let found = self.reader.get::<ReplicaDoc>(&key, None).await?;
        let doc = found.value.map(|found| found.doc);
        let service = &of.service;
        doc.filter(|doc| doc.service == *service)
            .ok_or_else(|| missing(format!("service {service} has no replica {replica}")))
    }

    /// Those that live, or those in a state.
    async fn replicas_where(&self, of: &Source, state: Option<&str>) -> Answer<Vec<ReplicaDoc>> {
        let state = state.map(|state| (Field::State, state.to_owned()));
        let service = (Field::Service, of.service.to_string());
        let query = ListQuery {
            all: state.is_some(),
            filter: [service].into_iter().chain(state).collect(),
            ..ListQuery::of(Scope::Project(of.project.clone()))
        };
        let found = self.reader.list::<ReplicaDoc>(&query).await?;
        let items = found.value.items.into_iter();
        Ok(items.map(|item| item.doc).collect())
    }
}
