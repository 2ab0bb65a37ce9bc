//! Reads: as of when, how much, and what every answer carries. `min_seq` waits for the read model.

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use gantry_events::{Digest, Scope, Seq, Time};
use gantry_read_model::{AsOf, Cursor, Field, Found, ListQuery, ParseCursorError};
use gantry_rest::{List, ProblemCode, SEQ_HEADER};
use gantry_views::{DocKey, View};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::api::Api;
use crate::refusal::{self, Answer, Refusal};

/// Entities of a page, if nothing else is asked for, and at most.
const PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1000;

/// As of when to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Moment {
    /// Wait until this sequence is reached.
    pub(crate) min_seq: Option<u64>,
    /// Answer from the past, as of this sequence.
    pub(crate) at_seq: Option<u64>,
    /// Answer from the past, as of this time: `2026-01-31T12:00:00Z`.
    pub(crate) at: Option<String>,
}

/// Which entities of a list, and as of when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listed {
    /// Wait until this sequence is reached.
    pub(crate) min_seq: Option<u64>,
    /// Answer from the past, as of this sequence.
    pub(crate) at_seq: Option<u64>,
    /// Answer from the past, as of this time: `2026-01-31T12:00:00Z`.
    pub(crate) at: Option<String>,
    /// Entities of a page at most: 1 to 1000, 100 if nothing is said.
    pub(crate) limit: Option<u32>,
    /// `next` of the page before, as it is.
    pub(crate) cursor: Option<String>,
    /// Only those with these values: `state:ready,node:n1`.
    pub(crate) filter: Option<String>,
    /// Those that have ended as well.
    pub(crate) all: Option<bool>,
}

/// A page of a list, with the cursor of the next as it goes out.
#[derive(Debug)]
pub(crate) struct Listing<T> {
    pub(crate) items: Vec<Found<T>>,
    next: Option<String>,
}

impl Api {
    /// Waits until the read model has reached a sequence.
    pub(crate) async fn reached(&self, min_seq: Option<u64>) -> Answer<()> {
        let Some(wanted) = min_seq.map(Seq).filter(|seq| *seq > self.reader.seq()) else {
            return Ok(());
        };
        let within = self.settings.read_within;
        let stopping = self.process.stopping();
        tokio::select! {
            reached = self.reader.reached(wanted) => return Ok(reached.map(drop)?),
            () = stopping.cancelled() => return Err(refusal::stopping()),
            () = self.process.sleep(within) => {}
        }
        let detail = format!(
            "the read model has reached {} and not {wanted} within {within}; ask again",
            self.reader.seq()
        );
        Err(Refusal::new(ProblemCode::NotYet, detail))
    }

    /// The sequence to answer as of, once `min_seq` is reached; none for now.
    pub(crate) async fn as_of(&self, moment: &Moment) -> Answer<Option<Seq>> {
        self.reached(moment.min_seq).await?;
        let invalid = |detail| Refusal::new(ProblemCode::InvalidParameter, detail);
        let Some(text) = &moment.at else {
            return Ok(moment.at_seq.map(Seq));
        };
        if moment.at_seq.is_some() {
            return Err(invalid(
                "at and at_seq name two moments; pass one".to_owned(),
            ));
        }
        let time: Time = text.parse().map_err(|e| invalid(format!("at: {e}")))?;
        if time > self.process.clock.now() {
            let detail = format!("{time} is in the future");
            return Err(Refusal::new(ProblemCode::SeqInFuture, detail));
        }
        Ok(Some(self.reader.seq_at(time).await?))
    }

    /// One entity.
    pub(crate) async fn find<T: View>(
        &self,
        key: &DocKey,
        moment: &Moment,
        missing: ProblemCode,
    ) -> Answer<AsOf<Found<T>>> {
        let at = self.as_of(moment).await?;
        let AsOf { seq, value } = self.reader.get::<T>(key, at).await?;
        let value = value.ok_or_else(|| absent(key, seq, missing))?;
        Ok(AsOf { seq, value })
    }

    /// A page of entities that have what `own` says; `filter=` may name `fields`.
    pub(crate) async fn list<T: View>(
        &self,
        scope: Scope,
        own: Vec<(Field, String)>,
        listed: &Listed,
        fields: &[Field],
    ) -> Answer<AsOf<Listing<T>>> {
        let (mut query, mark) = listed.query::<T>(scope, own, fields)?;
        query.at = self.as_of(&listed.moment()).await?;
        let AsOf { seq, value } = self.reader.list::<T>(&query).await?;
        let value = Listing {
            next: value.next.map(|cursor| format!("{mark}~{cursor}")),
            items: value.items,
        };
        Ok(AsOf { seq, value })
    }
}

/// What is not there.
pub(crate) fn absent(key: &DocKey, seq: Seq, missing: ProblemCode) -> Refusal {
    let (kind, id) = (key.kind.as_str(), &key.id);
    Refusal::new(
        missing,
        format!("there is no {kind} {id} at sequence {seq}"),
    )
}

impl Moment {
    /// Whether it is now, and not in the past.
    pub(crate) fn is_now(&self) -> bool {
        self.at_seq.is_none() && self.at.is_none()
    }
}

impl Listed {
    /// Whether the page is of now, and not of the past.
    pub(crate) fn is_now(&self) -> bool {
        self.moment().is_now() && self.cursor.is_none()
    }

    /// As of when the page is read.
    pub(crate) fn moment(&self) -> Moment {
        Moment {
            min_seq: self.min_seq,
            at_seq: self.at_seq,
            at: self.at.clone(),
        }
    }

    /// How many entities a page holds at most.
    pub(crate) fn page_size(&self) -> Answer<u32> {
        let limit = self.limit.unwrap_or(PAGE);
        if (1..=LARGEST_PAGE).contains(&limit) {
            return Ok(limit);
        }
        let detail = format!("limit is {limit}, not 1 to {LARGEST_PAGE}");
        Err(Refusal::new(ProblemCode::InvalidParameter, detail))
    }

    /// The query, and the mark that cursors of its pages bear.
    fn query<T: View>(
        &self,
        scope: Scope,
        mut filter: Vec<(Field, String)>,
        fields: &[Field],
    ) -> Answer<(ListQuery, String)> {
        let invalid = |detail: String| Refusal::new(ProblemCode::InvalidParameter, detail);
        for pair in self.filter.iter().flat_map(|f| f.split(',')) {
            filter.push(field_of(pair, fields).map_err(invalid)?);
        }
        let mut query = ListQuery {
            scope,
            filter,
            all: self.all.unwrap_or(false),
            limit: self.page_size()?,
            cursor: None,
            at: None,
        };
        let mark = mark::<T>(&query);
        let cursor = self.cursor.as_deref().map(|text| unmarked(text, &mark));
        query.cursor = cursor.transpose().map_err(invalid)?;
        Ok((query, mark))
    }
}

/// Tells the cursors of one list from those of all others: a few letters of what is listed.
fn mark<T: View>(query: &ListQuery) -> String {
    let kind = T::KIND.as_str();
    let listed = format!("{kind} {} {:?} {}", query.scope, query.filter, query.all);
    letters_of(&listed, 8)
}

fn unmarked(text: &str, mark: &str) -> Result<Cursor, String> {
    let own = text
        .strip_prefix(mark)
        .and_then(|own| own.strip_prefix('~'));
    let own =
        own.ok_or("the cursor is not of this list; pass `next` of the page before, as it is")?;
    own.parse().map_err(|e: ParseCursorError| e.to_string())
}

fn letters_of(text: &str, count: usize) -> String {
    let digest = Digest::of(text.as_bytes()).to_string();
    digest["sha256:".len()..][..count].to_owned()
}

fn field_of(pair: &str, fields: &[Field]) -> Result<(Field, String), String> {
    let known = fields.iter().map(|field| field.as_str());
    let known = known.collect::<Vec<_>>().join(", ");
    let Some((name, value)) = pair.split_once(':') else {
        return Err(format!(
            "filter holds `{pair}`; write field:value, of {known}"
        ));
    };
    let field = Field::from_name(name).filter(|field| fields.contains(field));
    let field =
        field.ok_or_else(|| format!("`{name}` is no field to filter by here; {known} are"))?;
    Ok((field, value.to_owned()))
}

/// One entity as it goes out; the tag names the version of what the log says of it.
pub(crate) fn one<T: Serialize>(seq: Seq, version: Seq, body: &T) -> Response {
    tagged(seq, &format!("\"{version}\""), Json(body).into_response())
}

/// A page as it goes out. `last` and `versions` are of what the log says; what is laid over does not
/// change the tag.
pub(crate) fn page<T: View, U: Serialize>(
    found: AsOf<Listing<T>>,
    mut show: impl FnMut(T) -> U,
) -> Response {
    let mut versions = String::new();
    for item in &found.value.items {
        versions.push_str(&format!("{}@{}\n", item.doc.key().id, item.from));
    }
    let next = found.value.next;
    versions.push_str(next.as_deref().unwrap_or_default());
    let items = found.value.items.into_iter().map(|item| show(item.doc));
    let list = List {
        items: items.collect(),
        next,
        seq: found.seq,
    };
    let tag = format!("\"{}\"", letters_of(&versions, 16));
    tagged(found.seq, &tag, Json(list).into_response())
}

/// A page of what has no tag of its own: all of it is the tag.
pub(crate) fn list<T: Serialize>(seq: Seq, list: List<T>) -> Response {
    let said = serde_json::to_string(&(&list.items, &list.next)).unwrap_or_default();
    let tag = format!("\"{}\"", letters_of(&said, 16));
    tagged(seq, &tag, Json(list).into_response())
}

/// Says which sequence an answer reflects.
pub(crate) fn at(seq: Seq, mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(SEQ_HEADER, HeaderValue::from(seq.0));
    response
}

fn tagged(seq: Seq, tag: &str, mut response: Response) -> Response {
    if let Ok(tag) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    at(seq, response)
}
