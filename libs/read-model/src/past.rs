//! The past of one document: every version there was; and which sequence a time was.

use gantry_events::{Seq, Time};
use gantry_views::{DocKey, Document};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::reader::{seq_of, unreadable};
use crate::writer::number;
use crate::{AsOf, ReadError, Reader};

/// A document as it once was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The document.
    pub doc: Document,
    /// First sequence at which it was so.
    pub from: Seq,
    /// First sequence at which it was so no more; none for the current one.
    pub to: Option<Seq>,
    /// When the message of `from` was decided.
    pub time: Time,
}

impl Reader {
    /// Every version of one document, the newest first: `limit` of them, from before `before`.
    pub async fn history(
        &self,
        key: &DocKey,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<AsOf<Vec<Version>>, ReadError> {
        let mut moment = self.moment(None).await?;
        let rows = sqlx::query(
            "SELECT v.from_seq, v.to_seq, v.body, m.time FROM versions v
             JOIN messages m ON m.seq = v.from_seq
             WHERE v.kind = ? AND v.scope = ? AND v.id = ? AND v.from_seq < ?
             ORDER BY v.from_seq DESC LIMIT ?",
        )
        .bind(key.kind.as_str())
        .bind(key.scope.to_string())
        .bind(&key.id)
        .bind(number(before.unwrap_or(moment.at.next())))
        .bind(limit)
        .fetch_all(&mut *moment.work)
        .await?;
        let versions = rows.iter().map(|row| version(key, row));
        Ok(AsOf {
            seq: moment.at,
            value: versions.collect::<Result<_, _>>()?,
        })
    }

    /// The last sequence before anything was said that is later than this time; 0 if all is later.
    /// Writers' clocks differ a little, and so does what a time means near its edge.
    pub async fn seq_at(&self, time: Time) -> Result<Seq, ReadError> {
        let mut moment = self.moment(None).await?;
        let later: Option<i64> = sqlx::query_scalar("SELECT MIN(seq) FROM messages WHERE time > ?")
            .bind(time.unix_millis())
            .fetch_one(&mut *moment.work)
            .await?;
        Ok(later.map_or(moment.at, |later| Seq(seq_of(later).0.saturating_sub(1))))
    }
}

fn version(key: &DocKey, row: &SqliteRow) -> Result<Version, ReadError> {
    Ok(Version {
        from: seq_of(row.try_get("from_seq")?),
        to: row.try_get::<Option<i64>, _>("to_seq")?.map(seq_of),
        time: Time::from_unix_millis(row.try_get("time")?),
        doc: Document::from_json(key.kind, row.try_get("body")?).map_err(unreadable)?,
    })
}
