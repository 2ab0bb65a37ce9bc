//! `Following`: lines as they come. Each replica is asked on its own, so that a node that does not answer
//! holds up nobody; those that come are read from their first line, those that end to their last.

use std::collections::BTreeMap;

use futures::future::{self, BoxFuture};
use futures::stream::{FuturesUnordered, StreamExt};
use gantry_events::{Millis, OutputFrom, ReplicaId};
use gantry_rest::LogLine;
use gantry_runtime::Moment;
use gantry_views::{ReplicaDoc, ReplicaState};
use tokio::sync::OwnedSemaphorePermit;

use super::order::{Written, in_order, notice};
use super::{Begin, Cursor, Page, Source, Wanted};
use crate::api::Api;

/// Time that a node waits for a line before it answers that there is none.
const WAIT: Millis = Millis(2000);

/// Time between two questions to a node that did not answer, or has no container yet.
const AGAIN: Millis = Millis(500);

/// Time between an answer without lines and the next question: a node may have waited for less than it
/// was asked to.
const BREATH: Millis = Millis(50);

/// Time between two looks at which replicas there are.
const LIST: Millis = Millis(500);

/// A silent stream shows that it lives each so often.
pub(super) const SIGN_OF_LIFE: Millis = Millis::from_secs(15);

/// What came of one question.
enum Answered {
    /// The replicas there are; nothing where that could not be read.
    Listed(Option<Vec<ReplicaDoc>>),
    /// What one of them wrote since, or why that cannot be read.
    Read {
        replica: ReplicaId,
        /// Whether it had ended when it was asked: what it does not have by then never comes.
        had_ended: bool,
        page: Result<Option<Page>, String>,
    },
}

/// A replica that is read.
struct Track {
    doc: ReplicaDoc,
    from: OutputFrom,
    has_ended: bool,
    is_missing: bool,
}

/// The lines of a service as somebody reads them.
pub(crate) struct Following {
    api: Api,
    of: Source,
    cursor: Cursor,
    tracks: BTreeMap<ReplicaId, Track>,
    questions: FuturesUnordered<BoxFuture<'static, Answered>>,
    begin: Option<Wanted>,
    said: Moment,
    _place: OwnedSemaphorePermit,
}

impl Following {
    /// Begins where it is wanted. Its place among the streams is given back with it.
    pub(crate) fn new(api: Api, wanted: Wanted, place: OwnedSemaphorePermit) -> Self {
        Self {
            of: wanted.of.clone(),
            cursor: wanted.begin.cursor(),
            tracks: BTreeMap::new(),
            questions: FuturesUnordered::new(),
            begin: Some(wanted),
            said: api.process.clock.moment(),
            _place: place,
            api,
        }
    }

    /// The next lines; none of them as a sign of life, nothing once the process stops.
    pub(super) async fn next(&mut self) -> Option<Vec<LogLine>> {
        let mut lines = match self.begin.take() {
            Some(wanted) => self.first(&wanted).await,
            None => Vec::new(),
        };
        while lines.is_empty() && self.said.elapsed() < SIGN_OF_LIFE {
            let stopping = self.api.process.stopping();
            let answered = tokio::select! {
                () = stopping.cancelled() => return None,
                answered = self.questions.next() => answered?,
            };
            lines = self.take(answered);
        }
        self.said = self.api.process.clock.moment();
        Some(lines)
    }

    /// What was written so far, of all replicas in one order.
    async fn first(&mut self, wanted: &Wanted) -> Vec<LogLine> {
        let (api, of) = (&self.api, &self.of);
        let reads = wanted.replicas.iter().map(|doc| async move {
            let from = wanted.begin.of(&doc.id);
            (doc, api.page(of, doc, from, Millis(0)).await)
        });
        let (mut written, mut missing) = (Vec::new(), Vec::new());
        for (doc, read) in future::join_all(reads).await {
            let mut track = Track {
                doc: doc.clone(),
                from: wanted.begin.of(&doc.id),
                has_ended: has_ended(doc),
                is_missing: false,
            };
            match read {
                Ok(page) => {
                    track.from = page
                        .as_ref()
                        .map_or_else(OutputFrom::beginning, |page| page.next.clone());
                    written.push(Written::of(&doc.id, page));
                }
                Err(why) => missing.push((doc.id.clone(), why)),
            }
            self.tracks.insert(doc.id.clone(), track);
        }
        let now = self.api.process.clock.now();
        let mut lines = in_order(&self.of.service, &mut self.cursor, written, now);
        for (replica, why) in missing {
            lines.extend(self.missed(&replica, &why));
        }
        let replicas: Vec<ReplicaId> = self.tracks.keys().cloned().collect();
        replicas
            .iter()
            .for_each(|replica| self.ask(replica, Millis(0)));
        self.list();
        lines
    }

    fn take(&mut self, answered: Answered) -> Vec<LogLine> {
        match answered {
            Answered::Listed(replicas) => {
                self.listed(replicas.unwrap_or_default());
                self.list();
                Vec::new()
            }
            Answered::Read {
                replica,
                had_ended,
                page,
            } => match page {
                Ok(page) => self.read(&replica, had_ended, page),
                Err(why) => {
                    let lines = self.missed(&replica, &why);
                    self.ask(&replica, AGAIN);
                    lines.into_iter().collect()
                }
            },
        }
    }

    fn listed(&mut self, replicas: Vec<ReplicaDoc>) {
        for doc in replicas {
            if let Some(track) = self.tracks.get_mut(&doc.id) {
                track.has_ended = has_ended(&doc);
                track.doc = doc;
            } else if !has_ended(&doc) {
                let replica = doc.id.clone();
                let track = Track {
                    from: self.cursor.from(&replica),
                    doc,
                    has_ended: false,
                    is_missing: false,
                };
                self.tracks.insert(replica.clone(), track);
                self.ask(&replica, Millis(0));
            }
        }
    }

    fn read(&mut self, replica: &ReplicaId, had_ended: bool, page: Option<Page>) -> Vec<LogLine> {
        let Some(track) = self.tracks.get_mut(replica) else {
            return Vec::new();
        };
        let was_missing = std::mem::take(&mut track.is_missing);
        let is_whole = page
            .as_ref()
            .is_none_or(|page| page.lines.is_empty() && !page.more);
        if is_whole && had_ended {
            self.tracks.remove(replica);
            self.cursor.close(replica);
            return Vec::new();
        }
        let pause = match &page {
            Some(page) if page.lines.is_empty() && !page.more => BREATH,
            Some(_) => Millis(0),
            None => AGAIN,
        };
        let mut lines = Vec::new();
        if let Some(page) = page {
            track.from = page.next.clone();
            let (now, written) = (
                self.api.process.clock.now(),
                Written::of(replica, Some(page)),
            );
            lines = in_order(&self.of.service, &mut self.cursor, vec![written], now);
        }
        if was_missing {
            lines.insert(
                0,
                self.notice(replica, "its lines can be read again".to_owned()),
            );
        }
        self.ask(replica, pause);
        lines
    }

    /// Says once that the lines of a replica cannot be read.
    fn missed(&mut self, replica: &ReplicaId, why: &str) -> Option<LogLine> {
        let track = self.tracks.get_mut(replica)?;
        let is_new = !std::mem::replace(&mut track.is_missing, true);
        is_new.then(|| self.notice(replica, format!("its lines cannot be read now: {why}")))
    }

    fn notice(&self, replica: &ReplicaId, line: String) -> LogLine {
        let now = self.api.process.clock.now();
        notice(replica, line, now, self.cursor.text(&self.of.service))
    }

    fn ask(&self, replica: &ReplicaId, pause: Millis) {
        let Some(track) = self.tracks.get(replica) else {
            return;
        };
        let (api, of, doc) = (self.api.clone(), self.of.clone(), track.doc.clone());
        let (from, had_ended) = (track.from.clone(), track.has_ended);
        // What has ended writes no more.
        let wait = if had_ended { Millis(0) } else { WAIT };
        self.questions.push(Box::pin(async move {
            api.process.sleep(pause).await;
            let page = api.page(&of, &doc, from, wait).await;
            let replica = doc.id;
            Answered::Read {
                replica,
                had_ended,
                page,
            }
        }));
    }

    /// Looks for those that came, and at what became of those that are read.
    fn list(&self) {
        let (api, of) = (self.api.clone(), self.of.clone());
        let read: Vec<ReplicaId> = self.tracks.keys().cloned().collect();
        self.questions.push(Box::pin(async move {
            api.process.sleep(LIST).await;
            Answered::Listed(api.replicas_and(&of, &read).await.ok())
        }));
    }
}

impl Begin {
    /// Whether a replica is to be read: of those that ended, only what is not read whole.
    pub(crate) fn is_for(&self, doc: &ReplicaDoc) -> bool {
        match self {
            Self::Tail { .. } | Self::Since(_) => true,
            Self::After(cursor) => !has_ended(doc) || cursor.replicas().any(|id| *id == doc.id),
        }
    }
}

/// Whether nothing more is written. What is lost may only be cut off, and write on.
fn has_ended(doc: &ReplicaDoc) -> bool {
    doc.state.is_final() && doc.state != ReplicaState::Lost
}
