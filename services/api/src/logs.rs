//! Log lines: asked of the nodes when somebody reads them, stored nowhere. Lines of several replicas
//! are put in order by time. Following them is left to `follow`.

mod follow;

use std::collections::BTreeMap;

use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use futures::future;
use gantry_events::{
    OutputAnswer, OutputAsked, OutputLine, OutputStream, ProjectName, ReplicaId, ReplicaKey,
    ServiceName, Time,
};
use gantry_rest::{LogLine, MISSING_HEADER, NDJSON, ProblemCode};
use gantry_views::ReplicaDoc;

use crate::api::Api;
use crate::refusal::{Answer, Refusal};

/// Whose lines are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) project: ProjectName,
    pub(crate) service: ServiceName,
    /// One replica, also one that has ended; none for all that have not.
    pub(crate) replica: Option<String>,
}

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

    /// Whether a line comes after this place.
    fn is_before(&self, line: &LogLine) -> bool {
        let place = || Self::read(&line.cursor).ok()?.after;
        self.after.is_none() || place() > self.after
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
            response.headers_mut().insert(MISSING_HEADER, names);
        }
        Ok(response)
    }

    async fn read_lines(&self, wanted: &Wanted) -> Read {
        let reads = wanted
            .replicas
            .iter()
            .map(|replica| self.output(replica, wanted.tail, wanted.since.time));
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
        read.lines.retain(|line| wanted.since.is_before(line));
        read.lines
            .sort_by(|a, b| (a.time, &a.replica).cmp(&(b.time, &b.replica)));
        read
    }

    async fn output(
        &self,
        replica: &ReplicaDoc,
        tail: u32,
        since: Option<Time>,
    ) -> Result<Vec<OutputLine>, String> {
        let asked = OutputAsked {
            replica: ReplicaKey {
                project: replica.project.clone(),
                replica: replica.id.clone(),
            },
            tail,
            since,
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
