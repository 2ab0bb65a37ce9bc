//! Probes by a program in the container.

use gantry_events::Millis;
use gantry_node_worker::probe;
use gantry_node_worker_core::{Answer, Asks, Container, Probe};

use crate::begin;
use crate::world::{World, docker, server, until};

fn asking(container: &Container, script: &str) -> Probe {
    Probe {
        since: container.running_since().unwrap(),
        asks: Asks::Program {
            container: container.id.clone(),
            command: ["sh", "-c", script].map(str::to_owned).into(),
        },
        interval: Millis(200),
        timeout: Millis(1000),
    }
}

/// Whether a process with this in its command line runs in the container.
fn runs(container: &Container, what: &str) -> bool {
    docker(&["top", &container.id.0]).1.contains(what)
}

#[tokio::test]
async fn a_program_answers_by_its_exit_code_and_the_last_line_it_wrote() {
    let world = World::new("program");
    let (engine, replica) = (world.engine(), world.replica("web-aaaaaa"));
    let container = begin(&engine, &replica, server(), 28_461).await;
    for (script, answer) in [
        ("exit 0", Answer::Good),
        (
            "echo first; echo no response; exit 2",
            Answer::Bad("`sh` ended with exit code 2: no response".to_owned()),
        ),
        (
            "echo to the other stream >&2; exit 1",
            Answer::Bad("`sh` ended with exit code 1: to the other stream".to_owned()),
        ),
    ] {
        let answered = probe::ask(&engine, &asking(&container, script)).await;
        assert_eq!(answered, answer, "{script}");
    }
    let mut none = asking(&container, "");
    if let Asks::Program { command, .. } = &mut none.asks {
        *command = vec!["no-such-program".to_owned()];
    }
    let Answer::Bad(why) = probe::ask(&engine, &none).await else {
        panic!("there is no such program");
    };
    assert!(why.contains("no-such-program"), "{why}");
}

#[tokio::test]
async fn a_program_that_hangs_is_ended_with_all_it_began() {
    let world = World::new("hang");
    let (engine, replica) = (world.engine(), world.replica("web-aaaaaa"));
    let container = begin(&engine, &replica, server(), 28_462).await;
    let hangs = asking(&container, "echo waiting; busybox sleep 4711; echo over");
    let answered = probe::ask(&engine, &hangs).await;
    assert_eq!(
        answered,
        Answer::Bad("`sh` did not end within 1s: waiting".to_owned())
    );
    until("it is gone", || async { !runs(&container, "sleep 4711") }).await;
    assert!(runs(&container, "httpd"), "the replica itself runs on");
}

#[tokio::test]
async fn a_program_that_a_killed_worker_left_running_is_ended_by_the_next() {
    let world = World::new("left");
    let (engine, replica) = (world.engine(), world.replica("web-aaaaaa"));
    let container = begin(&engine, &replica, server(), 28_463).await;
    for number in ["4712", "4713"] {
        let sleep = ["exec", "-d", &container.id.0, "busybox", "sleep", number];
        assert!(docker(&sleep).0);
    }
    let left = ["busybox", "sleep", "4712"].map(str::to_owned);
    engine
        .end_left_programs(&container.id, &left)
        .await
        .unwrap();
    until("it is gone", || async { !runs(&container, "sleep 4712") }).await;
    assert!(runs(&container, "sleep 4713"), "somebody else's runs on");
}
