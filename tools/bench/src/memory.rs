//! How much memory the services hold while nothing happens: the proportional set size of their processes,
//! in which what several share counts once in sum.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use crate::entry::Entry;
use crate::system::{System, pid};

/// The control plane without its log.
const SERVICES: [&str; 5] = ["api", "scheduler", "provisioner", "lb-sync", "ingress"];

/// Its log.
const LOG: &str = "nats";

/// What the control plane with its log should hold at most, and a node-worker, in MB.
const CONTROL_PLANE: f64 = 60.0;
const NODE_WORKER: f64 = 15.0;

/// When it is counted.
#[derive(Clone, Copy, Debug)]
pub enum When {
    /// The system is up and runs the example.
    Fresh,
    /// After all other measures.
    AfterWork,
}

impl When {
    fn suffix(self) -> &'static str {
        match self {
            Self::Fresh => "",
            Self::AfterWork => ".after_work",
        }
    }
}

/// Counts after a rest.
pub async fn measure(system: &System, rest: Duration, when: When) -> anyhow::Result<Vec<Entry>> {
    println!("resting {rest:?} before memory is counted");
    tokio::time::sleep(rest).await;
    let entry = |name: &str, megabytes, target| {
        let name = format!("memory.{name}{}", when.suffix());
        Entry::plain(&name, megabytes, "MB", target)
    };
    let mut each = Vec::new();
    let mut without_log = 0.0;
    for service in SERVICES {
        let megabytes = of_container(pid(&system.container(service).await?)?, None)?;
        without_log += megabytes;
        each.push(entry(service, megabytes, None));
    }
    let log = of_container(pid(&system.container(LOG).await?)?, None)?;
    let mut largest: f64 = 0.0;
    for machine in system.machines().await?.values() {
        largest = largest.max(of_container(machine.pid, Some("node-worker"))?);
    }
    let mut entries = vec![
        entry("control_plane", without_log + log, Some(CONTROL_PLANE)),
        entry("control_plane_without_log", without_log, None),
        entry("node_worker", largest, Some(NODE_WORKER)),
        entry(LOG, log, None),
    ];
    entries.extend(each);
    Ok(entries)
}

/// What the processes of a container hold together, in MB; only those called `name`, where one is given.
/// Containers inside it have processes of their own.
fn of_container(first: u32, name: Option<&str>) -> anyhow::Result<f64> {
    let space = fs::read_link(folder(first).join("ns/pid"))
        .with_context(|| format!("process {first} cannot be looked at; are you root?"))?;
    let mut bytes = 0;
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        // What ended meanwhile holds nothing.
        let is_inside = fs::read_link(path.join("ns/pid")).is_ok_and(|its| its == space);
        if is_inside && name.is_none_or(|name| is_called(&path, name)) {
            bytes += held(&path).unwrap_or(0);
        }
    }
    Ok(bytes as f64 / 1e6)
}

fn folder(pid: u32) -> PathBuf {
    Path::new("/proc").join(pid.to_string())
}

fn is_called(process: &Path, name: &str) -> bool {
    let line = fs::read(process.join("cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).next() == Some(name.as_bytes())
}

/// Proportional set size in bytes.
fn held(process: &Path) -> Option<u64> {
    let rollup = fs::read_to_string(process.join("smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
