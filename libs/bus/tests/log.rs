//! The log on a real server: order, expectations, and what became of appends nobody answered.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod server;

use futures::StreamExt;
use gantry_bus::{Append, AppendOutcome, Appending, Landing, Ledger, Log, Monitor, Stored};
use gantry_events::{Seq, Time, Writer};
use server::proxy::{Proxy, Weather};
use server::{Server, commit, node_commit, until, within};

async fn read(log: &impl Log, after: u64, count: usize) -> Vec<Stored> {
    let messages = log
        .follow(Seq(after))
        .take(count)
        .map(|stored| stored.unwrap())
        .collect();
    within("the messages are read", messages).await
}

async fn stored(log: &impl Log, append: &Append) -> Seq {
    match log.append(append).await {
        AppendOutcome::Stored(seq) => seq,
        other => panic!("not stored: {other:?}"),
    }
}

#[tokio::test]
async fn messages_are_read_in_order_from_anywhere_and_as_they_land() {
    let server = Server::start().await;
    let log = server.log(&Writer::Scheduler).await;
    for n in 0..5 {
        assert_eq!(
            stored(&log, &commit(&server, Writer::Scheduler, "past", n)).await,
            Seq(n + 1)
        );
    }
    let mut follower = log.follow(Seq(2));
    for n in 3..=5 {
        let message = within("a past message comes", follower.next())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (message.seq, message.subject.as_str()),
            (Seq(n), "evt.scheduler")
        );
    }
    let live = commit(&server, Writer::Scheduler, "live", 5);
    stored(&log, &live).await;
    let message = within("the new message comes", follower.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (message.seq, &message.payload, message.mark),
        (Seq(6), &live.payload, Some(live.mark))
    );
    assert_eq!(log.tail().await.unwrap(), Seq(6));
    assert_eq!(
        log.get(Seq(6)).await.unwrap().map(|m| m.payload),
        Some(live.payload)
    );
    assert_eq!(log.get(Seq(7)).await.unwrap(), None);
}

#[tokio::test]
async fn an_append_with_a_stale_expectation_is_refused_and_others_subjects_do_not_matter() {
    let server = Server::start().await;
    let scheduler = server.log(&Writer::Scheduler).await;
    let provisioner = server.log(&Writer::Provisioner).await;
    stored(&scheduler, &commit(&server, Writer::Scheduler, "first", 0)).await;
    let second = commit(&server, Writer::Provisioner, "other subject", 0);
    assert_eq!(stored(&provisioner, &second).await, Seq(2));
    let stale = commit(&server, Writer::Scheduler, "stale", 0);
    assert_eq!(scheduler.append(&stale).await, AppendOutcome::WrongLast);
    assert_eq!(scheduler.tail().await.unwrap(), Seq(2));
}

#[tokio::test]
async fn following_goes_on_without_gap_when_the_server_dies_and_comes_back() {
    let mut server = Server::start().await;
    let log = server.log(&Writer::Scheduler).await;
    let mut follower = log.follow(Seq(0));
    for n in 0..20 {
        stored(&log, &commit(&server, Writer::Scheduler, "before", n)).await;
    }
    for n in 1..=10 {
        let message = within("a message comes", follower.next())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(message.seq, Seq(n));
    }
    server.kill();
    server.start_again();
    let after = commit(&server, Writer::Scheduler, "after", 20);
    until("the server takes appends again", async || {
        matches!(
            log.append(&after).await,
            AppendOutcome::Stored(_) | AppendOutcome::WrongLast
        )
    })
    .await;
    for n in 11..=21 {
        let message = within("a message comes again", follower.next())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(message.seq, Seq(n));
    }
}

/// Tries until the log says what became of the append in flight; gives how often was tried.
async fn settle(
    log: &impl Log,
    appending: &mut Appending,
    first: Append,
    outcome: AppendOutcome,
) -> (Landing, u32) {
    let mut follower = log.follow(Seq(0));
    let (mut tries, mut outcome) = (1, outcome);
    within("the append is settled", async {
        loop {
            appending.answered(&outcome, Time::default());
            if matches!(outcome, AppendOutcome::Stored(_) | AppendOutcome::WrongLast) {
                break;
            }
            let at = appending
                .retry_at()
                .expect("what is not settled is tried again");
            let again = appending.retry(at).expect("its time has come");
            assert_eq!(
                again, first,
                "the identical bytes with the same expectation"
            );
            tries += 1;
            outcome = log.append(&again).await;
        }
        loop {
            let message = follower.next().await.unwrap().unwrap();
            if let Some(landing) = appending.stored(&message) {
                return (landing, tries);
            }
        }
    })
    .await
}

#[tokio::test]
async fn an_append_whose_acknowledgement_was_lost_lands_once() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.port).await;
    let log = server.bus_at(&Writer::Scheduler, &proxy.url()).await.log();
    let mut appending = Appending::default();
    let append = appending.begin(commit(&server, Writer::Scheduler, "once", 0));
    proxy.set(Weather::AnswersLost);
    let outcome = log.append(&append).await;
    assert!(matches!(outcome, AppendOutcome::Unknown(_)), "{outcome:?}");
    let direct = server.log(&Writer::Api).await;
    assert_eq!(
        direct.tail().await.unwrap(),
        Seq(1),
        "the server had stored it"
    );
    proxy.set(Weather::Fine);
    proxy.cut();
    let (landing, tries) = settle(&log, &mut appending, append, outcome).await;
    assert_eq!(landing, Landing::Landed);
    assert!(tries >= 2);
    assert_eq!(direct.tail().await.unwrap(), Seq(1), "and no second time");
}

#[tokio::test]
async fn an_append_that_was_held_back_past_its_time_lands_at_most_once() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.port).await;
    let log = server.bus_at(&Writer::Scheduler, &proxy.url()).await.log();
    let mut appending = Appending::default();
    let append = appending.begin(commit(&server, Writer::Scheduler, "late", 0));
    proxy.set(Weather::RequestsHeld);
    let outcome = log.append(&append).await;
    assert!(matches!(outcome, AppendOutcome::Unknown(_)), "{outcome:?}");
    let direct = server.log(&Writer::Api).await;
    assert_eq!(
        direct.tail().await.unwrap(),
        Seq(0),
        "the server had not seen it"
    );
    proxy.set(Weather::Fine);
    let (landing, _) = settle(&log, &mut appending, append, outcome).await;
    assert_eq!(landing, Landing::Landed);
    // The held one has passed by now: an answer to a later request has come on the same connection.
    assert_eq!(log.tail().await.unwrap(), Seq(1));
}

#[tokio::test]
async fn an_append_that_was_held_back_is_lost_once_another_took_its_place() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.port).await;
    let deposed = server.bus_at(&Writer::Scheduler, &proxy.url()).await.log();
    let mut appending = Appending::default();
    let append = appending.begin(commit(&server, Writer::Scheduler, "deposed", 0));
    proxy.set(Weather::RequestsHeld);
    let outcome = deposed.append(&append).await;
    let leader = server.log(&Writer::Scheduler).await;
    stored(&leader, &commit(&server, Writer::Scheduler, "leader", 0)).await;
    proxy.set(Weather::Fine);
    let (landing, _) = settle(&deposed, &mut appending, append, outcome).await;
    assert_eq!(landing, Landing::Lost);
    assert_eq!(deposed.tail().await.unwrap(), Seq(1));
}

#[tokio::test]
async fn a_node_sees_its_own_messages_and_learns_what_became_of_an_unanswered_append() {
    let server = Server::start().await;
    stored(
        &server.log(&Writer::Scheduler).await,
        &commit(&server, Writer::Scheduler, "not the node's", 0),
    )
    .await;
    let proxy = Proxy::before(server.port).await;
    let (key, bus) = server.node_at("n1", &proxy.url()).await;
    let log = bus.node_log("n1".parse().unwrap());
    assert_eq!(log.tail().await.unwrap(), Seq(0));
    let mut follower = log.follow(Seq(0));
    let first = node_commit(&server, &key, "n1", 0);
    assert_eq!(stored(&log, &first).await, Seq(2));
    let seen = within("its own message comes", follower.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((seen.seq, &seen.payload), (Seq(2), &first.payload));
    let second = node_commit(&server, &key, "n1", 2);
    proxy.set(Weather::AnswersLost);
    let outcome = log.append(&second).await;
    assert!(matches!(outcome, AppendOutcome::Unknown(_)), "{outcome:?}");
    proxy.set(Weather::Fine);
    proxy.cut();
    until("the server answers again", async || {
        log.append(&second).await == AppendOutcome::WrongLast
    })
    .await;
    let seen = within("the unanswered one comes", follower.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((seen.seq, &seen.payload), (Seq(3), &second.payload));
    let again = read(&bus.node_log("n1".parse().unwrap()), 2, 1).await;
    assert_eq!(again[0].seq, Seq(3), "a later start sees the last one");
}

#[tokio::test]
async fn what_the_log_cannot_take_is_said_and_not_stored() {
    let server = Server::start().await;
    let log = server.log(&Writer::Scheduler).await;
    let mut big = commit(&server, Writer::Scheduler, "big", 0);
    big.payload = vec![b' '; 9 * 1024 * 1024];
    let outcome = log.append(&big).await;
    assert!(
        matches!(outcome, AppendOutcome::Unavailable(_)),
        "{outcome:?}"
    );
    big.payload.truncate(7 * 1024 * 1024);
    let full = within("the log is full", async {
        loop {
            match log.append(&big).await {
                AppendOutcome::Stored(seq) => big.expects = seq,
                other => return other,
            }
        }
    })
    .await;
    assert!(
        matches!(&full, AppendOutcome::Unavailable(why) if why.contains("maximum bytes")),
        "{full:?}"
    );
    let used = log.check_stream().await.unwrap();
    assert!(
        used.bytes > gantry_events::Bytes(used.limit.0 / 10 * 8) && used.tail == big.expects,
        "{used:?}"
    );
}

#[tokio::test]
async fn the_server_is_seen_to_write_before_it_acknowledges() {
    let server = Server::start().await;
    let monitor = Monitor::new(&server.monitor_url());
    until("the monitor answers", async || {
        monitor.health().await.is_ok()
    })
    .await;
    monitor.check_durable().await.unwrap();
    assert_eq!(
        monitor.health().await.unwrap(),
        gantry_bus::ServerHealth::Well
    );
}

#[tokio::test]
async fn all_that_was_written_is_valid_to_whoever_reads() {
    let server = Server::start().await;
    let log = server.log(&Writer::Init).await;
    let mut ledger =
        Ledger::of_control_plane(server.secrets.log, server.secrets.control_key.clone());
    stored(&log, &commit(&server, Writer::Init, "begun", 0)).await;
    for message in read(&log, 0, 1).await {
        assert!(ledger.check(&message).is_ok());
    }
}
