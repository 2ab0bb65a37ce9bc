//! `Reader`: answers now and as of any sequence, each true of one moment.

use std::collections::BTreeMap;

use gantry_events::{Digest, OperationId, Place, Seq};
use gantry_views::{DocKey, Document, View};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};
use tokio::sync::watch;

use crate::ReadError;
use crate::store::Live;
use crate::writer::number;

/// Reads. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Reader {
    live: watch::Receiver<Live>,
}

/// An answer, and the sequence it reflects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsOf<T> {
    /// The sequence.
    pub seq: Seq,
    /// The answer.
    pub value: T,
}

/// A document, and which version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// The document.
    pub doc: T,
    /// Sequence from which it is so: the version that an `ETag` names.
    pub from: Seq,
}

/// One moment of the read model.
pub(crate) struct Moment {
    pub work: Transaction<'static, Sqlite>,
    pub at: Seq,
}

impl Reader {
    pub(crate) fn new(live: watch::Receiver<Live>) -> Self {
        Self { live }
    }

    /// The last sequence that reads of now reflect.
    pub fn seq(&self) -> Seq {
        self.live.borrow().seq
    }

    /// Waits until that sequence is reached, without a deadline of its own.
    pub async fn reached(&self, seq: Seq) -> Result<Seq, ReadError> {
        let mut live = self.live.clone();
        let reached = live.wait_for(|live| live.seq >= seq).await;
        reached.map(|live| live.seq).map_err(|_| ReadError::Closed)
    }

    /// One document, now or as of a sequence; none before its entity was born.
    pub async fn get<T: View>(
        &self,
        key: &DocKey,
        at: Option<Seq>,
    ) -> Result<AsOf<Option<Found<T>>>, ReadError> {
        self.body(key, at, parse).await
    }

    /// The same for a document of any kind.
    pub async fn document(
        &self,
        key: &DocKey,
        at: Option<Seq>,
    ) -> Result<AsOf<Option<Found<Document>>>, ReadError> {
        let read = |body: &str| Document::from_json(key.kind, body).map_err(unreadable);
        self.body(key, at, read).await
    }

    async fn body<T>(
        &self,
        key: &DocKey,
        at: Option<Seq>,
        read: impl Fn(&str) -> Result<T, ReadError>,
    ) -> Result<AsOf<Option<Found<T>>>, ReadError> {
        let mut moment = self.moment(at).await?;
        let row = sqlx::query(
            "SELECT from_seq, body FROM versions
             WHERE kind = ? AND scope = ? AND id = ? AND from_seq <= ?
             ORDER BY from_seq DESC LIMIT 1",
        )
        .bind(key.kind.as_str())
        .bind(key.scope.to_string())
        .bind(&key.id)
        .bind(number(moment.at))
        .fetch_optional(&mut *moment.work)
        .await?;
        let found = row.map(|row| {
            Ok::<_, ReadError>(Found {
                from: seq_of(row.try_get("from_seq")?),
                doc: read(row.try_get("body")?)?,
            })
        });
        Ok(AsOf {
            seq: moment.at,
            value: found.transpose()?,
        })
    }

    /// Where an operation's command stands, and the digest of the request that began it. For telling a
    /// retry from another request under the same key.
    pub async fn request_of(
        &self,
        operation: OperationId,
    ) -> Result<Option<(Place, Digest)>, ReadError> {
        let mut moment = self.moment(None).await?;
        let row = sqlx::query("SELECT seq, idx, request FROM operations WHERE id = ?")
            .bind(operation.to_string())
            .fetch_optional(&mut *moment.work)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let place = Place {
            seq: seq_of(row.try_get("seq")?),
            index: row.try_get("idx")?,
        };
        let request: String = row.try_get("request")?;
        let digest = request.parse().map_err(unreadable)?;
        Ok(Some((place, digest)))
    }

    /// The bytes of that digest, if a command held them: the canonical file of a release.
    pub async fn contents(&self, digest: Digest) -> Result<Option<Vec<u8>>, ReadError> {
        let mut moment = self.moment(None).await?;
        let bytes = sqlx::query_scalar("SELECT bytes FROM contents WHERE digest = ?")
            .bind(digest.to_string())
            .fetch_optional(&mut *moment.work)
            .await?;
        Ok(bytes)
    }

    /// How many messages are void, by the subject they were stored under.
    pub async fn void_messages(&self) -> Result<BTreeMap<String, u64>, ReadError> {
        let mut moment = self.moment(None).await?;
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT subject, messages FROM void_messages")
                .fetch_all(&mut *moment.work)
                .await?;
        let counts = rows.into_iter();
        Ok(counts
            .map(|(subject, n)| (subject, n.cast_unsigned()))
            .collect())
    }

    /// Begins to read: all that follows on it is true of one sequence.
    pub(crate) async fn moment(&self, at: Option<Seq>) -> Result<Moment, ReadError> {
        let mut work = self.begin().await?;
        let reached = checkpoint(&mut work).await?;
        match at {
            Some(asked) if asked > reached => Err(ReadError::InFuture { asked, reached }),
            at => Ok(Moment {
                work,
                at: at.unwrap_or(reached),
            }),
        }
    }

    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, ReadError> {
        loop {
            let pool = self.live.borrow().pool.clone();
            match pool.begin().await {
                // The file was changed for its successor just now.
                Err(sqlx::Error::PoolClosed) if !self.live.borrow().pool.is_closed() => {}
                Err(sqlx::Error::PoolClosed) => return Err(ReadError::Closed),
                begun => return Ok(begun?),
            }
        }
    }
}

async fn checkpoint(work: &mut SqliteConnection) -> Result<Seq, ReadError> {
    let seq = sqlx::query_scalar("SELECT seq FROM checkpoint")
        .fetch_one(work)
        .await?;
    Ok(seq_of(seq))
}

pub(crate) fn seq_of(number: i64) -> Seq {
    Seq(number.cast_unsigned())
}

pub(crate) fn parse<T: View>(body: &str) -> Result<T, ReadError> {
    serde_json::from_str(body).map_err(unreadable)
}

pub(crate) fn unreadable(cause: impl std::fmt::Display) -> ReadError {
    ReadError::Unreadable(cause.to_string())
}
