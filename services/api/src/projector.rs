//! The projector: takes the log's messages into the read model, many in one transaction. Readers see
//! the new sequence once it is stored.

use gantry_bus::Message;
use gantry_read_model::{Content, LogMessage, Store, StoreError};
use gantry_runtime::{Condition, Process};
use tokio::sync::mpsc;

use crate::desk::Onward;

/// Most messages of one transaction: it stays short, so that a fresh message is soon seen.
const MOST: usize = 500;

/// Takes messages in until the process stops.
pub(crate) async fn project(
    process: Process,
    mut store: Store,
    mut messages: mpsc::Receiver<Onward>,
    built: Condition,
) -> Result<(), StoreError> {
    let stopping = process.stopping();
    let mut batch = Vec::with_capacity(MOST);
    tell_progress(&store, &built);
    loop {
        batch.clear();
        let received = tokio::select! {
            () = stopping.cancelled() => 0,
            received = messages.recv_many(&mut batch, MOST) => received,
        };
        if received == 0 {
            return store.close().await;
        }
        let after = store.folded();
        let new: Vec<LogMessage> = batch
            .drain(..)
            .filter(|onward| onward.seq > after)
            .map(into_message)
            .collect();
        if !new.is_empty() {
            let seq = store.apply(&new).await?;
            process.metrics.set("gantry_read_model_seq", &[], seq.0);
        }
        tell_progress(&store, &built);
    }
}

fn tell_progress(store: &Store, built: &Condition) {
    if store.is_rebuilding() {
        built.unmet("the read model is made anew; the one before is read meanwhile");
        return;
    }
    built.met();
}

fn into_message(onward: Onward) -> LogMessage {
    let content = match onward.message {
        Some(Message::Commit(writer, commit)) => Content::Commit(writer, commit),
        Some(Message::Commands(_, batch)) => Content::Commands(batch),
        None => Content::Void,
    };
    LogMessage {
        seq: onward.seq,
        subject: onward.subject,
        content,
    }
}
