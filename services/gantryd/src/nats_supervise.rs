//! `gantryd nats-supervise`: runs the NATS server. Waits for the configuration that `gantryd init`
//! writes, and starts the server anew when a full disk has room again, which it does not notice itself.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use anyhow::Context;
use gantry_bus::{Monitor, ServerHealth};
use gantry_events::Millis;
use gantry_runtime::Process;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

/// How often the configuration is looked for, and every how many looks it is said.
const LOOK: Millis = Millis(500);
const SAY_EVERY: u32 = 20;

/// How often the server is asked how it is.
const ASK: Millis = Millis(5000);

/// Answers in a row that say it is unwell, before anything is done.
const UNWELL: u32 = 3;

/// Time the server has between SIGTERM and SIGKILL.
const GRACE: Millis = Millis(8000);

/// Bytes that must fit on the disk before a restart is of use.
const ROOM: usize = 32 * 1024 * 1024;

/// Settings of `gantryd nats-supervise`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SuperviseSettings {
    /// The server.
    pub nats_program: PathBuf,
    /// Its configuration.
    pub nats_config: PathBuf,
    /// Its data folder.
    pub nats_store: PathBuf,
    /// Its monitor.
    pub nats_monitor_url: String,
}

impl Default for SuperviseSettings {
    fn default() -> Self {
        Self {
            nats_program: PathBuf::from("/bin/nats-server"),
            nats_config: PathBuf::from("/etc/nats/nats.conf"),
            nats_store: PathBuf::from("/var/lib/nats"),
            nats_monitor_url: "http://127.0.0.1:8222".to_owned(),
        }
    }
}

/// Why watching a server ended.
enum Ended {
    /// It ended by itself, or was told to by us being told to.
    Exited(ExitStatus),
    /// It needs a restart.
    Stuck,
}

/// Runs the server until it ends or this process is told to end, and then ends with the server's code.
pub async fn run(settings: SuperviseSettings) -> anyhow::Result<()> {
    let (process, _supervisor) = Process::start();
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => return Ok(()),
        () = await_config(&process, &settings.nats_config) => {}
    }
    loop {
        let mut server = start(&settings)?;
        let ended = tokio::select! {
            ended = watch(&process, &settings, &mut server) => ended?,
            _ = terminate.recv() => Ended::Exited(stop(&mut server).await?),
        };
        match ended {
            Ended::Exited(status) if status.success() => return Ok(()),
            Ended::Exited(status) => std::process::exit(status.code().unwrap_or(1)),
            Ended::Stuck => {
                tracing::warn!(
                    "the disk has room again; the server is started anew, as it does not see that itself"
                );
                stop(&mut server).await?;
            }
        }
    }
}

async fn await_config(process: &Process, config: &Path) {
    let mut pace = process.every(LOOK);
    for look in 0_u32.. {
        pace.tick().await;
        if config.is_file() {
            return;
        }
        if look.is_multiple_of(SAY_EVERY) {
            tracing::info!(config = %config.display(), "waiting for the configuration, which `gantryd init` writes");
        }
    }
}

fn start(settings: &SuperviseSettings) -> anyhow::Result<Child> {
    Command::new(&settings.nats_program)
        .arg("-c")
        .arg(&settings.nats_config)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} cannot be started", settings.nats_program.display()))
}

async fn stop(server: &mut Child) -> anyhow::Result<ExitStatus> {
    let pid = server
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let Some(pid) = pid {
        kill_process(pid, Signal::TERM).context("the server cannot be told to stop")?;
    }
    if let Ok(status) = tokio::time::timeout(GRACE.duration(), server.wait()).await {
        return Ok(status?);
    }
    server.kill().await?;
    Ok(server.wait().await?)
}

async fn watch(
    process: &Process,
    settings: &SuperviseSettings,
    server: &mut Child,
) -> anyhow::Result<Ended> {
    let monitor = Monitor::new(&settings.nats_monitor_url);
    let mut illness = Illness::default();
    let mut pace = process.every(ASK);
    loop {
        tokio::select! {
            status = server.wait() => return Ok(Ended::Exited(status?)),
            () = pace.tick() => {}
        }
        let stuck = match monitor.health().await {
            Ok(health) => illness.hears(&health),
            // Silent: starting, stopping, or busy. Its own health check is the container's concern.
            Err(_) => false,
        };
        if stuck && has_room(&settings.nats_store) {
            return Ok(Ended::Stuck);
        }
    }
}

/// Whether a file of some size can be written. A probe, since the disk may be a quota.
fn has_room(store: &Path) -> bool {
    let probe = store.join(".room");
    let written = File::create(&probe).and_then(|mut file| {
        file.write_all(&vec![0; ROOM])?;
        file.sync_all()
    });
    let removed = fs::remove_file(&probe);
    written.is_ok() && removed.is_ok()
}

/// What the server says of itself once a write has failed, until it is started anew.
const WRITE_FAILED: &str = "write error";

/// How long the server has been unwell.
#[derive(Debug, Default)]
struct Illness {
    was_well: bool,
    unwell: u32,
}

impl Illness {
    /// Takes an answer; true once a restart is called for. A server that was never well is still
    /// reading its streams, unless it says that a write failed.
    fn hears(&mut self, health: &ServerHealth) -> bool {
        let ServerHealth::Unwell(said) = health else {
            *self = Self {
                was_well: true,
                unwell: 0,
            };
            return false;
        };
        self.unwell = self.unwell.saturating_add(1);
        if self.unwell == 1 {
            tracing::warn!(said, "the server says that it is unwell");
        }
        self.unwell >= UNWELL && (self.was_well || said.contains(WRITE_FAILED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_was_well_and_stays_unwell_is_started_anew() {
        let (well, unwell) = (ServerHealth::Well, || {
            ServerHealth::Unwell("503".to_owned())
        });
        let mut starting = Illness::default();
        assert!((0..10).all(|_| !starting.hears(&unwell())));
        let mut blinking = Illness::default();
        let answers = [
            well.clone(),
            unwell(),
            unwell(),
            well,
            unwell(),
            unwell(),
            unwell(),
        ];
        let restarts: Vec<bool> = answers
            .iter()
            .map(|answer| blinking.hears(answer))
            .collect();
        assert_eq!(restarts, [false, false, false, false, false, false, true]);
    }
    #[test]
    fn a_server_that_says_a_write_failed_is_started_anew_even_if_it_was_never_seen_well() {
        let full = ServerHealth::Unwell("LOG' write error: no space left on device".to_owned());
        let mut illness = Illness::default();
        assert_eq!([(); 3].map(|()| illness.hears(&full)), [false, false, true]);
    }
}
