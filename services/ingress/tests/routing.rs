//! Which replica answers, and what is said when none can.

#![allow(clippy::unwrap_used, reason = "tests")]

mod stage;

use std::collections::BTreeMap;

use bytes::Bytes;
use gantry_events::{Leads, LogId, RouteTable, Seq};
use http::Request;
use http_body_util::Full;
use stage::client::{Client, get, once};
use stage::replica::Replica;
use stage::{Stage, WEB, table};
use uuid::Uuid;

#[tokio::test]
async fn equals_take_turns_over_one_connection() {
    let stage = Stage::open().await;
    let replicas = [
        Replica::start("a").await,
        Replica::start("b").await,
        Replica::start("c").await,
    ];
    stage
        .apply(&table(
            1,
            &[
                ("web-a", replicas[0].address),
                ("web-b", replicas[1].address),
                ("web-c", replicas[2].address),
            ],
        ))
        .await;
    let mut client = Client::connect(stage.address).await;
    let mut bodies = BTreeMap::new();
    for _ in 0..9 {
        *bodies
            .entry(client.get("/").await.unwrap().body)
            .or_insert(0) += 1;
    }
    assert_eq!(
        bodies,
        [
            ("a".to_owned(), 3),
            ("b".to_owned(), 3),
            ("c".to_owned(), 3)
        ]
        .into()
    );
    assert!(
        replicas.iter().all(|replica| replica.connections() == 1),
        "connections to replicas are kept"
    );
}

#[tokio::test]
async fn the_least_loaded_is_chosen() {
    let stage = Stage::open().await;
    let (a, b) = (Replica::start("a").await, Replica::start("b").await);
    stage
        .apply(&table(1, &[("web-a", a.address), ("web-b", b.address)]))
        .await;
    let mut busy = Client::connect(stage.address).await;
    let held = tokio::spawn(async move { busy.get("/held").await.unwrap().body });
    stage::eventually("the request is held", || async {
        a.requests() + b.requests() == 1
    })
    .await;
    let (loaded, free) = if a.requests() == 1 {
        (&a, "b")
    } else {
        (&b, "a")
    };
    let mut client = Client::connect(stage.address).await;
    for _ in 0..4 {
        assert_eq!(client.get("/").await.unwrap().body, free);
    }
    loaded.gate.add_permits(1);
    held.await.unwrap();
}

#[tokio::test]
async fn a_host_without_answer_is_told_apart() {
    let stage = Stage::open().await;
    let answer = once(stage.address, get("/")).await.unwrap();
    assert_eq!((answer.status(), answer.code().as_str()), (503, "no-table"));
    stage.apply(&table(1, &[])).await;
    let answer = once(stage.address, get("/")).await.unwrap();
    assert_eq!(
        (answer.status(), answer.code().as_str()),
        (503, "no-replica-ready")
    );
    assert_eq!(answer.header("retry-after"), Some("2"));
    let other = Request::get("/")
        .header("host", "other.shop.localhost")
        .body(Full::default())
        .unwrap();
    let answer = once(stage.address, other).await.unwrap();
    assert_eq!(
        (answer.status(), answer.code().as_str()),
        (404, "unknown-host")
    );
    assert!(answer.body.contains("other.shop.localhost"));
}

#[tokio::test]
async fn a_browser_is_told_of_an_unknown_host_on_a_page() {
    let stage = Stage::open().await;
    stage.apply(&table(1, &[])).await;
    let ask = Request::get("/")
        .header("host", "a&b.localhost")
        .header("accept", "text/html,*/*;q=0.8");
    let answer = once(stage.address, ask.body(Full::default()).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    for said in ["a&amp;b.localhost", "gantry status", "unknown-host"] {
        assert!(answer.body.contains(said), "{}", answer.body);
    }
}

/// Asks for a path at a host; gives status, body and place.
async fn ask(client: &mut Client, host: &str, path: &str) -> (u16, String, Option<String>) {
    let request = Request::post(path).header("host", host);
    let body = Full::new(Bytes::from("body"));
    let answer = client.whole(request.body(body).unwrap()).await.unwrap();
    let place = answer.header("location").map(str::to_owned);
    (answer.status(), answer.body, place)
}

#[tokio::test]
async fn a_domain_leads_to_its_route_or_away_with_path_query_and_port() {
    let (stage, a) = (Stage::open().await, Replica::start("a").await);
    let mut wanted = table(1, &[("web-a", a.address)]);
    for (host, leads) in [
        ("shop.example.com", Leads::Route(WEB.to_owned())),
        (
            "www.example.com",
            Leads::Redirect("shop.example.com".parse().unwrap()),
        ),
        (
            "lost.example.com",
            Leads::Route("nowhere.localhost".to_owned()),
        ),
        (WEB, Leads::Redirect("evil.example.com".parse().unwrap())),
    ] {
        wanted.domains.insert(host.parse().unwrap(), leads);
    }
    stage.apply(&wanted).await;
    let mut client = Client::connect(stage.address).await;
    let here = (200, "a".to_owned(), None);
    let away = |place: &str| (308, String::new(), Some(place.to_owned()));
    for (host, path, expected) in [
        ("shop.example.com", "/", here.clone()),
        ("Shop.Example.com.:8080", "/", here.clone()),
        (WEB, "/", here),
        ("www.example.com", "/", away("http://shop.example.com/")),
        (
            "www.example.com:8080",
            "/p/q?r=s&t=%20",
            away("http://shop.example.com:8080/p/q?r=s&t=%20"),
        ),
    ] {
        assert_eq!(
            ask(&mut client, host, path).await,
            expected,
            "{host} {path}"
        );
    }
    assert_eq!(ask(&mut client, "lost.example.com", "/").await.0, 404);
    assert_eq!(
        a.connections(),
        1,
        "hosts of one route share its connections"
    );
}

#[tokio::test]
async fn an_older_table_of_the_same_log_changes_nothing_and_one_of_another_log_does() {
    let stage = Stage::open().await;
    let (a, b) = (Replica::start("a").await, Replica::start("b").await);
    stage.apply(&table(7, &[("web-a", a.address)])).await;
    let older = table(6, &[("web-b", b.address)]);
    assert_eq!(
        stage.apply(&older).await.seq,
        Seq(7),
        "it says what is live"
    );
    assert_eq!(body(&stage).await, "a");
    let stage = stage.restart().await;
    assert_eq!(body(&stage).await, "a", "nor was it saved");
    let branch = RouteTable {
        log: LogId(Uuid::from_u128(8)),
        ..older
    };
    assert_eq!(stage.apply(&branch).await.seq, Seq(6));
    assert_eq!(body(&stage).await, "b");
}

async fn body(stage: &Stage) -> String {
    once(stage.address, get("/")).await.unwrap().body
}
