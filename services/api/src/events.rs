//! Events: places from the index, bodies from the log, as CloudEvents.

mod cloud;
mod cursor;
mod stream;

pub(crate) use cursor::Cursor;
pub(crate) use stream::Live;

use futures::{StreamExt, TryStreamExt, stream as streams};
use gantry_events::{Place, Scope, Seq};
use gantry_read_model::{AsOf, EventFilter, EventRows};
use gantry_rest::{CloudEvent, ProblemCode};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::refusal::{Answer, Refusal};

/// Events of a page, if nothing else is asked for, and at most.
const PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1000;

/// Messages that are read from the log at once.
const AT_ONCE: usize = 16;

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsAsked {
    /// After this event: its id, `SEQ.INDEX`, or `SEQ` for all of that message.
    pub(crate) after: Option<String>,
    /// Of this project, or of `cluster`.
    pub(crate) scope: Option<String>,
    /// About entities of this kind: `service`.
    pub(crate) kind: Option<String>,
    /// About the entity of this id.
    pub(crate) id: Option<String>,
    /// Of this type; `replica.*` for all that begin so.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    pub(crate) type_name: Option<String>,
    /// Of this operation.
    pub(crate) operation: Option<String>,
    /// Caused by this actor: `token:operator`.
    pub(crate) actor: Option<String>,
    /// Events of a page at most: 1 to 1000, 100 if nothing is said.
    pub(crate) limit: Option<u32>,
    /// How long to wait while there are none: `30s`.
    pub(crate) wait: Option<String>,
}

impl EventsAsked {
    pub(crate) fn filter(&self) -> Answer<EventFilter> {
        let invalid = |what: &str, why: String| {
            Refusal::new(ProblemCode::InvalidParameter, format!("{what}: {why}"))
        };
        let scope = self.scope.clone().map(Scope::try_from).transpose();
        let operation = self.operation.as_deref().map(str::parse).transpose();
        Ok(EventFilter {
            scope: scope.map_err(|e| invalid("scope", e.to_string()))?,
            kind: self.kind.clone(),
            id: self.id.clone(),
            type_name: self.type_name.clone(),
            operation: operation.map_err(|_| invalid("operation", "no operation id".to_owned()))?,
            actor: self.actor.clone(),
        })
    }

    pub(crate) fn page_size(&self) -> Answer<u32> {
        let limit = self.limit.unwrap_or(PAGE);
        if (1..=LARGEST_PAGE).contains(&limit) {
            return Ok(limit);
        }
        let detail = format!("limit is {limit}, not 1 to {LARGEST_PAGE}");
        Err(Refusal::new(ProblemCode::InvalidParameter, detail))
    }
}

/// Events with the place up to which they were looked for.
pub(crate) struct Found {
    pub(crate) events: Vec<CloudEvent>,
    /// Where to go on.
    pub(crate) next: Place,
    pub(crate) is_last: bool,
    pub(crate) seq: Seq,
}

impl Api {
    /// The next events after a place; none if there are none yet.
    pub(crate) async fn events(
        &self,
        after: Place,
        filter: &EventFilter,
        limit: u32,
    ) -> Answer<Found> {
        let found = self.reader.events(after, filter, limit).await?;
        let next = found.next();
        let events = self.bodies(&found).await?;
        Ok(Found {
            events,
            next: next.max(after),
            is_last: found.value.is_last,
            seq: found.seq,
        })
    }

    async fn bodies(&self, found: &AsOf<EventRows>) -> Answer<Vec<CloudEvent>> {
        let mut seqs: Vec<Seq> = found.value.rows.iter().map(|row| row.place.seq).collect();
        seqs.dedup();
        let log = self.identity.log;
        let reads = seqs.into_iter().map(|seq| async move {
            let stored = self.log.get(seq).await?;
            let gone = || {
                let detail = format!("message {seq} is missing from the log");
                Refusal::new(ProblemCode::LogUnavailable, detail)
            };
            Ok::<_, Refusal>(cloud::events_of(log, &stored.ok_or_else(gone)?))
        });
        let messages: Vec<_> = streams::iter(reads).buffered(AT_ONCE).try_collect().await?;
        let mut wanted = found.value.rows.iter().map(|row| row.place).peekable();
        let all = messages.into_iter().flatten();
        Ok(all
            .filter(|event| {
                let place = Place {
                    seq: event.seq,
                    index: event.index,
                };
                wanted.next_if_eq(&place).is_some()
            })
            .collect())
    }
}
