//! The first process of a simulated machine: it starts the engine and the node-worker, each on its
//! own, starts again what ends, and takes in every process whose parent is gone.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use gantry_decider::Backoff;
use gantry_events::Millis;
use gantry_runtime::{Moment, Process, ProcessError};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};
use tokio::signal::unix::{self, SignalKind};

/// Waits before a program that ended is started again.
const RESTART: Backoff = Backoff {
    first: Millis(200),
    most: Millis::from_secs(10),
};

/// A program that ran this long begins anew with the shortest wait.
const STEADY: Millis = Millis::from_secs(10);

/// Time the node-worker has to end: it leaves its containers to their engine.
const WORKER_ENDS: Millis = Millis(2000);

/// Time the engine has to end with its containers, and what it is told of that, in seconds. Together
/// with the worker's it stays below the ten seconds that a machine has.
const ENGINE_ENDS: Millis = Millis(6500);
const CONTAINERS_END: &str = "5";

/// Time until a killed program is gone.
const KILLED: Millis = Millis(200);

/// Files of an engine that was killed, which the next one would take for another's.
const LEFT_BEHIND: [&str; 2] = [
    "/var/run/docker.pid",
    "/var/run/docker/containerd/containerd.pid",
];

/// The machine cannot be kept running.
#[derive(Debug, thiserror::Error)]
pub enum MachineInitError {
    /// Signals cannot be received.
    #[error("signals cannot be received: {0}")]
    Signals(io::Error),
    /// It was told to stop and did not in time.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// A program to be kept running.
#[derive(Clone, Debug)]
pub struct Program {
    /// What it is called, in logs and lists of processes.
    pub name: &'static str,
    /// The file to run.
    pub file: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// What a machine keeps running.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The Docker engine.
    pub engine: Program,
    /// The node-worker.
    pub worker: Program,
}

impl Default for Programs {
    fn default() -> Self {
        let program = |name, file: &str, arguments: &[&str]| Program {
            name,
            file: file.to_owned(),
            arguments: arguments
                .iter()
                .map(|argument| (*argument).to_owned())
                .collect(),
        };
        let engine = [
            "--host=unix:///var/run/docker.sock",
            "--data-root=/var/lib/docker",
            "--log-level=warn",
            "--shutdown-timeout",
            CONTAINERS_END,
        ];
        Self {
            engine: program("engine", "dockerd", &engine),
            worker: program("node-worker", "/proc/self/exe", &["node-worker"]),
        }
    }
}

/// Runs as the first process of a machine until it is told to stop.
pub async fn machine_init() -> Result<(), MachineInitError> {
    let (process, supervisor) = Process::start();
    keep_running(&process, Programs::default())?;
    Ok(supervisor.wait().await?)
}

/// Keeps programs running as the task `machine`, until the process stops: then the worker ends first,
/// so that it does not heal what the engine takes down, then the engine with its containers.
pub fn keep_running(process: &Process, programs: Programs) -> Result<(), MachineInitError> {
    let children = unix::signal(SignalKind::child()).map_err(MachineInitError::Signals)?;
    let machine = Machine {
        engine: Kept::new(programs.engine, process),
        worker: Kept::new(programs.worker, process),
        process: process.clone(),
        children,
    };
    process.spawn("machine", machine.run());
    Ok(())
}

struct Machine {
    process: Process,
    engine: Kept,
    worker: Kept,
    children: unix::Signal,
}

/// A program and the one run of it there is, or will be.
struct Kept {
    program: Program,
    run: Option<Pid>,
    failures: u32,
    /// When it was started, or ended, last.
    since: Moment,
}

impl Machine {
    async fn run(mut self) -> Result<(), MachineInitError> {
        let stopping = self.process.stopping();
        while !stopping.is_cancelled() {
            self.start_due();
            let wait = [&self.engine, &self.worker]
                .into_iter()
                .filter_map(Kept::due_in)
                .min();
            let wait = wait.unwrap_or(STEADY);
            tokio::select! {
                () = stopping.cancelled() => {}
                _ = self.children.recv() => self.reap(),
                () = self.process.sleep(wait) => self.reap(),
            }
        }
        self.end(|machine| &mut machine.worker, WORKER_ENDS).await;
        self.end(|machine| &mut machine.engine, ENGINE_ENDS).await;
        Ok(())
    }

    fn start_due(&mut self) {
        if self.engine.due_in() == Some(Millis(0)) {
            for file in LEFT_BEHIND {
                // Most often there is none.
                let _ = fs::remove_file(file);
            }
            self.engine.start(&self.process);
        }
        if self.worker.due_in() == Some(Millis(0)) {
            self.worker.start(&self.process);
        }
    }

    /// Takes in every process that has ended, ours and orphans.
    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            for kept in [&mut self.engine, &mut self.worker] {
                if kept.run == Some(pid) {
                    tracing::warn!(program = kept.program.name, ?status, "ended");
                    kept.ended(&self.process);
                }
            }
        }
    }

    async fn end(&mut self, which: fn(&mut Self) -> &mut Kept, within: Millis) {
        for (signal, within) in [(Signal::TERM, within), (Signal::KILL, KILLED)] {
            let Some(pid) = which(self).run else {
                return;
            };
            // Gone already, if anything.
            let _ = kill_process(pid, signal);
            let asked = self.process.clock.moment();
            while which(self).run.is_some() && asked.elapsed() < within {
                let left = Millis(within.0.saturating_sub(asked.elapsed().0));
                tokio::select! {
                    _ = self.children.recv() => {}
                    () = self.process.sleep(left) => {}
                }
                self.reap();
            }
        }
    }
}

impl Kept {
    fn new(program: Program, process: &Process) -> Self {
        Self {
            program,
            run: None,
            failures: 0,
            since: process.clock.moment(),
        }
    }

    /// Time until it should be started; none while it runs.
    fn due_in(&self) -> Option<Millis> {
        let wait = RESTART.after(self.failures);
        self.run
            .is_none()
            .then(|| Millis(wait.0.saturating_sub(self.since.elapsed().0)))
    }

    fn start(&mut self, process: &Process) {
        self.since = process.clock.moment();
        let Program {
            name,
            file,
            arguments,
        } = &self.program;
        // Its end is seen by `reap`, which takes in every process.
        match Command::new(file).arg0(name).args(arguments).spawn() {
            Ok(child) => self.run = i32::try_from(child.id()).ok().and_then(Pid::from_raw),
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                tracing::error!(program = self.program.name, %error, "cannot be started");
            }
        }
    }

    fn ended(&mut self, process: &Process) {
        let was_steady = self.since.elapsed() >= STEADY;
        self.failures = if was_steady {
            1
        } else {
            self.failures.saturating_add(1)
        };
        self.run = None;
        self.since = process.clock.moment();
    }
}
