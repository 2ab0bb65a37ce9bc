//! Tables that are swapped while clients ask, and one that is kept over a restart.

#![allow(clippy::unwrap_used, reason = "tests")]

mod stage;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use gantry_events::{Millis, Seq};
use stage::client::{Client, get, once};
use stage::replica::Replica;
use stage::{Stage, draining, eventually, table};

const LONG: Millis = Millis(60_000);

/// Clients that ask without a pause, each on a connection of its own.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    clients: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Load {
    fn begin(address: std::net::SocketAddr, clients: usize) -> Self {
        let (stop, answered) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let ask = |_| tokio::spawn(ask(address, stop.clone(), answered.clone()));
        Self {
            clients: (0..clients).map(ask).collect(),
            stop,
            answered,
        }
    }

    /// Everything that went wrong.
    async fn end(self) -> Vec<String> {
        self.stop.store(true, Ordering::SeqCst);
        futures::future::join_all(self.clients)
            .await
            .into_iter()
            .flat_map(Result::unwrap)
            .collect()
    }
}

async fn ask(
    address: std::net::SocketAddr,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
) -> Vec<String> {
    let mut client = Client::connect(address).await;
    let mut wrong = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        match client.get("/").await {
            Ok(answer) if answer.status() == 200 => {
                answered.fetch_add(1, Ordering::SeqCst);
            }
            Ok(answer) => wrong.push(format!("{} {}", answer.status(), answer.body)),
            Err(error) => {
                wrong.push(error.to_string());
                client = Client::connect(address).await;
            }
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_swapped_under_64_connections_fail_no_request_and_what_is_let_go_gets_none() {
    let stage = Stage::open().await;
    let all = [
        ("web-a", Replica::start("a").await),
        ("web-b", Replica::start("b").await),
        ("web-c", Replica::start("c").await),
    ];
    let routes: Vec<_> = all
        .iter()
        .map(|(id, replica)| (*id, replica.address))
        .collect();
    stage.apply(&table(1, &routes)).await;
    let load = Load::begin(stage.address, 64);
    for round in 1..=12_u64 {
        let out = usize::try_from(round).unwrap() % all.len();
        let (id, replica) = &all[out];
        let rest: Vec<_> = routes
            .iter()
            .filter(|(other, _)| other != id)
            .copied()
            .collect();
        stage
            .apply(&draining(table(2 * round, &rest), &[id], LONG))
            .await;
        eventually("it is let go", || async {
            !stage.status().await.unwrap().0.released.is_empty()
        })
        .await;
        let (requests, answered) = (replica.requests(), load.answered.load(Ordering::SeqCst));
        eventually("others answer", || async {
            load.answered.load(Ordering::SeqCst) > answered + 64
        })
        .await;
        assert_eq!(
            replica.requests(),
            requests,
            "{id} was let go and got a request"
        );
        stage.apply(&table(2 * round + 1, &routes)).await;
    }
    assert_eq!(load.end().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_restart_begins_with_the_saved_table() {
    let stage = Stage::open().await;
    let a = Replica::start("a").await;
    let wanted = table(9, &[("web-a", a.address)]);
    stage.apply(&wanted).await;
    let stage = stage.restart().await;
    assert_eq!(once(stage.address, get("/")).await.unwrap().body, "a");
    let (status, _) = stage.status().await.unwrap();
    assert_eq!((status.log, status.seq), (wanted.log, Seq(9)));
}
