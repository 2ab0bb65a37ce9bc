//! A yard: one cluster of its own on the real engine, with an image in which nothing happens. Everything
//! in it is removed at the end, by its label.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test takes what it needs, and ends at the first surprise"
)]

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use gantry_bus::JoinKey;
use gantry_provisioner::Settings;
use gantry_provisioner::providers::local::Local;
use gantry_provisioner_core::{Aim, Provider, WantedMachine};

static YARDS: AtomicU32 = AtomicU32::new(0);

pub struct Yard {
    pub settings: Settings,
}

/// Runs a program and gives what it printed; panics when it fails.
pub fn run(program: &str, arguments: &[&str]) -> String {
    let ran = Command::new(program).args(arguments).output().unwrap();
    assert!(
        ran.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

pub fn docker(arguments: &[&str]) -> String {
    run("docker", arguments)
}

impl Yard {
    pub fn new() -> Self {
        let number = YARDS.fetch_add(1, Ordering::Relaxed);
        let cluster = format!("gt-prov-{}-{number}", std::process::id());
        docker(&[
            "network",
            "create",
            "--label",
            &format!("gantry.cluster={cluster}"),
            &cluster,
        ]);
        let image = format!("gantry-test/{cluster}");
        import(&image);
        let settings = Settings {
            machine_image: image,
            machine_network: cluster.clone(),
            cluster,
            ..Settings::default()
        };
        Self { settings }
    }

    pub fn local(&self) -> Local {
        Local::new(self.settings.local().unwrap(), JoinKey::new([7; 32]))
    }

    /// The name of one of this cluster's containers, or the beginning of a volume's.
    pub fn name(&self, machine: &str) -> String {
        format!("{}-{machine}", self.settings.cluster)
    }

    pub fn containers(&self) -> Vec<String> {
        self.labelled(&["ps", "-a", "--format", "{{.Names}}"])
    }

    pub fn running(&self) -> Vec<String> {
        self.labelled(&["ps", "--format", "{{.Names}}"])
    }

    pub fn volumes(&self) -> Vec<String> {
        self.labelled(&["volume", "ls", "--format", "{{.Name}}"])
    }

    /// Waits until nothing is left of a machine.
    pub async fn until_gone(&self, machine: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        let name = self.name(machine);
        let there = |all: Vec<String>| all.iter().any(|one| one.starts_with(&name));
        while there(self.containers()) || there(self.volumes()) {
            assert!(Instant::now() < end, "{name} is still there");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub fn empty(&self) {
        for container in self.containers() {
            docker(&["rm", "-f", "-v", &container]);
        }
        for volume in self.volumes() {
            docker(&["volume", "rm", &volume]);
        }
    }

    fn labelled(&self, list: &[&str]) -> Vec<String> {
        let label = format!("label=gantry.cluster={}", self.settings.cluster);
        let mut lines: Vec<_> = docker(&[list, &["--filter", &label]].concat())
            .lines()
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Whatever can be removed is; the first surprise is the one to be read.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.empty()));
        } else {
            self.empty();
        }
        for removal in [
            ["network", "rm", &self.settings.cluster],
            ["image", "rm", &self.settings.machine_image],
        ] {
            let _ = Command::new("docker")
                .args(removal)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
    }
}

pub fn wanted(node: &str) -> WantedMachine {
    WantedMachine {
        provider: Provider::Local,
        node: node.parse().unwrap(),
        attempt: 1,
        aim: Aim::Made,
    }
}

/// Where busybox is installed; else where the images' packages are unpacked.
const BUSYBOX: &str = r#"command -v busybox || echo "$(sh ../../images/packages.sh)/bin/busybox""#;

/// An image of one static program that waits.
fn import(image: &str) {
    let folder = tempfile::tempdir().unwrap();
    let busybox = run("sh", &["-c", BUSYBOX]);
    std::fs::copy(busybox, folder.path().join("busybox")).unwrap();
    let script = format!(
        "tar -C '{}' -c . | docker import -c 'ENTRYPOINT [\"/busybox\",\"sleep\",\"3600\"]' - '{image}'",
        folder.path().display()
    );
    run("sh", &["-c", &script]);
}
