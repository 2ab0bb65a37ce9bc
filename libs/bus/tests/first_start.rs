//! The first start on a real server: from empty folders to a log that has begun, however often it is
//! run, wherever it was killed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod server;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use futures::StreamExt;
use gantry_bus::{
    FirstStart, Folder, Folders, JetStreamLog, Ledger, Log, Message, NatsBus, Owner, RoleFile,
    RoleFolder, StartError,
};
use gantry_events::{Bytes, Digest, Fact, Seq, Time, Writer};
use server::{balancer, connected, free_port, places, run, until, within};
use tempfile::TempDir;

struct Cluster {
    folder: TempDir,
    start: FirstStart,
    server: Option<Child>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl Cluster {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let found = std::fs::metadata(folder.path()).unwrap();
        let owner = Owner {
            user: found.uid(),
            group: found.gid(),
        };
        let at = |name: &str| Folder {
            path: folder.path().join(name),
            owner,
        };
        let role = |role, writer| RoleFolder {
            role,
            writer,
            folder: at(role),
        };
        let start = FirstStart {
            cluster: "test".to_owned(),
            nats_url: format!("nats://127.0.0.1:{port}"),
            api_url: "http://127.0.0.1:7070".to_owned(),
            http_port: 8081,
            registry_port: 5001,
            server: places(folder.path(), port, free_port()),
            log_limit: Bytes(64 << 20),
            deadline: Duration::from_secs(20),
            folders: Folders {
                secrets: at("secrets"),
                server: at("server"),
                roles: vec![
                    role("api", Writer::Api),
                    role("scheduler", Writer::Scheduler),
                    role("provisioner", Writer::Provisioner),
                    role("lb-sync", balancer()),
                ],
                operator: at("operator"),
                given: vec![at("api-data")],
                shared: vec![at("ingress-socket")],
            },
        };
        Self {
            folder,
            start,
            server: None,
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// As the supervisor does: the server runs once its configuration is there.
    async fn run_server(&mut self) {
        let config = self.path("server/nats.conf");
        until("the configuration is written", async || config.is_file()).await;
        self.server = Some(run(config.parent().unwrap()));
    }

    async fn begin(&mut self) {
        let start = self.start.clone();
        let first = tokio::spawn(async move { start.run(Time::from_unix_millis(1)).await });
        self.run_server().await;
        within("the first start ends", first)
            .await
            .unwrap()
            .unwrap();
    }

    async fn log(&self) -> JetStreamLog {
        let role = RoleFile::load(&self.path("scheduler")).unwrap();
        connected(
            NatsBus::connect(&self.start.nats_url, &role.bus)
                .await
                .unwrap(),
        )
        .await
        .log()
    }

    async fn limit(&self) -> Bytes {
        self.log().await.check_stream().await.unwrap().limit
    }

    /// Every file that the first start wrote, with mode and content.
    fn files(&self) -> BTreeMap<String, (u32, Vec<u8>)> {
        let mut files = BTreeMap::new();
        for folder in [
            "secrets",
            "server",
            "api",
            "scheduler",
            "provisioner",
            "lb-sync",
            "operator",
            "api-data",
        ] {
            assert_eq!(
                std::fs::metadata(self.path(folder)).unwrap().mode() & 0o777,
                0o700,
                "{folder}"
            );
            for file in std::fs::read_dir(self.path(folder)).unwrap() {
                let path = file.unwrap().path();
                let name = path
                    .strip_prefix(self.folder.path())
                    .unwrap()
                    .display()
                    .to_string();
                files.insert(
                    name,
                    (
                        std::fs::metadata(&path).unwrap().mode() & 0o777,
                        std::fs::read(&path).unwrap(),
                    ),
                );
            }
        }
        files.remove("server/nats.log");
        files
    }
}

#[tokio::test]
async fn from_empty_folders_a_log_begins_and_each_role_gets_its_own_keys() {
    let mut cluster = Cluster::new();
    cluster.begin().await;
    let api = RoleFile::load(&cluster.path("api")).unwrap();
    let scheduler = RoleFile::load(&cluster.path("scheduler")).unwrap();
    let provisioner = RoleFile::load(&cluster.path("provisioner")).unwrap();
    let balancer = RoleFile::load(&cluster.path("lb-sync")).unwrap();
    let held = |role: &RoleFile| {
        (
            role.answer_key.is_some(),
            role.join_key.is_some(),
            role.nodes_account_seed.is_some(),
            role.token_hash.is_some(),
        )
    };
    assert_eq!(held(&api), (false, true, true, true));
    assert_eq!(held(&scheduler), (true, false, false, false));
    assert_eq!(held(&provisioner), (false, true, false, false));
    assert_eq!(held(&balancer), (false, false, false, false));
    let env = std::fs::read_to_string(cluster.path("operator/env")).unwrap();
    let token = env
        .lines()
        .find_map(|line| line.strip_prefix("export GANTRY_TOKEN="))
        .unwrap();
    assert_eq!(api.token_hash, Some(Digest::of(token.as_bytes())));
    assert!(
        env.starts_with("export GANTRY_URL=http://127.0.0.1:7070\n"),
        "{env}"
    );
    assert!(
        env.ends_with("export GANTRY_HTTP_PORT=8081\nexport GANTRY_REGISTRY_PORT=5001\n"),
        "{env}"
    );
    for (name, (mode, content)) in cluster.files() {
        assert_eq!(
            mode,
            if name == "server/nats.conf" {
                0o644
            } else {
                0o600
            },
            "{name}"
        );
        let tells = content
            .windows(token.len())
            .any(|bytes| bytes == token.as_bytes());
        assert_eq!(
            tells,
            ["secrets/secrets.toml", "operator/env"].contains(&name.as_str()),
            "{name}"
        );
    }
    let first = within("a message", cluster.log().await.follow(Seq(0)).next())
        .await
        .unwrap()
        .unwrap();
    let mut ledger = Ledger::of_control_plane(scheduler.log, scheduler.control_key);
    let Ok(Message::Commit(Writer::Init, commit)) = ledger.check(&first) else {
        panic!("the first message is no valid commit of the first start");
    };
    assert!(
        matches!(&commit.events[0].fact, Fact::LogBegun(begun) if begun.log == api.log && begun.cluster == "test")
    );
}

#[tokio::test]
async fn run_again_it_changes_nothing() {
    let mut cluster = Cluster::new();
    cluster.begin().await;
    let before = cluster.files();
    cluster.start.run(Time::from_unix_millis(2)).await.unwrap();
    assert_eq!(cluster.files(), before);
    assert_eq!(cluster.log().await.tail().await.unwrap(), Seq(1));
}

#[tokio::test]
async fn a_log_for_which_there_is_no_room_is_refused_at_once_with_what_to_do() {
    let mut cluster = Cluster::new();
    cluster.start.log_limit = Bytes(1 << 60);
    let start = cluster.start.clone();
    let first = tokio::spawn(async move { start.run(Time::from_unix_millis(1)).await });
    cluster.run_server().await;
    let error = within("the first start ends", first)
        .await
        .unwrap()
        .unwrap_err();
    let said = error.to_string();
    assert!(said.contains("no room for a log of"), "{said}");
    assert!(said.contains("GANTRY_LOG_LIMIT"), "{said}");

    cluster.start.log_limit = Bytes(64 << 20);
    cluster.start.run(Time::from_unix_millis(2)).await.unwrap();
    assert_eq!(cluster.log().await.tail().await.unwrap(), Seq(1));
}

#[tokio::test]
async fn a_log_grows_when_it_is_given_more_and_keeps_what_it_was_given() {
    let mut cluster = Cluster::new();
    cluster.begin().await;
    for (given, has) in [(32 << 20, 64 << 20), (128 << 20, 128 << 20)] {
        cluster.start.log_limit = Bytes(given);
        cluster.start.run(Time::from_unix_millis(2)).await.unwrap();
        assert_eq!(cluster.limit().await, Bytes(has));
    }
}

#[tokio::test]
async fn killed_at_any_file_the_next_run_finishes_it() {
    let mut cluster = Cluster::new();
    cluster.begin().await;
    let whole = cluster.files();
    // What is written after the secrets may be there or not, whole or half-way beside its place.
    for name in whole.keys().filter(|name| *name != "secrets/secrets.toml") {
        let path = cluster.path(name);
        std::fs::rename(&path, path.with_extension("new")).unwrap();
        std::fs::write(path.with_extension("new"), "half").unwrap();
        cluster.start.run(Time::from_unix_millis(3)).await.unwrap();
        assert_eq!(cluster.files(), whole, "{name}");
    }
    assert_eq!(cluster.log().await.tail().await.unwrap(), Seq(1));
}

#[tokio::test]
async fn a_server_that_never_comes_is_waited_for_until_the_deadline() {
    let mut cluster = Cluster::new();
    cluster.start.deadline = Duration::from_millis(300);
    let error = cluster
        .start
        .run(Time::from_unix_millis(1))
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::NotReady { .. }), "{error}");
    cluster.start.deadline = Duration::from_secs(20);
    cluster.begin().await;
}

#[tokio::test]
async fn lost_secrets_another_cluster_and_another_log_are_refused_with_what_to_do() {
    let mut cluster = Cluster::new();
    cluster.begin().await;
    let secrets = cluster.path("secrets/secrets.toml");
    let text = std::fs::read_to_string(&secrets).unwrap();

    std::fs::remove_file(&secrets).unwrap();
    let error = cluster
        .start
        .run(Time::from_unix_millis(4))
        .await
        .unwrap_err();
    assert!(matches!(&error, StartError::SecretsLost { .. }), "{error}");
    assert!(
        error.to_string().contains("restore them from a backup"),
        "{error}"
    );

    let other = FirstStart {
        cluster: "other".to_owned(),
        ..cluster.start.clone()
    };
    std::fs::write(&secrets, &text).unwrap();
    let error = other.run(Time::from_unix_millis(4)).await.unwrap_err();
    assert!(matches!(&error, StartError::OtherCluster { .. }), "{error}");

    let log = RoleFile::load(&cluster.path("api"))
        .unwrap()
        .log
        .to_string();
    std::fs::write(
        &secrets,
        text.replace(&log, "01890000-0000-7000-8000-000000000000"),
    )
    .unwrap();
    let error = cluster
        .start
        .run(Time::from_unix_millis(4))
        .await
        .unwrap_err();
    assert!(matches!(&error, StartError::OtherLog { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("give the server its own data folder back"),
        "{error}"
    );
}

#[test]
fn a_path_that_cannot_be_is_named() {
    let missing = RoleFile::load(Path::new("/nowhere/at/all")).unwrap_err();
    assert!(
        missing.to_string().starts_with("/nowhere/at/all/role.toml"),
        "{missing}"
    );
}
