//! What the api refuses to start on.

use std::process::Child;

use gantry_api::{Settings, start};
use gantry_bus::credentials::{Secrets, server_config};
use gantry_bus::{Log, NatsBus};
use gantry_events::{Bytes, LogId, Seq, Time, Writer};
use gantry_read_model::{Content, LogMessage, Store};
use gantry_runtime::Process;
use tempfile::TempDir;

use crate::server::{Server, connected, free_port, places, run, until, within, writers};
use crate::world::{begun, settings};

/// A server without streams, on a configuration changed by the test.
struct Bare {
    secrets: Secrets,
    settings: Settings,
    child: Child,
    _folder: TempDir,
}

impl Bare {
    fn start(change: fn(String) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Time::from_unix_millis(1_700_000_000_000);
        let secrets = Secrets::roll("test", &writers(), now);
        let (port, monitor) = (free_port(), free_port());
        let config = server_config(&secrets, &places(folder.path(), port, monitor));
        std::fs::write(folder.path().join("nats.conf"), change(config)).unwrap();
        let settings = Settings {
            nats_url: format!("nats://127.0.0.1:{port}"),
            nats_monitor_url: format!("http://127.0.0.1:{monitor}"),
            ..settings(&secrets, &folder)
        };
        Self {
            secrets,
            settings,
            child: run(folder.path()),
            _folder: folder,
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Why the api ended by itself.
async fn ended(settings: Settings) -> String {
    let (process, supervisor) = Process::start();
    start(&process, settings).await.unwrap();
    let ended = within("the api ends", supervisor.wait()).await;
    ended.unwrap_err().to_string()
}

/// Settings for an api on this server.
fn on(server: &Server, folder: &TempDir) -> Settings {
    Settings {
        nats_url: server.url(),
        nats_monitor_url: server.monitor_url(),
        ..settings(&server.secrets, folder)
    }
}

/// Writes the credential folder anew with another log id.
fn other_log(settings: &Settings, log: LogId) {
    let path = settings.creds.join("role.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text.lines().map(|line| match line.starts_with("log = ") {
        true => format!("log = \"{log}\""),
        false => line.to_owned(),
    });
    std::fs::write(path, lines.collect::<Vec<_>>().join("\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_log_is_refused() {
    let (server, folder) = (begun().await, tempfile::tempdir().unwrap());
    let settings = on(&server, &folder);
    other_log(&settings, LogId(uuid::Uuid::nil()));
    let why = ended(settings).await;
    let found = format!("holds log {}", server.secrets.log);
    assert!(why.contains(&found), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_shorter_than_what_was_seen_is_refused() {
    let (server, folder) = (begun().await, tempfile::tempdir().unwrap());
    let settings = on(&server, &folder);
    let opened = Store::open(&settings.read_model, server.secrets.log).await;
    let mut store = opened.unwrap();
    let void = |seq| LogMessage {
        seq: Seq(seq),
        subject: "evt.init".to_owned(),
        content: Content::Void,
    };
    store.apply(&[void(1), void(2), void(3)]).await.unwrap();
    store.close().await.unwrap();
    let why = ended(settings).await;
    assert!(why.contains("ends at 1, but 3 was seen before"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forgets_is_refused_unless_told_otherwise() {
    let bare = Bare::start(|config| config.replace("\"always\"", "\"2m\""));
    let why = ended(bare.settings.clone()).await;
    assert!(why.contains("sync_interval: always"), "{why}");
    assert!(why.contains("unsafe_dev = true"), "{why}");
    let credential = bare.secrets.credential(&Writer::Init).unwrap();
    let bus = NatsBus::connect(&bare.settings.nats_url, &credential).await;
    let log = connected(bus.unwrap()).await.log();
    log.create_streams(Bytes(64 << 20)).await.unwrap();
    let settings = Settings {
        unsafe_dev: true,
        ..bare.settings.clone()
    };
    let (process, supervisor) = Process::start();
    start(&process, settings).await.unwrap();
    let waiting = async || {
        let waiting = process.health.waiting_for();
        waiting
            .get("inspection")
            .is_some_and(|why| why.contains("the log to begin"))
    };
    until("only the log's beginning is waited for", waiting).await;
    assert_eq!(log.tail().await.unwrap(), Seq(0));
    supervisor.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_the_log_is_refused() {
    let bare = Bare::start(|config| config);
    let why = ended(bare.settings.clone()).await;
    assert!(why.contains("there is no stream LOG"), "{why}");
}
