//! What is written is read: now, in the past, in pages.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod log;

use gantry_events::*;
use gantry_read_model::*;
use gantry_views::*;
use log::*;

async fn store(log: &Log) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path(), log_id(1)).await.unwrap();
    store.apply(&log.0).await.unwrap();
    (folder, store)
}

#[tokio::test]
async fn a_document_reads_as_it_is_and_as_it_was() {
    let mut log = Log::default();
    log.deploys(1, &["web"]).deploys(2, &["web"]);
    let (_folder, store) = store(&log).await;
    let key = DocKey::service(&id("shop"), &id("web"));
    let rows = [
        (None, Seq(4), Some((2, Seq(4)))),
        (Some(Seq(4)), Seq(4), Some((2, Seq(4)))),
        (Some(Seq(3)), Seq(3), Some((1, Seq(2)))),
        (Some(Seq(2)), Seq(2), Some((1, Seq(2)))),
        (Some(Seq(1)), Seq(1), None),
        (Some(Seq(0)), Seq(0), None),
    ];
    for (at, seq, expected) in rows {
        let answer = store.reader().get::<ServiceDoc>(&key, at).await.unwrap();
        let found = answer.value.map(|found| (found.doc.release.0, found.from));
        assert_eq!((answer.seq, found), (seq, expected), "{at:?}");
    }
    let future = store.reader().get::<ServiceDoc>(&key, Some(Seq(5))).await;
    assert!(matches!(
        future,
        Err(ReadError::InFuture {
            asked: Seq(5),
            reached: Seq(4)
        })
    ));
}

#[tokio::test]
async fn history_lists_the_newest_version_first() {
    let mut log = Log::default();
    log.deploys(1, &["web"])
        .deploys(2, &["web"])
        .deploys(3, &["web"]);
    let (_folder, store) = store(&log).await;
    let key = DocKey::service(&id("shop"), &id("web"));
    let history = |before, limit| {
        let (reader, key) = (store.reader(), key.clone());
        async move {
            let answer = reader.history(&key, before, limit).await.unwrap();
            let versions = answer.value.into_iter();
            versions
                .map(|v| {
                    let doc = ServiceDoc::of(&v.doc).unwrap();
                    (v.from.0, v.to.map(|to| to.0), doc.release.0)
                })
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(
        history(None, 9).await,
        [(6, None, 3), (4, Some(6), 2), (2, Some(4), 1)]
    );
    assert_eq!(history(Some(Seq(6)), 1).await, [(4, Some(6), 2)]);
}

#[tokio::test]
async fn pages_of_a_list_agree_while_writing_goes_on() {
    let mut log = Log::default();
    log.deploys(1, &["aa", "bb", "cc", "dd", "ee"]);
    let (_folder, mut store) = store(&log).await;
    let reader = store.reader();
    let mut query = ListQuery {
        limit: 2,
        ..ListQuery::of(shop())
    };
    let mut names = Vec::new();
    loop {
        let answer = reader.list::<ServiceDoc>(&query).await.unwrap();
        assert_eq!(answer.seq, Seq(2));
        names.extend(
            answer
                .value
                .items
                .iter()
                .map(|found| (found.doc.id.to_string(), found.doc.release.0)),
        );
        let before = log.tail().0 as usize;
        log.ends("cc")
            .deploys(names.len() as u32, &["ab", "dd", "ff"]);
        store.apply(&log.0[before..]).await.unwrap();
        let Some(next) = answer.value.next else { break };
        query.cursor = Some(next.to_string().parse().unwrap());
    }
    let expected = ["aa", "bb", "cc", "dd", "ee"].map(|name| (name.to_owned(), 1));
    assert_eq!(names, expected);
}

#[tokio::test]
async fn lists_hold_what_lives_and_with_all_what_has_ended() {
    let mut log = Log::default();
    log.deploys(1, &["web", "db"]).ends("web");
    let ended_at = log.tail();
    log.deploys(2, &["web"]);
    let (_folder, store) = store(&log).await;
    // Nobody places a replica here, so they are deployed and lack all.
    let rows = [
        (Some(Seq(2)), false, vec!["db 1 degraded", "web 1 degraded"]),
        (Some(ended_at), false, vec!["db 1 degraded"]),
        (Some(ended_at), true, vec!["db 1 degraded", "web 1 removed"]),
        (None, false, vec!["db 1 degraded", "web 2 degraded"]),
        (None, true, vec!["db 1 degraded", "web 2 degraded"]),
    ];
    for (at, all, expected) in rows {
        let query = ListQuery {
            at,
            all,
            ..ListQuery::of(shop())
        };
        let answer = store.reader().list::<ServiceDoc>(&query).await.unwrap();
        let shown = answer.value.items.iter().map(|found| {
            let state = serde_json::to_value(found.doc.state).unwrap();
            format!(
                "{} {} {}",
                found.doc.id,
                found.doc.release.0,
                state.as_str().unwrap()
            )
        });
        assert_eq!(shown.collect::<Vec<_>>(), expected, "{at:?} {all}");
    }
}

#[tokio::test]
async fn lists_are_filtered_by_what_documents_say() {
    let mut log = Log::default();
    log.deploys(1, &["web", "api"]);
    log.places("web-aaaaaa", 0, "n1")
        .places("web-bbbbbb", 1, "n2")
        .places("api-cccccc", 0, "n1");
    log.readies("web-aaaaaa", "n1");
    let (_folder, store) = store(&log).await;
    type Row = (&'static [(Field, &'static str)], &'static [&'static str]);
    let rows: [Row; 4] = [
        (&[], &["api-cccccc", "web-aaaaaa", "web-bbbbbb"]),
        (&[(Field::Node, "n1")], &["api-cccccc", "web-aaaaaa"]),
        (
            &[(Field::Service, "web"), (Field::State, "placed")],
            &["web-bbbbbb"],
        ),
        (&[(Field::State, "' OR 1=1")], &[]),
    ];
    for (filter, expected) in rows {
        let filter = filter
            .iter()
            .map(|(field, value)| (*field, (*value).to_owned()))
            .collect();
        let query = ListQuery {
            filter,
            ..ListQuery::of(shop())
        };
        let answer = store.reader().list::<ReplicaDoc>(&query).await.unwrap();
        let names: Vec<_> = answer
            .value
            .items
            .iter()
            .map(|found| found.doc.id.as_str())
            .collect();
        assert_eq!(names, expected);
    }
}

#[tokio::test]
async fn event_pages_end_between_commits() {
    let mut log = Log::default();
    log.deploys(1, &["aa", "bb"]).deploys(2, &["aa"]);
    let (_folder, store) = store(&log).await;
    let begin = Place::default();
    let page = |after: Place, limit, filter: EventFilter| {
        let reader = store.reader();
        async move {
            let answer = reader.events(after, &filter, limit).await.unwrap();
            let places = answer.value.rows.iter().map(|row| row.place.to_string());
            (places.collect::<Vec<_>>(), answer.next())
        }
    };
    let all = EventFilter::default;
    let (places, next) = page(begin, 3, all()).await;
    assert_eq!(places, ["1.0"], "the second message alone has four");
    let (places, next) = page(next, 3, all()).await;
    assert_eq!(
        places,
        ["2.0", "2.1", "2.2"],
        "a commit longer than the limit is cut"
    );
    let (places, next) = page(next, 5, all()).await;
    assert_eq!(places, ["2.3", "3.0", "4.0", "4.1", "4.2"]);
    assert_eq!(page(next, 5, all()).await.0, [""; 0]);

    let of = |filter| page(begin, 99, filter);
    let services = EventFilter {
        type_name: Some("service.*".into()),
        ..all()
    };
    assert_eq!(of(services).await.0, ["2.1", "2.2", "4.1"]);
    let one = EventFilter {
        kind: Some("service".into()),
        id: Some("bb".into()),
        ..all()
    };
    assert_eq!(of(one).await.0, ["2.2"]);
    let accepted = EventFilter {
        type_name: Some("operation.accepted.v1".into()),
        operation: Some(operation(2)),
        ..all()
    };
    assert_eq!(of(accepted).await.0, ["3.0"]);
    let cluster = EventFilter {
        scope: Some(Scope::Cluster),
        ..all()
    };
    assert_eq!(of(cluster).await.0, [""; 0]);
    let by_ci = EventFilter {
        actor: Some("token:ci".into()),
        scope: Some(shop()),
        ..all()
    };
    assert_eq!(of(by_ci).await.0, ["1.0", "3.0"]);
}

#[tokio::test]
async fn a_command_leaves_its_request_and_its_file() {
    let mut log = Log::default();
    log.asks(operation(7), "the file").void().void();
    let (_folder, store) = store(&log).await;
    let reader = store.reader();
    let digest = Digest::of(b"the file");
    let place = Place {
        seq: Seq(1),
        index: 0,
    };
    assert_eq!(
        reader.request_of(operation(7)).await.unwrap(),
        Some((place, digest))
    );
    assert_eq!(reader.request_of(operation(8)).await.unwrap(), None);
    assert_eq!(
        reader.contents(digest).await.unwrap(),
        Some(b"the file".to_vec())
    );
    assert_eq!(reader.contents(Digest::of(b"other")).await.unwrap(), None);
    let void = reader.void_messages().await.unwrap();
    assert_eq!(void, [("evt.node.n9".to_owned(), 2)].into());
}

#[tokio::test]
async fn a_time_names_the_last_sequence_before_anything_later() {
    let mut log = Log::default();
    log.deploys(1, &["web"]).void().deploys(2, &["web"]);
    let (_folder, store) = store(&log).await;
    let reader = store.reader();
    let versions = reader.history(&DocKey::project(&id("shop")), None, 9).await;
    let times: Vec<_> = versions
        .unwrap()
        .value
        .iter()
        .map(|v| (v.from, v.time))
        .collect();
    let [(second, later), (first, early)] = times[..] else {
        panic!("{times:?}");
    };
    assert_eq!((first, second), (Seq(2), Seq(5)));
    let rows = [
        (Time::default(), Seq(1)),
        // The void message between has no time, and belongs to what came before.
        (early, Seq(3)),
        (later, Seq(5)),
        (later + Millis(60_000), Seq(5)),
    ];
    for (time, seq) in rows {
        assert_eq!(reader.seq_at(time).await.unwrap(), seq, "{time}");
    }
}

#[tokio::test]
async fn the_last_event_before_another_is_found_by_what_it_is_about() {
    use gantry_views::why::Sought;
    let mut log = Log::default();
    log.deploys(1, &["web"]).deploys(2, &["web"]);
    let (_folder, store) = store(&log).await;
    let of_web = |types| Sought {
        scope: Some(shop()),
        kind: Some(Kind::Service),
        id: Some("web".to_owned()),
        operation: None,
        types,
    };
    let release = Sought {
        operation: Some(operation(1)),
        types: &["release.created.v1"],
        ..Sought::default()
    };
    let place = |seq, index| Place {
        seq: Seq(seq),
        index,
    };
    let rows = [
        (vec![of_web(&[])], place(9, 0), Some(place(4, 1))),
        (
            vec![of_web(&["service.configured.v1"])],
            place(4, 1),
            Some(place(2, 1)),
        ),
        (vec![of_web(&["service.scaled.v1"])], place(9, 0), None),
        (vec![release.clone()], place(9, 0), Some(place(2, 0))),
        (vec![release, of_web(&[])], place(9, 0), Some(place(4, 1))),
        (vec![], place(9, 0), None),
    ];
    for (sought, before, expected) in rows {
        let found = store.reader().last_event(before, &sought).await.unwrap();
        assert_eq!(found, expected, "{sought:?} before {before}");
    }
}
