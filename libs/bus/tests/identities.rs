//! Identities on a real server: each may do what its work needs, and nothing else; and what a stolen
//! key can still do, shown.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod server;

use std::time::Duration;

use async_nats::ConnectOptions;
use futures::StreamExt;
use gantry_bus::{AppendOutcome, AskError, Ledger, Log, NatsBus, NodeKey, Stored, Void, mint_node};
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

/// A client that names any reply it likes, as a thief of that credential would.
async fn thief(server: &Server, credential: &str, inbox: &str) -> async_nats::Client {
    let options = ConnectOptions::with_credentials(credential)
        .unwrap()
        .custom_inbox_prefix(inbox);
    options.connect(server.url()).await.unwrap()
}

/// Subjects that a stolen node key may want to reach, none of them its own.
const TARGETS: [&str; 6] = [
    "evt.scheduler",
    "evt.node.n2",
    "cmd.scheduler",
    "evt.init",
    "$KV.LEASES.scheduler",
    "$KV.LEASES.api",
];

/// The server does not check what a client names as reply, and sends the answer there: an
/// acknowledgement, or a stored message with its headers. From the nodes' account it gets nowhere.
#[tokio::test]
async fn a_stolen_node_key_stores_nothing_elsewhere_by_naming_it_as_reply() {
    let server = Server::start().await;
    let key = NodeKey::generate();
    let jwt = mint_node(
        server.secrets.nodes_account(),
        &"n1".parse().unwrap(),
        &key.public_key(),
    )
    .unwrap();
    let credential = key.credential(&jwt).unwrap();
    let thief = thief(&server, credential.text(), &credential.inbox()).await;
    let scheduler = server.bus(&Writer::Scheduler).await;
    let mut asked = scheduler.serve("ask.want.*").await.unwrap();
    let answering = async {
        while let Some(question) = asked.next().await {
            question.answer(b"an answer".to_vec()).await;
        }
    };
    let attack = async {
        await_responder(&thief, "ask.want.n1").await;
        for target in TARGETS {
            for through in [
                "evt.node.n1",
                "ask.want.n1",
                "$JS.API.DIRECT.GET.LOG.evt.node.n1",
            ] {
                thief
                    .publish_with_reply(through, target, "stolen".into())
                    .await
                    .unwrap();
            }
        }
        // Answered on the same way behind all of them, so they have passed.
        thief.request("ask.want.n1", "".into()).await.unwrap();
        thief
            .request("$JS.API.DIRECT.GET.LOG.evt.node.n1", "".into())
            .await
            .unwrap();
    };
    tokio::select! {
        () = answering => {}
        () = attack => {}
    }
    let stored: Vec<String> = all(&server)
        .await
        .into_iter()
        .map(|message| message.subject)
        .collect();
    assert_eq!(
        stored,
        ["evt.node.n1"; TARGETS.len()],
        "its own subject, and no other"
    );
}

/// Waits until somebody answers there: a subscription of another connection takes a moment to be known.
async fn await_responder(client: &async_nats::Client, subject: &'static str) {
    let answered = async {
        while client.request(subject, "".into()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    let deadline = Duration::from_secs(10);
    tokio::time::timeout(deadline, answered)
        .await
        .expect("somebody answers");
}

/// What is left to it: inside the nodes' account an answer does reach another node. So what is signed
/// for one node must name that node.
#[tokio::test]
async fn a_stolen_node_key_can_send_another_node_what_was_signed_for_itself() {
    let server = Server::start().await;
    let key = NodeKey::generate();
    let jwt = mint_node(
        server.secrets.nodes_account(),
        &"n1".parse().unwrap(),
        &key.public_key(),
    )
    .unwrap();
    let credential = key.credential(&jwt).unwrap();
    let thief = thief(&server, credential.text(), &credential.inbox()).await;
    let (_, victim) = server.node("n2").await;
    let mut heard = victim.subscribe("want.n2").await.unwrap();
    let scheduler = server.bus(&Writer::Scheduler).await;
    let mut asked = scheduler.serve("ask.want.*").await.unwrap();
    until(
        "the victim hears the answer that was meant for the thief",
        async || {
            thief
                .publish_with_reply("ask.want.n1", "want.n2", "".into())
                .await
                .unwrap();
            let Ok(Some(question)) = tokio::time::timeout(SOON, asked.next()).await else {
                return false;
            };
            question.answer(b"signed for n1".to_vec()).await;
            let heard = tokio::time::timeout(Duration::from_millis(500), heard.next()).await;
            heard
                .is_ok_and(|heard| heard == Some(("want.n2".to_owned(), b"signed for n1".to_vec())))
        },
    )
    .await;
}

/// Inside the control plane's account the trick works, and leaves void messages that stop nobody.
#[tokio::test]
async fn a_reply_trick_inside_the_control_plane_leaves_void_messages_that_stop_nobody() {
    let server = Server::start().await;
    let credential = server.secrets.credential(&Writer::Provisioner).unwrap();
    let thief = thief(&server, credential.text(), &credential.inbox()).await;
    thief
        .publish_with_reply("evt.provisioner", "evt.init", "stolen".into())
        .await
        .unwrap();
    let log = server.log(&Writer::Init).await;
    until("the acknowledgement is stored as a message", async || {
        log.tail().await.unwrap() >= Seq(2)
    })
    .await;
    let honest = commit(&server, Writer::Init, "honest", 2);
    assert_eq!(log.append(&honest).await, AppendOutcome::Stored(Seq(3)));
    let mut ledger =
        Ledger::of_control_plane(server.secrets.log, server.secrets.control_key.clone());
    let verdicts: Vec<(String, Option<Void>)> = all(&server)
        .await
        .iter()
        .map(|m| (m.subject.clone(), ledger.check(m).err()))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("evt.provisioner".to_owned(), Some(Void::Mark)),
            ("evt.init".to_owned(), Some(Void::Mark)),
            ("evt.init".to_owned(), None),
        ]
    );
}
