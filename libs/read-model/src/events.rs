//! The index of events: where each stands and what it is about. Bodies are read from the log.

use gantry_events::{OperationId, Place, Scope, Seq};
use gantry_views::Entry;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use crate::message::LogMessage;
use crate::reader::{seq_of, unreadable};
use crate::writer::number;
use crate::{AsOf, ReadError, Reader, StoreError};

/// Which events. A field that is none takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of a project, or of the cluster.
    pub scope: Option<Scope>,
    /// About entities of this kind.
    pub kind: Option<String>,
    /// About the entity of this id.
    pub id: Option<String>,
    /// Of this type and version; with a trailing `*`, all that begin so.
    pub type_name: Option<String>,
    /// Of this operation.
    pub operation: Option<OperationId>,
    /// Caused by this actor.
    pub actor: Option<String>,
}

/// Where an event stands and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedEvent {
    /// Its place in the log.
    pub place: Place,
    /// Type and version; of a command `operation.accepted.v1`.
    pub type_name: String,
}

/// A page of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRows {
    /// The events, in the log's order.
    pub rows: Vec<IndexedEvent>,
    /// Whether no more are there.
    pub is_last: bool,
}

impl Reader {
    /// Events after a place, `limit` at most (from 1). A page ends between messages, unless one alone
    /// is longer. To begin after the whole of a message, take its last index to be `u32::MAX`.
    pub async fn events(
        &self,
        after: Place,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<AsOf<EventRows>, ReadError> {
        let mut moment = self.moment(None).await?;
        let limit = limit.max(1);
        let mut sql = page_of(after, filter, limit);
        let found = sql.build().fetch_all(&mut *moment.work).await?;
        let rows: Vec<_> = found.iter().map(read).collect::<Result<_, _>>()?;
        Ok(AsOf {
            seq: moment.at,
            value: cut_between_messages(rows, limit as usize),
        })
    }
}

fn cut_between_messages(mut rows: Vec<IndexedEvent>, limit: usize) -> EventRows {
    let Some(over) = rows.get(limit).map(|row| row.place.seq) else {
        return EventRows {
            rows,
            is_last: true,
        };
    };
    let whole = rows.iter().take_while(|row| row.place.seq < over).count();
    rows.truncate(if whole == 0 { limit } else { whole });
    EventRows {
        rows,
        is_last: false,
    }
}

fn read(row: &SqliteRow) -> Result<IndexedEvent, ReadError> {
    let index: i64 = row.try_get("idx")?;
    Ok(IndexedEvent {
        place: Place {
            seq: seq_of(row.try_get("seq")?),
            index: u32::try_from(index).map_err(unreadable)?,
        },
        type_name: row.try_get("type")?,
    })
}

fn page_of(after: Place, filter: &EventFilter, limit: u32) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::new("SELECT seq, idx, type FROM events WHERE (seq, idx) > (");
    sql.push_bind(number(after.seq)).push(", ");
    sql.push_bind(i64::from(after.index)).push(")");
    let operation = filter.operation.map(|id| id.to_string());
    let columns = [
        ("scope", filter.scope.as_ref().map(ToString::to_string)),
        ("kind", filter.kind.clone()),
        ("id", filter.id.clone()),
        ("operation", operation),
        ("actor", filter.actor.clone()),
    ];
    for (column, value) in columns {
        if let Some(value) = value {
            sql.push(" AND ").push(column).push(" = ").push_bind(value);
        }
    }
    match filter
        .type_name
        .as_deref()
        .map(|t| (t, t.strip_suffix('*')))
    {
        None => {}
        Some((exact, None)) => {
            sql.push(" AND type = ").push_bind(exact.to_owned());
        }
        Some((_, Some(beginning))) => {
            sql.push(" AND substr(type, 1, ")
                .push_bind(chars(beginning));
            sql.push(") = ").push_bind(beginning.to_owned());
        }
    }
    sql.push(" ORDER BY seq, idx LIMIT ");
    sql.push_bind(i64::from(limit) + 1);
    sql
}

fn chars(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// Puts one entry of a message into the index.
pub(crate) async fn index(
    work: &mut SqliteConnection,
    message: &LogMessage,
    entry: &Entry<'_>,
) -> Result<(), StoreError> {
    let Some(attributes) = message.attributes(entry) else {
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO events (seq, idx, scope, type, kind, id, operation, actor)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(number(entry.place.seq))
    .bind(entry.place.index)
    .bind(attributes.scope.to_string())
    .bind(attributes.type_name)
    .bind(attributes.subject.kind.as_str())
    .bind(attributes.subject.id)
    .bind(attributes.operation.map(|id| id.to_string()))
    .bind(attributes.actor.to_string())
    .execute(work)
    .await?;
    Ok(())
}

impl AsOf<EventRows> {
    /// Where the next page goes on: after the last event, or after all that was looked at.
    pub fn next(&self) -> Place {
        match self.value.rows.last() {
            Some(row) if !self.value.is_last => row.place,
            Some(_) | None => end_of(self.seq),
        }
    }
}

fn end_of(seq: Seq) -> Place {
    Place {
        seq,
        index: u32::MAX,
    }
}
