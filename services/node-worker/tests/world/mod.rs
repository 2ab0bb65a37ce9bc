//! A real engine for tests: an image made from busybox, and names of this test's own.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on may end"
)]

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gantry_events::{Digest, Millis, NodeId, ReleaseNumber, ReplicaKey};
use gantry_node_worker::docker::{Engine, Ours};
use gantry_node_worker::files::Files;
use gantry_node_worker_core::Creation;
use gantry_spec::{ContainerSpec, Health, HealthCheck, Resources};

pub const SOCKET: &str = "/var/run/docker.sock";

/// Image of busybox alone, made once.
pub fn image() -> String {
    let name = "gantry-node-test:1";
    if !docker(&["image", "inspect", name]).0 {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        std::fs::create_dir_all(folder.path().join("www")).unwrap();
        std::fs::write(folder.path().join("www/index.html"), "hello").unwrap();
        std::fs::create_dir(&bin).unwrap();
        std::fs::copy("/bin/busybox", bin.join("busybox")).unwrap();
        std::os::unix::fs::symlink("busybox", bin.join("sh")).unwrap();
        let folder = folder.path().display();
        let import = format!("tar -C {folder} -c . | docker import -c 'ENV PATH=/bin' - {name}");
        let imported = Command::new("sh").args(["-c", &import]).output().unwrap();
        assert!(imported.status.success(), "the image cannot be made");
    }
    name.to_owned()
}

/// Whether a docker command succeeded, and what it wrote.
pub fn docker(arguments: &[&str]) -> (bool, String) {
    let output = Command::new("docker").args(arguments).output().unwrap();
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// One cluster on the engine; everything of it goes when it is dropped.
pub struct World {
    pub cluster: String,
    pub project: String,
    files: PathBuf,
}

impl World {
    pub fn new(name: &str) -> Self {
        let id = std::process::id();
        Self {
            cluster: format!("node-test-{name}-{id}"),
            project: format!("t{name}{id}"),
            files: std::env::temp_dir().join(format!("gantry-node-test-{name}-{id}")),
        }
    }

    pub fn node(&self) -> NodeId {
        "n1".parse().unwrap()
    }

    pub fn engine(&self) -> Arc<Engine> {
        Arc::new(Engine::new(
            SOCKET,
            Ours {
                cluster: self.cluster.clone(),
                node: self.node(),
            },
            self.files(),
        ))
    }

    pub fn files(&self) -> Files {
        Files::at(&self.files)
    }

    /// Whether a replica's files lie there.
    pub fn has_files(&self) -> bool {
        std::fs::read_dir(&self.files).is_ok_and(|mut files| files.next().is_some())
    }

    pub fn replica(&self, id: &str) -> ReplicaKey {
        format!("{}/{id}", self.project).parse().unwrap()
    }

    pub fn containers(&self) -> Vec<String> {
        let filter = format!("label=gantry.cluster={}", self.cluster);
        let (_, ids) = docker(&["ps", "-aq", "--filter", &filter]);
        ids.lines().map(str::to_owned).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for id in self.containers() {
            docker(&["rm", "-f", &id]);
        }
        let _ = std::fs::remove_dir_all(&self.files);
    }
}

/// A service that serves HTTP on 8080 and ends at once when told to.
pub fn server() -> ContainerSpec {
    let script = "trap 'exit 0' TERM; echo begun; busybox httpd -f -p 8080 -h /www & wait $!";
    spec(
        &["sh", "-c", script],
        HealthCheck::Http {
            path: "/index.html".to_owned(),
        },
    )
}

pub fn spec(command: &[&str], check: HealthCheck) -> ContainerSpec {
    ContainerSpec {
        image: image().parse().unwrap(),
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        entrypoint: vec![],
        port: Some(8080.try_into().unwrap()),
        env: BTreeMap::from([("COLOUR".parse().unwrap(), "blue".to_owned())]),
        files: BTreeMap::new(),
        health: Health {
            interval: Millis(200),
            ..Health::of(check)
        },
        resources: Resources::default(),
    }
}

pub fn creation(spec: ContainerSpec, port: u16) -> Creation {
    Creation {
        service: "web".parse().unwrap(),
        release: ReleaseNumber(1),
        digest: digest(&spec),
        spec: Arc::new(spec),
        port: Some(port),
    }
}

pub fn digest(spec: &ContainerSpec) -> Digest {
    spec.digest()
}

/// Asks until the answer is yes, 30 s at most.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let begun = Instant::now();
    while !holds().await {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{what} did not come"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
