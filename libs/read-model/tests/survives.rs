//! Restarts, repetition, damage, and changes of the folds.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod log;

use std::time::Duration;

use gantry_events::*;
use gantry_read_model::*;
use gantry_views::*;
use log::*;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Column, ConnectOptions, Row};

fn story() -> Log {
    let mut log = Log::default();
    log.deploys(1, &["web", "api"]).void();
    log.places("web-aaaaaa", 0, "n1")
        .readies("web-aaaaaa", "n1");
    log.ends("api")
        .deploys(2, &["api", "web"])
        .places("api-bbbbbb", 0, "n1");
    log
}

/// Everything in the file, table by table.
async fn dump(folder: &std::path::Path) -> Vec<String> {
    let mut files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let path = files
        .find(|path| path.extension().is_some_and(|end| end == "sqlite"))
        .unwrap();
    let options = SqliteConnectOptions::new().filename(path);
    let mut file = options.connect().await.unwrap();
    let mut lines = Vec::new();
    for query in [
        "SELECT * FROM checkpoint",
        "SELECT kind, scope, id, from_seq, to_seq, body FROM versions ORDER BY kind, scope, id, from_seq",
        "SELECT * FROM lives ORDER BY kind, scope, sorting, id, born_seq",
        "SELECT * FROM operations ORDER BY id",
        "SELECT * FROM contents ORDER BY digest",
        "SELECT * FROM events ORDER BY seq, idx",
        "SELECT * FROM void_messages ORDER BY subject",
    ] {
        for row in sqlx::query(query).fetch_all(&mut file).await.unwrap() {
            let cells = row.columns().iter().map(|column| {
                let name = column.name();
                row.try_get::<Option<String>, _>(name)
                    .map(|text| format!("{text:?}"))
                    .or_else(|_| {
                        row.try_get::<Option<i64>, _>(name)
                            .map(|n| format!("{n:?}"))
                    })
                    .or_else(|_| {
                        row.try_get::<Vec<u8>, _>(name)
                            .map(|bytes| format!("{bytes:?}"))
                    })
                    .unwrap()
            });
            lines.push(cells.collect::<Vec<_>>().join(" "));
        }
    }
    lines
}

/// Feeds the story in steps of this size, dropping the store between steps without closing it.
async fn fed_in_steps(story: &Log, step: usize) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for messages in story.0.chunks(step) {
        let mut store = Store::open(folder.path(), log_id(1)).await.unwrap();
        assert_eq!(store.folded().next(), messages[0].seq);
        store.apply(messages).await.unwrap();
    }
    dump(folder.path()).await
}

#[tokio::test]
async fn however_it_is_fed_and_stopped_the_file_holds_the_same() {
    let story = story();
    let at_once = fed_in_steps(&story, story.0.len()).await;
    assert!(at_once.len() > 20);
    for step in [1, 2, 3] {
        assert_eq!(
            fed_in_steps(&story, step).await,
            at_once,
            "in steps of {step}"
        );
    }
}

#[tokio::test]
async fn what_was_folded_already_is_passed_over() {
    let (story, folder) = (story(), tempfile::tempdir().unwrap());
    let mut store = Store::open(folder.path(), log_id(1)).await.unwrap();
    store.apply(&story.0[..5]).await.unwrap();
    store.apply(&story.0[..3]).await.unwrap();
    assert_eq!(store.folded(), Seq(5));
    store.apply(&story.0).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(dump(folder.path()).await, fed_in_steps(&story, 99).await);
}

#[tokio::test]
async fn a_gap_is_refused_whole() {
    let (story, folder) = (story(), tempfile::tempdir().unwrap());
    let mut store = Store::open(folder.path(), log_id(1)).await.unwrap();
    let with_gap = [story.0[0].clone(), story.0[2].clone()];
    let refused = store.apply(&with_gap).await;
    assert!(matches!(
        refused,
        Err(StoreError::Gap {
            folded: Seq(1),
            given: Seq(3)
        })
    ));
    assert_eq!(store.folded(), Seq(0));
    let key = DocKey::operation(operation(1));
    assert_eq!(
        store
            .reader()
            .get::<OperationDoc>(&key, None)
            .await
            .unwrap()
            .value,
        None
    );
    assert_eq!(store.apply(&story.0).await.unwrap(), story.tail());
}

#[tokio::test]
async fn a_read_waits_for_its_sequence() {
    let (story, folder) = (story(), tempfile::tempdir().unwrap());
    let mut store = Store::open(folder.path(), log_id(1)).await.unwrap();
    let reader = store.reader();
    let waiting = tokio::time::timeout(Duration::from_secs(10), reader.reached(Seq(4)));
    let writing = async {
        for message in &story.0 {
            store.apply(std::slice::from_ref(message)).await.unwrap();
        }
    };
    let (reached, ()) = tokio::join!(waiting, writing);
    assert!(reached.unwrap().unwrap() >= Seq(4));
    drop(store);
    assert!(matches!(
        reader.reached(Seq(99)).await,
        Err(ReadError::Closed)
    ));
}

#[tokio::test]
async fn another_log_begins_anew() {
    let (story, folder) = (story(), tempfile::tempdir().unwrap());
    let mut store = Store::open(folder.path(), log_id(1)).await.unwrap();
    store.apply(&story.0).await.unwrap();
    store.close().await.unwrap();
    let store = Store::open(folder.path(), log_id(2)).await.unwrap();
    assert_eq!((store.folded(), store.is_rebuilding()), (Seq(0), false));
}

#[tokio::test]
async fn a_damaged_file_is_made_anew() {
    let (story, folder) = (story(), tempfile::tempdir().unwrap());
    let mut store = Store::open(folder.path(), log_id(1)).await.unwrap();
    store.apply(&story.0).await.unwrap();
    store.close().await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::write(entry.unwrap().path(), b"not a database at all, not at all").unwrap();
    }
    let mut store = Store::open(folder.path(), log_id(1)).await.unwrap();
    assert_eq!(store.folded(), Seq(0));
    store.apply(&story.0).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(dump(folder.path()).await, fed_in_steps(&story, 99).await);
}

#[tokio::test]
async fn when_folds_change_the_old_file_is_read_until_the_new_one_has_come_as_far() {
    let (mut story, folder) = (story(), tempfile::tempdir().unwrap());
    let mut store = Store::open(folder.path(), log_id(1)).await.unwrap();
    store.apply(&story.0).await.unwrap();
    store.close().await.unwrap();
    let older = format!("{}-v0.sqlite", log_id(1));
    let ours = format!("{}-v{FOLD_VERSION}.sqlite", log_id(1));
    std::fs::rename(folder.path().join(&ours), folder.path().join(&older)).unwrap();

    let mut store = Store::open(folder.path(), log_id(1)).await.unwrap();
    let (reader, before) = (store.reader(), story.tail());
    assert_eq!(
        (store.folded(), store.is_rebuilding(), reader.seq()),
        (Seq(0), true, before)
    );
    store.apply(&story.0[..4]).await.unwrap();
    let mut store = {
        // A restart half-way goes on half-way.
        drop(store);
        Store::open(folder.path(), log_id(1)).await.unwrap()
    };
    assert_eq!((store.folded(), store.is_rebuilding()), (Seq(4), true));
    let reader = store.reader();
    let list = ListQuery::of(shop());
    let answer = reader.list::<ServiceDoc>(&list).await.unwrap();
    assert_eq!((answer.seq, answer.value.items.len()), (before, 2));

    story.deploys(3, &["db"]);
    store.apply(&story.0).await.unwrap();
    assert!(!store.is_rebuilding());
    let answer = reader.list::<ServiceDoc>(&list).await.unwrap();
    assert_eq!((answer.seq, answer.value.items.len()), (story.tail(), 3));
    assert!(!folder.path().join(older).exists());
    store.close().await.unwrap();
    assert_eq!(dump(folder.path()).await, fed_in_steps(&story, 99).await);
}
