//! Identities on a real server: each may do what its work needs, and nothing else; and what a stolen
//! key can still do, shown.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

#[path = "../server/mod.rs"]
mod server;
mod stolen;

use std::time::Duration;

use futures::StreamExt;
use gantry_bus::{AppendOutcome, AskError, Log, NatsBus, NodeKey, Stored, mint_node};
use gantry_events::{Seq, Writer};
use server::{Server, commit, node_commit, until, within, writers};

const SOON: Duration = Duration::from_secs(5);

/// Every message of the log so far.
async fn all(server: &Server) -> Vec<Stored> {
    let log = server.log(&Writer::Init).await;
    let tail = usize::try_from(log.tail().await.unwrap().0).unwrap();
    within(
        "the log is read",
        log.follow(Seq(0))
            .take(tail)
            .map(|stored| stored.unwrap())
            .collect(),
    )
    .await
}

/// A subject that this identity may not publish to, and one that it may not hear, are refused and counted.
async fn is_refused(bus: &NatsBus, publish: &[String], subscribe: &[String]) {
    for subject in publish {
        let before = bus.forbidden();
        bus.publish(subject, b"{}".to_vec()).await.unwrap();
        until(
            &format!("{} may not publish {subject}", bus.name()),
            async || bus.forbidden() > before,
        )
        .await;
    }
    for subject in subscribe {
        let before = bus.forbidden();
        let _heard = bus.subscribe(subject).await.unwrap();
        until(
            &format!("{} may not hear {subject}", bus.name()),
            async || bus.forbidden() > before,
        )
        .await;
    }
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|subject| (*subject).to_owned()).collect()
}

#[tokio::test]
async fn every_writer_of_the_control_plane_writes_its_own_and_reads_all() {
    let server = Server::start().await;
    for (n, writer) in (1..).zip(writers()) {
        let bus = server.bus(&writer).await;
        let log = bus.log();
        let append = commit(&server, writer.clone(), "own", 0);
        assert_eq!(
            log.append(&append).await,
            AppendOutcome::Stored(Seq(n)),
            "{}",
            bus.name()
        );
        assert_eq!(log.tail().await.unwrap(), Seq(n));
        assert_eq!(
            log.last_on(&append.subject).await.unwrap().unwrap().seq,
            Seq(n)
        );
        assert_eq!(log.get(Seq(1)).await.unwrap().unwrap().seq, Seq(1));
        let mut messages = log.follow(Seq(n - 1));
        assert_eq!(
            within("it reads", messages.next())
                .await
                .unwrap()
                .unwrap()
                .payload,
            append.payload
        );
        log.check_stream().await.unwrap();
        assert_eq!(bus.forbidden(), 0, "{}", bus.name());
    }
    let api = server.bus(&Writer::Api).await;
    for decider in gantry_events::Decider::ALL {
        let mut command = commit(&server, Writer::Api, "a command", 0);
        command.subject = gantry_events::LogSubject::Commands(decider);
        assert!(matches!(
            api.log().append(&command).await,
            AppendOutcome::Stored(_)
        ));
    }
}

#[tokio::test]
async fn no_writer_of_the_control_plane_writes_anothers_subject_or_touches_streams() {
    let server = Server::start().await;
    let tail = server.log(&Writer::Init).await.tail().await.unwrap();
    let logged = [
        "evt.init",
        "evt.api",
        "evt.scheduler",
        "evt.provisioner",
        "evt.balancer.b1",
        "cmd.scheduler",
    ];
    for writer in writers()
        .into_iter()
        .filter(|writer| *writer != Writer::Init)
    {
        let bus = server.bus(&writer).await;
        let own = gantry_events::LogSubject::Facts(writer.clone()).to_string();
        let foreign = logged.iter().filter(|subject| **subject != own);
        let foreign =
            foreign.filter(|subject| !(writer == Writer::Api && subject.starts_with("cmd.")));
        let mut publish: Vec<String> = foreign.map(|subject| (*subject).to_owned()).collect();
        publish.extend(owned(&[
            "evt.node.n1",
            "evt.balancer.b2",
            "$JS.API.STREAM.DELETE.LOG",
            "$JS.API.STREAM.PURGE.LOG",
            "$JS.API.STREAM.UPDATE.LOG",
            "$JS.API.STREAM.MSG.DELETE.LOG",
            "$JS.API.STREAM.CREATE.OTHER",
            "$KV.LEASES.another",
            "ask.want.n1",
        ]));
        is_refused(
            &bus,
            &publish,
            &owned(&[
                ">",
                "evt.>",
                "_INBOX.>",
                "_INBOX_node-n1.>",
                "_INBOX_init.>",
            ]),
        )
        .await;
    }
    assert_eq!(
        server.log(&Writer::Init).await.tail().await.unwrap(),
        tail,
        "nothing was stored"
    );
}

#[tokio::test]
async fn a_node_speaks_with_the_control_plane_across_accounts() {
    let server = Server::start().await;
    let (key, node) = server.node("n1").await;
    let (scheduler, api) = (
        server.bus(&Writer::Scheduler).await,
        server.bus(&Writer::Api).await,
    );
    let mut beats = api.subscribe("hb.>").await.unwrap();
    let mut asked = scheduler.serve("ask.want.*").await.unwrap();
    let mut wanted = node.subscribe("want.n1").await.unwrap();
    let mut lines = node.serve("ask.node.n1").await.unwrap();

    let log = node.node_log("n1".parse().unwrap());
    let own = node_commit(&server, &key, "n1", 0);
    assert_eq!(log.append(&own).await, AppendOutcome::Stored(Seq(1)));
    assert_eq!(log.append(&own).await, AppendOutcome::WrongLast);
    assert_eq!(
        all(&server).await[0].mark,
        Some(own.mark),
        "the mark crosses accounts"
    );

    until("the beat arrives", async || {
        node.publish("hb.n1", b"beat".to_vec()).await.unwrap();
        tokio::time::timeout(Duration::from_millis(200), beats.next())
            .await
            .is_ok()
    })
    .await;
    let answer = async {
        let question = asked.next().await.unwrap();
        assert_eq!(question.subject, "ask.want.n1");
        question.answer(b"run web".to_vec()).await;
    };
    let (said, ()) = tokio::join!(
        node.ask("ask.want.n1", Vec::new(), SOON),
        within("it is asked", answer)
    );
    assert_eq!(said.unwrap(), b"run web");
    let answer = async { lines.next().await.unwrap().answer(b"a line".to_vec()).await };
    let (said, ()) = tokio::join!(
        api.ask("ask.node.n1", Vec::new(), SOON),
        within("it is asked", answer)
    );
    assert_eq!(said.unwrap(), b"a line");
    scheduler
        .publish("want.n1", b"run web".to_vec())
        .await
        .unwrap();
    assert_eq!(
        within("it is told", wanted.next()).await.unwrap(),
        ("want.n1".to_owned(), b"run web".to_vec())
    );
    assert_eq!(
        api.ask("ask.scheduler", Vec::new(), SOON).await,
        Err(AskError::Nobody("ask.scheduler".to_owned()))
    );
    assert_eq!(
        (node.forbidden(), scheduler.forbidden(), api.forbidden()),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn a_node_reaches_nothing_but_its_own() {
    let server = Server::start().await;
    let (_, node) = server.node("n1").await;
    let publish = [
        "evt.node.n2",
        "evt.scheduler",
        "cmd.scheduler",
        "ask.want.n2",
        "ask.spec.n2",
        "ask.scheduler",
        "ask.node.n2",
        "hb.n2",
        "want.n2",
        "$JS.API.DIRECT.GET.LOG",
        "$JS.API.DIRECT.GET.LOG.evt.node.n2",
        "$JS.API.DIRECT.GET.LOG.evt.scheduler",
        "$JS.API.CONSUMER.CREATE.LOG",
        "$JS.API.STREAM.INFO.LOG",
        "$KV.LEASES.scheduler",
    ];
    let subscribe = [
        "want.n2",
        "want.*",
        "ask.node.n2",
        "ask.want.n1",
        "evt.>",
        "hb.*",
        ">",
        "_INBOX.>",
        "_INBOX_node-n2.>",
    ];
    is_refused(&node, &owned(&publish), &owned(&subscribe)).await;
    assert_eq!(all(&server).await, []);
}

#[tokio::test]
async fn the_same_key_gets_the_same_identity_and_what_is_no_key_gets_none() {
    let server = Server::start().await;
    let (account, n1) = (server.secrets.nodes_account(), "n1".parse().unwrap());
    let key = NodeKey::generate().public_key();
    assert_eq!(mint_node(account, &n1, &key), mint_node(account, &n1, &key));
    for wrong in [
        "",
        "U",
        "UAAA",
        &NodeKey::generate().seed(),
        &key.to_lowercase(),
    ] {
        assert!(mint_node(account, &n1, wrong).is_err(), "{wrong}");
    }
}
