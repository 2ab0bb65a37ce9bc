//! What a stolen key can still do, shown.

use std::time::Duration;

use async_nats::ConnectOptions;
use futures::StreamExt;
use gantry_bus::{AppendOutcome, Ledger, Log, NodeKey, Void, mint_node};
use gantry_events::{Seq, Writer};

use crate::server::{Server, commit, until};
use crate::{SOON, all};

/// A client that names any reply it likes, as a thief of that credential would.
async fn thief(server: &Server, credential: &str, inbox: &str) -> async_nats::Client {
    let options = ConnectOptions::with_credentials(credential)
        .unwrap()
        .custom_inbox_prefix(inbox);
    options.connect(server.url()).await.unwrap()
}

/// The same with a key of the node n1.
async fn thief_of_n1(server: &Server) -> async_nats::Client {
    let key = NodeKey::generate();
    let jwt = mint_node(
        server.secrets.nodes_account(),
        &"n1".parse().unwrap(),
        &key.public_key(),
    )
    .unwrap();
    let credential = key.credential(&jwt).unwrap();
    thief(server, credential.text(), &credential.inbox()).await
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
    let thief = thief_of_n1(&server).await;
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
    let thief = thief_of_n1(&server).await;
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
