//! Many messages, one transaction, the checkpoint in it.

use std::collections::BTreeSet;

use gantry_events::{Digest, Seq, Time};
use gantry_views::{DocKey, Document, Documents, Entry, Said, fold, touched};
use sqlx::{Connection, SqliteConnection};

use crate::message::{Content, LogMessage};
use crate::{StoreError, events};

/// Folds what is new of these messages and stores it. The answer is the last sequence folded.
pub(crate) async fn apply(
    writer: &mut SqliteConnection,
    folded: Seq,
    messages: &[LogMessage],
) -> Result<Seq, StoreError> {
    let mut work = writer.begin_with("BEGIN IMMEDIATE").await?;
    let mut folding = Folding {
        folded,
        known: Documents::default(),
        asked: BTreeSet::new(),
    };
    for message in messages.iter().filter(|message| message.seq > folded) {
        folding.take(&mut work, message).await?;
    }
    sqlx::query("UPDATE checkpoint SET seq = ?")
        .bind(number(folding.folded))
        .execute(&mut *work)
        .await?;
    work.commit().await?;
    Ok(folding.folded)
}

/// A sequence as SQLite keeps it. JetStream's never reach the sign.
pub(crate) fn number(seq: Seq) -> i64 {
    seq.0.cast_signed()
}

/// One transaction's documents, so that each is read once.
struct Folding {
    folded: Seq,
    known: Documents,
    asked: BTreeSet<DocKey>,
}

impl Folding {
    async fn take(
        &mut self,
        work: &mut SqliteConnection,
        message: &LogMessage,
    ) -> Result<(), StoreError> {
        if message.seq != self.folded.next() {
            return Err(StoreError::Gap {
                folded: self.folded,
                given: message.seq,
            });
        }
        if message.content == Content::Void {
            count_void(work, &message.subject).await?;
        }
        if let Some(time) = message.time() {
            keep_time(work, message.seq, time).await?;
        }
        let mut changed = BTreeSet::new();
        let mut before = Documents::default();
        for entry in message.entries() {
            events::index(work, message, &entry).await?;
            keep_command(work, &entry).await?;
            for key in self.load(work, &entry).await? {
                if changed.insert(key.clone())
                    && let Some(document) = self.known.get(&key)
                {
                    before.put(document.clone());
                }
            }
            fold(&entry, &mut self.known);
        }
        for key in changed {
            if let Some(after) = self.known.get(&key)
                && before.get(&key) != Some(after)
            {
                store(work, message.seq, before.get(&key), after).await?;
            }
        }
        self.folded = message.seq;
        Ok(())
    }

    /// Loads every document that the entry touches, and says which.
    async fn load(
        &mut self,
        work: &mut SqliteConnection,
        entry: &Entry<'_>,
    ) -> Result<Vec<DocKey>, StoreError> {
        loop {
            let keys = touched(entry, &self.known);
            let new: Vec<_> = keys
                .iter()
                .filter(|key| !self.asked.contains(key))
                .collect();
            if new.is_empty() {
                return Ok(keys);
            }
            for key in new {
                if let Some(document) = current(work, key).await? {
                    self.known.put(document);
                }
                self.asked.insert(key.clone());
            }
        }
    }
}

async fn current(
    work: &mut SqliteConnection,
    key: &DocKey,
) -> Result<Option<Document>, StoreError> {
    let body: Option<String> = sqlx::query_scalar(
        "SELECT body FROM versions WHERE kind = ? AND scope = ? AND id = ? AND to_seq IS NULL",
    )
    .bind(key.kind.as_str())
    .bind(key.scope.to_string())
    .bind(&key.id)
    .fetch_optional(work)
    .await?;
    let document = body.map(|body| Document::from_json(key.kind, &body));
    Ok(document.transpose()?)
}

async fn store(
    work: &mut SqliteConnection,
    seq: Seq,
    before: Option<&Document>,
    after: &Document,
) -> Result<(), StoreError> {
    let (key, seq) = (after.key(), number(seq));
    if before.is_some() {
        sqlx::query(
            "UPDATE versions SET to_seq = ? WHERE kind = ? AND scope = ? AND id = ? AND to_seq IS NULL",
        )
        .bind(seq)
        .bind(key.kind.as_str())
        .bind(key.scope.to_string())
        .bind(&key.id)
        .execute(&mut *work)
        .await?;
    }
    sqlx::query("INSERT INTO versions (kind, scope, id, from_seq, body) VALUES (?, ?, ?, ?, ?)")
        .bind(key.kind.as_str())
        .bind(key.scope.to_string())
        .bind(&key.id)
        .bind(seq)
        .bind(after.to_json())
        .execute(&mut *work)
        .await?;
    let was_living = before.is_some_and(|document| !document.is_final());
    if !was_living {
        begin_life(work, seq, &key, after).await?;
    }
    if after.is_final() {
        end_life(work, seq, &key, after).await?;
    }
    Ok(())
}

async fn begin_life(
    work: &mut SqliteConnection,
    seq: i64,
    key: &DocKey,
    document: &Document,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO lives (kind, scope, sorting, id, born_seq) VALUES (?, ?, ?, ?, ?)")
        .bind(key.kind.as_str())
        .bind(key.scope.to_string())
        .bind(document.order())
        .bind(&key.id)
        .bind(seq)
        .execute(work)
        .await?;
    Ok(())
}

async fn end_life(
    work: &mut SqliteConnection,
    seq: i64,
    key: &DocKey,
    document: &Document,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE lives SET ended_seq = ?
         WHERE kind = ? AND scope = ? AND sorting = ? AND id = ? AND ended_seq IS NULL",
    )
    .bind(seq)
    .bind(key.kind.as_str())
    .bind(key.scope.to_string())
    .bind(document.order())
    .bind(&key.id)
    .execute(work)
    .await?;
    Ok(())
}

/// Remembers a command's request, and the file it holds.
async fn keep_command(work: &mut SqliteConnection, entry: &Entry<'_>) -> Result<(), StoreError> {
    let Said::Command(command) = &entry.said else {
        return Ok(());
    };
    sqlx::query("INSERT OR IGNORE INTO operations (id, seq, idx, request) VALUES (?, ?, ?, ?)")
        .bind(command.operation.to_string())
        .bind(number(entry.place.seq))
        .bind(entry.place.index)
        .bind(command.request.to_string())
        .execute(&mut *work)
        .await?;
    if let Some(file) = command.intent.file() {
        sqlx::query("INSERT OR IGNORE INTO contents (digest, bytes) VALUES (?, ?)")
            .bind(Digest::of(file.as_bytes()).to_string())
            .bind(file.as_bytes())
            .execute(work)
            .await?;
    }
    Ok(())
}

async fn keep_time(work: &mut SqliteConnection, seq: Seq, time: Time) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO messages (seq, time) VALUES (?, ?)")
        .bind(number(seq))
        .bind(time.unix_millis())
        .execute(work)
        .await?;
    Ok(())
}

async fn count_void(work: &mut SqliteConnection, subject: &str) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO void_messages (subject, messages) VALUES (?, 1)
         ON CONFLICT (subject) DO UPDATE SET messages = messages + 1",
    )
    .bind(subject)
    .execute(work)
    .await?;
    Ok(())
}
