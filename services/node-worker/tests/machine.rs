//! The first process of a machine, with two small programs in place of engine and node-worker. Alone in
//! its file: it takes in every child of the test's own process.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on may end"
)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use gantry_node_worker::{Program, Programs, keep_running};
use gantry_runtime::Process;
use rustix::process::{Pid, Signal, kill_process};

/// Notes its start with its process id, and its end when it is told to.
fn program(name: &'static str, notes: &Path) -> Program {
    let notes = notes.display();
    let script = format!(
        "trap 'echo {name} ends >>{notes}; exit 0' TERM; echo {name} $$ >>{notes}; while :; do sleep 0.05; done"
    );
    Program {
        name,
        file: "/bin/sh".to_owned(),
        arguments: vec!["-c".to_owned(), script],
    }
}

async fn noted(notes: &Path, holds: impl Fn(&[String]) -> bool) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let lines: Vec<String> = fs::read_to_string(notes)
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect();
        if holds(&lines) {
            return lines;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{lines:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_ends_is_started_again_alone_and_the_worker_ends_before_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("notes");
    let (process, supervisor) = Process::start();
    let programs = Programs {
        engine: program("engine", &notes),
        worker: program("worker", &notes),
    };
    keep_running(&process, programs).unwrap();
    let begun = noted(&notes, |lines| lines.len() == 2).await;
    let worker = begun
        .iter()
        .find_map(|line| line.strip_prefix("worker "))
        .unwrap();
    let worker = Pid::from_raw(worker.parse().unwrap()).unwrap();

    kill_process(worker, Signal::KILL).unwrap();
    let again = noted(&notes, |lines| lines.len() == 3).await;
    assert!(
        again[2].starts_with("worker "),
        "the engine is left alone: {again:?}"
    );

    supervisor.shut_down().await.unwrap();
    let ended = noted(&notes, |lines| lines.len() == 5).await;
    assert_eq!(ended[3..], ["worker ends", "engine ends"]);
}
