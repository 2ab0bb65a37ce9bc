//! Events: a page, or a stream as they come.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use gantry_bus::Log;
use gantry_events::{Millis, Place};
use gantry_rest::{CloudEvent, EVENT_STREAM, EventPage, NDJSON, ProblemCode};

use super::Problems;
use crate::api::Api;
use crate::asked::Asked;
use crate::events::{Cursor, EventsAsked, Found, Live};
use crate::reading;
use crate::refusal::{Answer, Refusal};

/// Events after a cursor. With `Accept: text/event-stream` or `application/x-ndjson` a live stream,
/// resumed by `Last-Event-ID`.
#[utoipa::path(get, path = "/events", tag = "events", params(EventsAsked,
        ("Last-Event-ID" = Option<String>, Header, description = "Where a stream goes on; wins over `after`.")),
    responses((status = 200, description = "What was asked for.", content((EventPage = "application/json"),
        (CloudEvent = "text/event-stream"), (CloudEvent = "application/x-ndjson"))), Problems))]
pub(crate) async fn get_events(
    State(api): State<Api>,
    Asked(asked): Asked<EventsAsked>,
    headers: HeaderMap,
) -> Answer {
    let filter = asked.filter()?;
    let limit = asked.page_size()?;
    let after = after(&api, &asked, &headers)?;
    api.has_come(after).await?;
    let Some(form) = form(&headers)? else {
        let wait = asked.wait.as_deref().map(duration).transpose()?;
        let wait = wait.unwrap_or_default().min(api.settings.longest_wait);
        let found = api.events_within(after, &filter, limit, wait).await?;
        return Ok(page(found));
    };
    let place = api.streams.enter()?;
    let live = Live {
        api,
        filter,
        after: after.0,
        _place: place,
    };
    Ok(match form {
        Form::ServerSent => live.into_sse(),
        Form::Lines => live.into_lines(),
    })
}

/// How a stream is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    ServerSent,
    Lines,
}

/// The stream that is asked for; none for a page.
pub(super) fn form(headers: &HeaderMap) -> Answer<Option<Form>> {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    let Some(accept) = accept else {
        return Ok(None);
    };
    let kinds = accept.split(',');
    let kinds = kinds.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    for kind in kinds {
        match kind {
            EVENT_STREAM => return Ok(Some(Form::ServerSent)),
            NDJSON => return Ok(Some(Form::Lines)),
            "application/json" | "application/*" | "*/*" => return Ok(None),
            _ => {}
        }
    }
    let detail =
        format!("{accept} cannot be given; ask for application/json, {EVENT_STREAM} or {NDJSON}");
    Err(Refusal::new(ProblemCode::NotAcceptable, detail))
}

/// What a browser remembers of a stream that broke. It repeats its first query: what it has read since
/// comes before that.
pub(super) fn last_event_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("last-event-id").and_then(|v| v.to_str().ok())
}

/// Where to go on: what the query says, else what a browser remembered.
fn after(api: &Api, asked: &EventsAsked, headers: &HeaderMap) -> Answer<Cursor> {
    match last_event_id(headers).or(asked.after.as_deref()) {
        Some(text) => Cursor::read(text, api.identity.log),
        None => Ok(Cursor::BEGINNING),
    }
}

fn duration(text: &str) -> Answer<Millis> {
    gantry_spec::parse_duration(text)
        .map_err(|e| Refusal::new(ProblemCode::InvalidParameter, format!("wait: {e}")))
}

fn page(found: Found) -> axum::response::Response {
    let next = (!found.is_last).then(|| found.next.to_string());
    let body = EventPage {
        items: found.events,
        next,
        seq: found.seq,
    };
    reading::at(found.seq, Json(body).into_response())
}

impl Api {
    /// Refuses to wait for what may be years away. What the read model of this instance merely has not reached yet
    /// comes in a moment.
    async fn has_come(&self, after: Cursor) -> Answer<()> {
        let Cursor(Place { seq, .. }) = after;
        if seq <= self.reader.seq() {
            return Ok(());
        }
        let end = self.log.tail().await?;
        if seq <= end {
            return Ok(());
        }
        let detail = format!(
            "sequence {seq} is in the future: the log ends at {end}; go on after an event's id"
        );
        Err(Refusal::new(ProblemCode::SeqInFuture, detail))
    }

    /// A page that is held back, for so long at most, until there is something in it.
    async fn events_within(
        &self,
        after: Cursor,
        filter: &gantry_read_model::EventFilter,
        limit: u32,
        wait: Millis,
    ) -> Answer<Found> {
        let since = self.process.clock.moment();
        let stopping = self.process.stopping();
        let mut place = after.0;
        loop {
            let found = self.events(place, filter, limit).await?;
            let left = Millis(wait.0.saturating_sub(since.elapsed().0));
            if !found.events.is_empty() || left == Millis(0) {
                return Ok(found);
            }
            place = found.next;
            tokio::select! {
                () = stopping.cancelled() => return Ok(found),
                () = self.process.sleep(left) => return Ok(found),
                reached = self.reader.reached(found.seq.next()) => { reached?; }
            }
        }
    }
}
