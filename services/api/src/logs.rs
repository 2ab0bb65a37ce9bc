//! Log lines: asked of the nodes when somebody reads them, stored nowhere. Lines of several replicas
//! are put in order by time, those of one stay in the order in which they were written. Following them
//! is left to `follow`, where to go on to `cursor`.

mod cursor;
mod follow;
mod order;
mod shown;

pub(crate) use cursor::Cursor;
pub(crate) use follow::Following;

use std::time::Duration;

use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use futures::future;
use gantry_events::{
    Millis, OutputAnswer, OutputAsked, OutputFrom, OutputLine, ProjectName, ReplicaId, ReplicaKey,
    ServiceName, Time,
};
use gantry_rest::{LogLine, MISSING_HEADER, NDJSON, ProblemCode};
use gantry_views::ReplicaDoc;

use crate::api::Api;
use crate::refusal::{Answer, Refusal};
use order::{Written, in_order};

/// Pages of one replica in an answer that has an end: 4 MiB. Its last cursor leads on.
const MOST_PAGES: u32 = 16;

/// Whose lines are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) project: ProjectName,
    pub(crate) service: ServiceName,
    /// One replica, also one that has ended; none for all that have not, and for what failed last where
    /// nothing runs.
    pub(crate) replica: Option<String>,
}

/// Which lines of which replicas.
pub(crate) struct Wanted {
    pub(crate) of: Source,
    pub(crate) replicas: Vec<ReplicaDoc>,
    pub(crate) begin: Begin,
}

/// From where on lines are wanted.
#[derive(Clone, Debug)]
pub(crate) enum Begin {
    /// The last ones of each replica, and of those none before a time.
    Tail { lines: u32, since: Option<Time> },
    /// All from a time on.
    Since(Time),
    /// All after a line that was read before.
    After(Cursor),
}

impl Begin {
    fn of(&self, replica: &ReplicaId) -> OutputFrom {
        match self {
            Self::Tail { lines, since } => OutputFrom::Tail {
                lines: *lines,
                since: *since,
            },
            Self::Since(time) => OutputFrom::Since { time: *time },
            Self::After(cursor) => cursor.from(replica),
        }
    }

    /// Replicas that were read before.
    pub(crate) fn replicas(&self) -> Vec<ReplicaId> {
        match self {
            Self::After(cursor) => cursor.replicas().cloned().collect(),
            Self::Tail { .. } | Self::Since(_) => Vec::new(),
        }
    }

    /// What was read before.
    fn cursor(&self) -> Cursor {
        match self {
            Self::After(cursor) => cursor.clone(),
            Self::Tail { .. } | Self::Since(_) => Cursor::default(),
        }
    }
}

/// What one node answered of one replica.
#[derive(Debug)]
struct Page {
    lines: Vec<OutputLine>,
    begin: OutputFrom,
    next: OutputFrom,
    more: bool,
    lost: bool,
}

impl Api {
    /// The lines there are.
    pub(crate) async fn log_lines(&self, wanted: &Wanted) -> Answer {
        let reads = wanted.replicas.iter().map(|replica| async move {
            let from = wanted.begin.of(&replica.id);
            (&replica.id, self.pages(&wanted.of, replica, from).await)
        });
        let (mut written, mut missing) = (Vec::new(), Vec::new());
        for (replica, read) in future::join_all(reads).await {
            match read {
                Ok(page) => written.push(Written::of(replica, page)),
                Err(why) => missing.push((replica, why)),
            }
        }
        if let (true, Some((replica, why))) = (written.is_empty(), missing.first()) {
            let detail = format!("the lines of {replica} cannot be read: {why}");
            return Err(Refusal::new(ProblemCode::NodeUnreachable, detail));
        }
        let now = self.process.clock.now();
        let mut cursor = wanted.begin.cursor();
        let lines = in_order(&wanted.of.service, &mut cursor, written, now);
        let text: String = lines.iter().map(to_line).collect();
        let mut response = ([(header::CONTENT_TYPE, NDJSON)], text).into_response();
        let names: Vec<&str> = missing.iter().map(|(id, _)| id.as_str()).collect();
        if let (false, Ok(names)) = (names.is_empty(), HeaderValue::from_str(&names.join(", "))) {
            response.headers_mut().insert(MISSING_HEADER, names);
        }
        Ok(response)
    }

    /// All there is of a replica from here on, as far as one answer goes.
    async fn pages(
        &self,
        of: &Source,
        replica: &ReplicaDoc,
        from: OutputFrom,
    ) -> Result<Option<Page>, String> {
        let Some(mut all) = self.page(of, replica, from, Millis(0)).await? else {
            return Ok(None);
        };
        for _ in 1..MOST_PAGES {
            if !all.more {
                break;
            }
            let next = self.page(of, replica, all.next.clone(), Millis(0)).await?;
            let Some(next) = next else { break };
            all.lines.extend(next.lines);
            (all.next, all.more) = (next.next, next.more);
        }
        Ok(Some(all))
    }

    /// One page of a replica; none where its node has no container of it. The node waits so long for a
    /// line.
    async fn page(
        &self,
        of: &Source,
        replica: &ReplicaDoc,
        from: OutputFrom,
        wait: Millis,
    ) -> Result<Option<Page>, String> {
        let asked = OutputAsked {
            replica: ReplicaKey {
                project: of.project.clone(),
                replica: replica.id.clone(),
            },
            from,
            wait,
        };
        let question = serde_json::to_vec(&asked).map_err(|e| e.to_string())?;
        let subject = format!("ask.node.{}", replica.node);
        let within: Duration = self.settings.node_within.duration() + wait.duration();
        let answer = self.bus.ask(&subject, question, within).await;
        let answer = answer.map_err(|e| e.to_string())?;
        match serde_json::from_slice(&answer).map_err(|e| e.to_string())? {
            OutputAnswer::Lines {
                lines,
                begin,
                next,
                more,
                lost,
            } => Ok(Some(Page {
                lines,
                begin,
                next,
                more,
                lost,
            })),
            OutputAnswer::Unknown => Ok(None),
            OutputAnswer::Unavailable { because } => Err(because),
        }
    }
}

fn to_line(line: &LogLine) -> String {
    serde_json::to_string(line).unwrap_or_default() + "\n"
}
