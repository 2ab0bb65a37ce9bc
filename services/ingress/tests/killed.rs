//! SIGKILL to the process of an ingress: the next one answers from the saved table, with nobody to bring it
//! one, and holds nothing of what drained when the other died.

#![allow(clippy::unwrap_used, reason = "tests")]

mod stage;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gantry_events::{Millis, RouteTable, TableStatus};
use gantry_ingress::Settings;
use gantry_runtime::Process;
use stage::client::{get, once};
use stage::replica::{Replica, nobody};
use stage::{PATIENCE, draining, key, table};

/// Where the ingress of a process listens and keeps its files, as its parent says.
const ADDRESS: &str = "STAGE_INGRESS_ADDRESS";
const FOLDER: &str = "STAGE_INGRESS_FOLDER";

/// How soon the next process must answer.
const SOON: Duration = Duration::from_secs(2);

/// An ingress in a process of its own: this very program, which then runs only [`is_an_ingress`].
struct Killable {
    child: Child,
}

impl Killable {
    fn start(address: SocketAddr, folder: &Path) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "is_an_ingress", "--nocapture"])
            .env(ADDRESS, address.to_string())
            .env(FOLDER, folder)
            .stdout(Stdio::null())
            .spawn();
        Self {
            child: child.unwrap(),
        }
    }
}

impl Drop for Killable {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Run by itself this says nothing; run by [`Killable`] it serves until it is killed.
#[tokio::test]
async fn is_an_ingress() {
    let (Ok(address), Some(folder)) = (std::env::var(ADDRESS), std::env::var_os(FOLDER)) else {
        return;
    };
    let folder = PathBuf::from(folder);
    let settings = Settings {
        http_address: address.parse().unwrap(),
        ingress_socket: folder.join("ingress.sock"),
        ingress_table: folder.join("table.json"),
        ..Settings::default()
    };
    let (process, _supervisor) = Process::start();
    gantry_ingress::run(process, settings).await.unwrap();
    std::future::pending::<()>().await;
}

async fn answered(address: SocketAddr) -> Duration {
    let begun = Instant::now();
    stage::eventually("it answers", || async {
        if tokio::net::TcpStream::connect(address).await.is_err() {
            return false;
        }
        once(address, get("/"))
            .await
            .is_ok_and(|answer| answer.body == "a")
    })
    .await;
    begun.elapsed()
}

async fn applied(folder: &Path, wanted: &RouteTable) -> TableStatus {
    let socket = folder.join("ingress.sock");
    stage::eventually("its socket is there", || async {
        tokio::net::UnixStream::connect(&socket).await.is_ok()
    })
    .await;
    stage::apply_at(&socket, wanted).await
}

#[tokio::test]
async fn the_next_process_answers_from_the_saved_table_and_holds_nothing() {
    let (a, b) = (Replica::start("a").await, Replica::start("b").await);
    let (address, folder) = (nobody().await, tempfile::tempdir().unwrap());
    let first = Killable::start(address, folder.path());
    applied(folder.path(), &table(1, &[("web-b", b.address)])).await;
    let held = tokio::spawn(async move { once(address, get("/held")).await });
    stage::eventually("b holds a request", || async { b.requests() == 1 }).await;
    let wanted = draining(
        table(2, &[("web-a", a.address)]),
        &["web-b"],
        Millis(60_000),
    );
    let status = applied(folder.path(), &wanted).await;
    assert_eq!(status.released, [].into(), "b still holds a request");

    drop(first);
    let lost = tokio::time::timeout(PATIENCE, held).await.unwrap().unwrap();
    assert!(lost.is_err(), "what was in flight goes with the process");
    let _next = Killable::start(address, folder.path());
    let took = answered(address).await;
    assert!(took < SOON * 3, "it took {took:?}");
    let (status, _) = stage::status_at(&folder.path().join("ingress.sock"))
        .await
        .unwrap();
    assert_eq!(
        (status.seq, status.released),
        (wanted.seq, [key("web-b")].into())
    );
}
