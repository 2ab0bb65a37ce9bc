//! Log lines: asked of the nodes when somebody reads them, stored nowhere. Lines of several replicas
//! are put in order by time.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::{future, stream};
use gantry_events::{
    Millis, OutputAnswer, OutputAsked, OutputLine, OutputStream, ReplicaId, ReplicaKey, Time,
};
use gantry_rest::{LogLine, NDJSON, ProblemCode};
use gantry_views::ReplicaDoc;
use tokio::sync::OwnedSemaphorePermit;

use crate::api::Api;
use crate::refusal::{Answer, Refusal};

/// Names the replicas whose node did not answer, in an answer that has lines of others.
const MISSING: &str = "gantry-missing";

/// Time between two questions while a client follows.
const PACE: Millis = Millis(1000);

/// Which lines of which replicas.
pub(crate) struct Wanted {
    pub(crate) replicas: Vec<ReplicaDoc>,
    pub(crate) tail: u32,
    pub(crate) since: Since,
}

/// From where on lines are wanted: a time, or after one line of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Since {
    pub(crate) time: Option<Time>,
    after: Option<(Time, ReplicaId, u32)>,
}

impl Since {
    /// Reads a time, or the cursor of a line: `TIME/REPLICA/N`.
    pub(crate) fn read(text: &str) -> Answer<Self> {
        let time: Option<Time> = text.parse().ok();
        let cursor = || {
            let mut parts = text.splitn(3, '/');
            let time: Time = parts.next()?.parse().ok()?;
            let replica = parts.next()?.parse().ok()?;
            Some((time, replica, parts.next()?.parse().ok()?))
        };
        let after = cursor();
        let time = time.or_else(|| after.as_ref().map(|(time, ..)| *time));
        if time.is_some() {
            return Ok(Self { time, after });
        }
        let detail =
            format!("since is `{text}`; pass a line's cursor, or a time as 2026-01-31T12:00:00Z");
        Err(Refusal::new(ProblemCode::InvalidParameter, detail))
    }
}

/// Lines, and the replicas whose node did not answer.
struct Read {
    lines: Vec<LogLine>,
    missing: Vec<(ReplicaId, String)>,
}

impl Api {
    /// The lines there are.
    pub(crate) async fn log_lines(&self, wanted: &Wanted) -> Answer {
        let read = self.read_lines(wanted).await;
        if let Some((replica, why)) = read.missing.first()
            && read.missing.len() == wanted.replicas.len()
        {
            let detail = format!("the lines of {replica} cannot be read: {why}");
            return Err(Refusal::new(ProblemCode::NodeUnreachable, detail));
        }
        let text: String = read.lines.iter().map(to_line).collect();
        let mut response = ([(header::CONTENT_TYPE, NDJSON)], text).into_response();
        let names: Vec<&str> = read.missing.iter().map(|(id, _)| id.as_str()).collect();
        if let (false, Ok(names)) = (names.is_empty(), HeaderValue::from_str(&names.join(", "))) {
            response.headers_mut().insert(MISSING, names);
        }
        Ok(response)
    }

    /// The lines there are, and then those that come.
    pub(crate) fn follow_lines(&self, wanted: Wanted, place: OwnedSemaphorePermit) -> Response {
        let begin = (self.clone(), wanted, VecDeque::new(), true, place);
        let lines = stream::unfold(
            begin,
            |(api, mut wanted, mut waiting, first, place)| async move {
                let stopping = api.process.stopping();
                if waiting.is_empty() && !first {
                    tokio::select! {
                        () = stopping.cancelled() => return None,
                        () = api.process.sleep(PACE) => {}
                    }
                }
                if waiting.is_empty() {
                    let read = api.read_lines(&wanted).await;
                    if let Some(last) = read.lines.last() {
                        wanted.since = Since::read(&last.cursor).unwrap_or_default();
                    }
                    waiting.extend(read.lines);
                }
                let text = waiting
                    .drain(..)
                    .map(|line| to_line(&line))
                    .collect::<String>();
                // An empty line is a sign of life.
                let text = if text.is_empty() {
                    "\n".to_owned()
                } else {
                    text
                };
                let next = (api, wanted, waiting, false, place);
                Some((Ok::<_, Infallible>(Bytes::from(text)), next))
            },
        );
        ([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(lines)).into_response()
    }

    async fn read_lines(&self, wanted: &Wanted) -> Read {
        let reads = wanted
            .replicas
            .iter()
            .map(|replica| self.output(replica, wanted));
        let answers = future::join_all(reads).await;
        let mut read = Read {
            lines: Vec::new(),
            missing: Vec::new(),
        };
        for (replica, answer) in wanted.replicas.iter().zip(answers) {
            match answer {
                Ok(lines) => read.lines.extend(number(&replica.id, lines)),
                Err(why) => read.missing.push((replica.id.clone(), why)),
            }
        }
        if let Some(after) = &wanted.since.after {
            read.lines.retain(|line| {
                Since::read(&line.cursor).is_ok_and(|s| s.after.as_ref() > Some(after))
            });
        }
        read.lines
            .sort_by(|a, b| (a.time, &a.replica).cmp(&(b.time, &b.replica)));
        read
    }

    async fn output(
        &self,
        replica: &ReplicaDoc,
        wanted: &Wanted,
    ) -> Result<Vec<OutputLine>, String> {
        let asked = OutputAsked {
            replica: ReplicaKey {
                project: replica.project.clone(),
                replica: replica.id.clone(),
            },
            tail: wanted.tail,
            since: wanted.since.time,
        };
        let question = serde_json::to_vec(&asked).map_err(|e| e.to_string())?;
        let subject = format!("ask.node.{}", replica.node);
        let within = self.settings.node_within.duration();
        let answer = self.bus.ask(&subject, question, within).await;
        let answer = answer.map_err(|e| e.to_string())?;
        match serde_json::from_slice(&answer).map_err(|e| e.to_string())? {
            OutputAnswer::Lines { lines } => Ok(lines),
            OutputAnswer::Unknown => Ok(Vec::new()),
            OutputAnswer::Unavailable { because } => Err(because),
        }
    }
}

/// Lines with their names: of several of the same millisecond, the number tells which.
fn number(replica: &ReplicaId, lines: Vec<OutputLine>) -> Vec<LogLine> {
    let mut at: BTreeMap<Time, u32> = BTreeMap::new();
    let named = lines.into_iter().map(|line| {
        let n = at.entry(line.time).or_default();
        let cursor = format!("{}/{replica}/{n}", line.time);
        *n += 1;
        LogLine {
            replica: replica.clone(),
            stream: stream_name(line.stream).to_owned(),
            time: line.time,
            line: line.line,
            cursor,
        }
    });
    named.collect()
}

fn stream_name(stream: OutputStream) -> &'static str {
    match stream {
        OutputStream::Stdout => "stdout",
        OutputStream::Stderr => "stderr",
    }
}

fn to_line(line: &LogLine) -> String {
    serde_json::to_string(line).unwrap_or_default() + "\n"
}
