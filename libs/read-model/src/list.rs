//! Lists: what lives at a sequence, filtered, in pages that agree with each other.

use std::fmt;
use std::str::FromStr;

use gantry_events::{Scope, Seq};
use gantry_views::View;
use sqlx::{QueryBuilder, Row, Sqlite};

use crate::reader::{parse, seq_of};
use crate::writer::number;
use crate::{AsOf, Found, ReadError, Reader};

/// Which entities of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// Where: a project, or the cluster.
    pub scope: Scope,
    /// Only those whose document has these values.
    pub filter: Vec<(Field, String)>,
    /// Whether what has ended is listed as well.
    pub all: bool,
    /// How many at most, from 1.
    pub limit: u32,
    /// Where to go on; its sequence then counts, and `at` does not.
    pub cursor: Option<Cursor>,
    /// As of which sequence; now if none.
    pub at: Option<Seq>,
}

impl ListQuery {
    /// Everything that lives in this scope now, up to a thousand.
    pub fn of(scope: Scope) -> Self {
        Self {
            scope,
            filter: Vec::new(),
            all: false,
            limit: 1000,
            cursor: None,
            at: None,
        }
    }
}

/// What lists can be filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The state.
    State,
    /// The node a replica or machine is on.
    Node,
    /// The service a replica belongs to.
    Service,
    /// The pool a machine belongs to.
    Pool,
    /// The project an operation is meant for.
    Scope,
    /// What an operation asks for.
    Kind,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 6] = [
        Self::State,
        Self::Node,
        Self::Service,
        Self::Pool,
        Self::Scope,
        Self::Kind,
    ];

    /// Its name in documents and in `filter=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Node => "node",
            Self::Service => "service",
            Self::Pool => "pool",
            Self::Scope => "scope",
            Self::Kind => "kind",
        }
    }

    /// The field of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }
}

/// Where a list goes on: after which entity, as of which sequence. Written `17~web~web`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    seq: Seq,
    sorting: String,
    id: String,
}

/// The text is no cursor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no cursor; pass `next` of the page before, as it is")]
pub struct ParseCursorError(String);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~{}", self.seq, self.sorting, self.id)
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '~');
        let seq = parts.next().and_then(|seq| seq.parse().ok());
        match (seq, parts.next(), parts.next()) {
            (Some(seq), Some(sorting), Some(id)) => Ok(Self {
                seq: Seq(seq),
                sorting: sorting.to_owned(),
                id: id.to_owned(),
            }),
            _ => Err(ParseCursorError(text.chars().take(80).collect())),
        }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The entities, in order.
    pub items: Vec<Found<T>>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
}

impl Reader {
    /// A page of the entities of a kind, all as of one sequence: the first page's, whatever is written
    /// meanwhile.
    pub async fn list<T: View>(&self, query: &ListQuery) -> Result<AsOf<Page<T>>, ReadError> {
        let at = query.cursor.as_ref().map(|cursor| cursor.seq).or(query.at);
        let mut moment = self.moment(at).await?;
        let mut sql = page_of::<T>(query, number(moment.at));
        let mut rows = sql.build().fetch_all(&mut *moment.work).await?;
        let limit = query.limit.max(1) as usize;
        let is_last = rows.len() <= limit;
        rows.truncate(limit);
        let next = match rows.last() {
            Some(row) if !is_last => Some(Cursor {
                seq: moment.at,
                sorting: row.try_get("sorting")?,
                id: row.try_get("id")?,
            }),
            Some(_) | None => None,
        };
        let items = rows.iter().map(|row| {
            Ok(Found {
                from: seq_of(row.try_get("from_seq")?),
                doc: parse(row.try_get("body")?)?,
            })
        });
        Ok(AsOf {
            seq: moment.at,
            value: Page {
                items: items.collect::<Result<_, ReadError>>()?,
                next,
            },
        })
    }
}

fn page_of<T: View>(query: &ListQuery, at: i64) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::new(
        "SELECT l.sorting, l.id, v.from_seq, v.body FROM lives l JOIN versions v
         ON v.kind = l.kind AND v.scope = l.scope AND v.id = l.id AND v.from_seq <= ",
    );
    sql.push_bind(at)
        .push(" AND (v.to_seq IS NULL OR v.to_seq > ");
    sql.push_bind(at).push(") WHERE l.kind = ");
    sql.push_bind(T::KIND.as_str()).push(" AND l.scope = ");
    sql.push_bind(query.scope.to_string())
        .push(" AND l.born_seq <= ")
        .push_bind(at);
    if query.all {
        // Of an entity that was born several times, its last life by then.
        sql.push(
            " AND NOT EXISTS (SELECT 1 FROM lives n WHERE n.kind = l.kind AND n.scope = l.scope
              AND n.sorting = l.sorting AND n.id = l.id AND n.born_seq > l.born_seq AND n.born_seq <= ",
        );
        sql.push_bind(at).push(")");
    } else {
        sql.push(" AND (l.ended_seq IS NULL OR l.ended_seq > ")
            .push_bind(at)
            .push(")");
    }
    for (field, value) in &query.filter {
        sql.push(" AND json_extract(v.body, '$.")
            .push(field.as_str())
            .push("') = ");
        sql.push_bind(value.clone());
    }
    if let Some(cursor) = &query.cursor {
        sql.push(" AND (l.sorting, l.id) > (")
            .push_bind(cursor.sorting.clone());
        sql.push(", ").push_bind(cursor.id.clone()).push(")");
    }
    sql.push(" ORDER BY l.sorting, l.id LIMIT ");
    sql.push_bind(i64::from(query.limit.max(1)) + 1);
    sql
}
