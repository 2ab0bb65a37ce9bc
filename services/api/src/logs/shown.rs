//! How lines are written as they come: for programs a line of JSON each, for browsers server-sent events.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream, StreamExt};
use gantry_rest::{LogLine, NDJSON};

use super::follow::{Following, SIGN_OF_LIFE};
use super::to_line;

/// What a line is called among server-sent events.
const EVENT: &str = "line";

impl Following {
    /// As server-sent events; their id is the cursor.
    pub(crate) fn into_sse(self) -> Response {
        let events = self.stream().flat_map(|lines| {
            let events = lines.into_iter().map(|line| {
                let data = serde_json::to_string(&line).unwrap_or_default();
                Ok::<_, Infallible>(Event::default().id(line.cursor).event(EVENT).data(data))
            });
            stream::iter(events.collect::<Vec<_>>())
        });
        Sse::new(events)
            .keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE.duration()))
            .into_response()
    }

    /// As one line of JSON each; an empty one is a sign of life.
    pub(crate) fn into_lines(self) -> Response {
        let chunks = self.stream().map(|lines| {
            let text: String = match lines.is_empty() {
                true => "\n".to_owned(),
                false => lines.iter().map(to_line).collect(),
            };
            Ok::<_, Infallible>(Bytes::from(text))
        });
        ([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(chunks)).into_response()
    }

    fn stream(self) -> impl Stream<Item = Vec<LogLine>> + Send {
        stream::unfold(self, |mut following| async {
            let lines = following.next().await?;
            Some((lines, following))
        })
    }
}
