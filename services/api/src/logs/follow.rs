//! Lines as they come: each replica is asked on its own, so that a node that does not answer holds up
//! nobody, and replicas that come are asked as well.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use futures::stream::{self, FuturesUnordered, StreamExt};
use gantry_events::{Millis, ReplicaId};
use gantry_rest::{LogLine, NDJSON, NOTICE};
use gantry_views::ReplicaDoc;
use tokio::sync::OwnedSemaphorePermit;

use super::{Since, Source, Wanted, number, to_line};
use crate::api::Api;

/// Time between two questions to one replica's node.
const PACE: Millis = Millis(1000);

/// Lines of a replica between two questions at most; a node's answer ends at 1 MiB anyhow.
const MOST: u32 = 10_000;

/// What came of one question.
enum Answered {
    /// The replicas there are; nothing where that could not be read.
    Listed(Option<Vec<ReplicaDoc>>),
    /// What one of them wrote since, or why that cannot be read.
    Read(Box<ReplicaDoc>, Result<Vec<LogLine>, String>),
}

struct Following {
    api: Api,
    of: Source,
    /// Where each replica is read on.
    marks: BTreeMap<ReplicaId, Since>,
    /// Replicas that are asked.
    asked: BTreeSet<ReplicaId>,
    /// Those that are there no more, and are asked once more.
    leaving: BTreeSet<ReplicaId>,
    /// Those whose lines could not be read the last time.
    missing: BTreeSet<ReplicaId>,
    /// Where a replica begins that came since.
    begin: Since,
    questions: FuturesUnordered<BoxFuture<'static, Answered>>,
    _place: OwnedSemaphorePermit,
}

impl Api {
    /// The lines there are, in their order, and then those that come.
    pub(crate) fn follow_lines(
        &self,
        of: Source,
        wanted: Wanted,
        place: OwnedSemaphorePermit,
    ) -> Response {
        let following = Following {
            api: self.clone(),
            of,
            marks: BTreeMap::new(),
            asked: BTreeSet::new(),
            leaving: BTreeSet::new(),
            missing: BTreeSet::new(),
            begin: wanted.since.clone(),
            questions: FuturesUnordered::new(),
            _place: place,
        };
        let lines = stream::unfold((following, Some(wanted)), |(mut following, first)| async {
            let lines = match first {
                Some(wanted) => following.first(&wanted).await,
                None => following.next().await?,
            };
            // An empty line is a sign of life.
            let text: String = match lines.is_empty() {
                true => "\n".to_owned(),
                false => lines.iter().map(to_line).collect(),
            };
            Some((Ok::<_, Infallible>(Bytes::from(text)), (following, None)))
        });
        ([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(lines)).into_response()
    }
}

impl Following {
    /// What was written so far, of all replicas in one order.
    async fn first(&mut self, wanted: &Wanted) -> Vec<LogLine> {
        let read = self.api.read_lines(wanted).await;
        for line in &read.lines {
            self.mark(line);
        }
        let mut lines = VecDeque::from(read.lines);
        for (replica, why) in read.missing {
            lines.extend(self.missed(&replica, &why));
        }
        self.ask(&wanted.replicas);
        self.list();
        lines.into()
    }

    /// What comes of the next question; nothing once the process stops.
    async fn next(&mut self) -> Option<Vec<LogLine>> {
        let stopping = self.api.process.stopping();
        let answered = tokio::select! {
            () = stopping.cancelled() => return None,
            answered = self.questions.next() => answered?,
        };
        Some(match answered {
            Answered::Listed(replicas) => {
                if let Some(replicas) = replicas {
                    self.listed(&replicas);
                }
                self.list();
                Vec::new()
            }
            Answered::Read(replica, Ok(lines)) => self.read(*replica, lines),
            Answered::Read(replica, Err(why)) => {
                let lines = self.missed(&replica.id, &why);
                self.go_on(*replica);
                lines.into_iter().collect()
            }
        })
    }

    fn listed(&mut self, replicas: &[ReplicaDoc]) {
        let there: BTreeSet<_> = replicas.iter().map(|doc| doc.id.clone()).collect();
        self.leaving = self.asked.difference(&there).cloned().collect();
        self.ask(replicas);
    }

    fn read(&mut self, replica: ReplicaDoc, mut lines: Vec<LogLine>) -> Vec<LogLine> {
        let since = self.since(&replica.id);
        lines.retain(|line| since.is_before(line));
        for line in &lines {
            self.mark(line);
        }
        if self.missing.remove(&replica.id) {
            lines.insert(
                0,
                self.notice(&replica.id, "its lines can be read again".to_owned()),
            );
        }
        if self.leaving.remove(&replica.id) && lines.is_empty() {
            self.asked.remove(&replica.id);
        } else {
            self.go_on(replica);
        }
        lines
    }

    /// Says once that the lines of a replica cannot be read.
    fn missed(&mut self, replica: &ReplicaId, why: &str) -> Option<LogLine> {
        let is_new = self.missing.insert(replica.clone());
        is_new.then(|| self.notice(replica, format!("its lines cannot be read now: {why}")))
    }

    fn notice(&self, replica: &ReplicaId, line: String) -> LogLine {
        let time = self.api.process.clock.now();
        LogLine {
            replica: replica.clone(),
            stream: NOTICE.to_owned(),
            time,
            line,
            cursor: format!("{time}/{replica}/0"),
        }
    }

    fn mark(&mut self, line: &LogLine) {
        if let Ok(since) = Since::read(&line.cursor) {
            self.marks.insert(line.replica.clone(), since);
        }
    }

    fn since(&self, replica: &ReplicaId) -> Since {
        self.marks.get(replica).unwrap_or(&self.begin).clone()
    }

    /// Begins to ask those that are not asked yet.
    fn ask(&mut self, replicas: &[ReplicaDoc]) {
        for replica in replicas {
            if self.asked.insert(replica.id.clone()) {
                self.go_on(replica.clone());
            }
        }
    }

    fn go_on(&mut self, replica: ReplicaDoc) {
        let (api, since) = (self.api.clone(), self.since(&replica.id));
        self.questions.push(Box::pin(async move {
            api.process.sleep(PACE).await;
            let lines = api.output(&replica, MOST, since.time).await;
            let lines = lines.map(|lines| number(&replica.id, lines));
            Answered::Read(Box::new(replica), lines)
        }));
    }

    fn list(&mut self) {
        let (api, of) = (self.api.clone(), self.of.clone());
        self.questions.push(Box::pin(async move {
            api.process.sleep(PACE).await;
            Answered::Listed(api.replicas_of(&of).await.ok())
        }));
    }
}
