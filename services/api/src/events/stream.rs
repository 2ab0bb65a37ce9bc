//! `Live`: events as they come, for as long as the client listens. Each names itself, so that a client
//! goes on where it stopped.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use gantry_events::{Millis, Place};
use gantry_read_model::EventFilter;
use gantry_rest::{CloudEvent, NDJSON};
use tokio::sync::OwnedSemaphorePermit;

use crate::api::Api;

/// A silent stream shows that it lives each so often.
const SIGN_OF_LIFE: Millis = Millis::from_secs(15);

/// Events read at once for a stream.
const AHEAD: u32 = 200;

/// A stream of events, from a place on.
pub(crate) struct Live {
    pub(crate) api: Api,
    pub(crate) filter: EventFilter,
    pub(crate) after: Place,
    /// Its place among the streams that run at once; given back with the stream.
    pub(crate) _place: OwnedSemaphorePermit,
}

impl Live {
    /// As server-sent events.
    pub(crate) fn into_sse(self) -> Response {
        let events = self.events().filter_map(|event| async {
            let event = event?;
            let data = serde_json::to_string(&event).ok()?;
            let sent = Event::default().id(&event.id).event(&event.type_name);
            Some(Ok::<_, Infallible>(sent.data(data)))
        });
        Sse::new(events)
            .keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE.duration()))
            .into_response()
    }

    /// As one event a line; an empty line is a sign of life.
    pub(crate) fn into_lines(self) -> Response {
        let lines = self.events().map(|event| {
            let line = event.map(|event| serde_json::to_string(&event).unwrap_or_default());
            Ok::<_, Infallible>(Bytes::from(line.unwrap_or_default() + "\n"))
        });
        ([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(lines)).into_response()
    }

    /// The events; none where nothing came for a while. Ends when the process stops or the log cannot
    /// be read: the client goes on elsewhere, after the last event it has.
    fn events(self) -> impl Stream<Item = Option<CloudEvent>> + Send {
        let waiting = VecDeque::new();
        stream::unfold((self, waiting), |(mut live, mut waiting)| async move {
            if waiting.is_empty() {
                waiting.extend(live.next_events().await?);
            }
            Some((waiting.pop_front(), (live, waiting)))
        })
    }

    /// The next events; empty after a while without any, none when the stream ends.
    async fn next_events(&mut self) -> Option<Vec<CloudEvent>> {
        let stopping = self.api.process.stopping();
        loop {
            let found = self.api.events(self.after, &self.filter, AHEAD).await;
            let found = found
                .inspect_err(|error| tracing::warn!(?error, "a stream of events ends"))
                .ok()?;
            self.after = found.next;
            if !found.events.is_empty() {
                return Some(found.events);
            }
            tokio::select! {
                () = stopping.cancelled() => return None,
                () = self.api.process.sleep(SIGN_OF_LIFE) => return Some(Vec::new()),
                reached = self.api.reader.reached(found.seq.next()) => { reached.ok()?; }
            }
        }
    }
}
