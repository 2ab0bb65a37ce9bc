//! What can be said with a request besides its path and body.

use gantry_events::{Millis, OperationId, ReplicaId, Seq, Time};
use reqwest::RequestBuilder;
use reqwest::header::IF_MATCH;
use uuid::Uuid;

use crate::IDEMPOTENCY_KEY;

/// How a write is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Names the operation, so that a second try is no second operation.
    pub key: String,
    /// How long the answer may be held back for the operation's end; whole seconds.
    pub wait: Option<Millis>,
    /// The tag of a read: refused if what was read has changed.
    pub if_match: Option<String>,
}

impl Write {
    /// A new write. Keep it to try the same again.
    pub fn new() -> Self {
        Self {
            key: Uuid::new_v4().to_string(),
            wait: None,
            if_match: None,
        }
    }

    /// The same, its answer held back until the operation has ended or this time is over.
    pub fn and_wait(mut self, wait: Millis) -> Self {
        self.wait = Some(wait);
        self
    }

    /// The same, refused if what was read with this tag has changed.
    pub fn if_still(mut self, tag: impl Into<String>) -> Self {
        self.if_match = Some(tag.into());
        self
    }

    pub(super) fn on(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header(IDEMPOTENCY_KEY, &self.key);
        let request = match &self.if_match {
            Some(tag) => request.header(IF_MATCH, tag),
            None => request,
        };
        match self.wait {
            Some(wait) => request.header("Prefer", format!("wait={}", wait.0.div_ceil(1000))),
            None => request,
        }
    }
}

impl Default for Write {
    fn default() -> Self {
        Self::new()
    }
}

/// As of when to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadAt {
    /// Wait until this sequence is reached: a write's `seq`, or its `end_seq`.
    pub min_seq: Option<Seq>,
    /// Answer from the past, as of this sequence.
    pub at_seq: Option<Seq>,
    /// Answer from the past, as of this time; `at_seq` wins.
    pub at: Option<Time>,
    /// In lists: what has ended as well.
    pub all: bool,
}

type Pairs = Vec<(&'static str, String)>;

impl ReadAt {
    /// Now, but not before this sequence.
    pub fn after(seq: Seq) -> Self {
        Self {
            min_seq: Some(seq),
            ..Self::default()
        }
    }

    pub(super) fn pairs(&self) -> Pairs {
        let min = self.min_seq.map(|seq| ("min_seq", seq.to_string()));
        let at = match (self.at_seq, self.at) {
            (Some(seq), _) => Some(("at_seq", seq.to_string())),
            (None, at) => at.map(|time| ("at", time.to_string())),
        };
        [min, at].into_iter().flatten().collect()
    }

    pub(super) fn list_pairs(&self) -> Pairs {
        let mut pairs = self.pairs();
        if self.all {
            pairs.push(("all", "true".to_owned()));
        }
        pairs
    }
}

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// After this event's id, or `SEQ` or `SEQ.INDEX`.
    pub after: Option<String>,
    /// Of a project, or of `cluster`.
    pub scope: Option<String>,
    /// About entities of this kind: `service`.
    pub kind: Option<String>,
    /// About the entity of this id.
    pub id: Option<String>,
    /// Of this type; `replica.*` for all that begin so.
    pub type_name: Option<String>,
    /// Of this operation.
    pub operation: Option<OperationId>,
    /// Caused by this actor.
    pub actor: Option<String>,
    /// How many at most, in a page.
    pub limit: Option<u32>,
    /// How long a page may be held back until there is something in it.
    pub wait: Option<Millis>,
}

impl EventQuery {
    pub(super) fn pairs(&self) -> Pairs {
        let pairs = [
            ("after", self.after.clone()),
            ("scope", self.scope.clone()),
            ("kind", self.kind.clone()),
            ("id", self.id.clone()),
            ("type", self.type_name.clone()),
            ("operation", self.operation.map(|id| id.to_string())),
            ("actor", self.actor.clone()),
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("wait", self.wait.map(|wait| wait.to_string())),
        ];
        given(pairs)
    }
}

/// Which log lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Whether to go on as new ones come.
    pub follow: bool,
    /// So many of the last.
    pub tail: Option<u32>,
    /// Only after this cursor or time.
    pub since: Option<String>,
    /// Only of this replica.
    pub replica: Option<ReplicaId>,
}

impl LogQuery {
    pub(super) fn pairs(&self) -> Pairs {
        let pairs = [
            ("follow", self.follow.then(|| "true".to_owned())),
            ("tail", self.tail.map(|tail| tail.to_string())),
            ("since", self.since.clone()),
            ("replica", self.replica.as_ref().map(ToString::to_string)),
        ];
        given(pairs)
    }
}

fn given<const N: usize>(pairs: [(&'static str, Option<String>); N]) -> Pairs {
    pairs
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect()
}
