//! What replicas wrote.

use std::time::Duration;

use gantry_events::{
    Millis, OutputAnswer, OutputAsked, OutputFrom, OutputLine, OutputStream, ReplicaKey,
};
use gantry_node_worker::docker::Engine;
use gantry_node_worker::output;
use gantry_runtime::Process;
use gantry_spec::HealthCheck;
use tokio::time::timeout;

use crate::begin;
use crate::world::{World, digest, docker, image, server, spec};

/// One who reads what a replica wrote.
struct Reader<'a> {
    engine: &'a Engine,
    process: Process,
    replica: ReplicaKey,
    next: OutputFrom,
}

impl<'a> Reader<'a> {
    fn new(engine: &'a Engine, replica: &ReplicaKey, next: OutputFrom) -> Self {
        let (process, _) = Process::start();
        Self {
            engine,
            process,
            replica: replica.clone(),
            next,
        }
    }

    async fn ask(&self, wait: Millis) -> OutputAnswer {
        let asked = OutputAsked {
            replica: self.replica.clone(),
            from: self.next.clone(),
            wait,
        };
        output::answer(&self.process, self.engine, &asked).await
    }

    /// What comes next; it waits for that.
    async fn read_on(&mut self) -> Vec<OutputLine> {
        let answer = self.ask(Millis::from_secs(2)).await;
        let OutputAnswer::Lines {
            lines, next, lost, ..
        } = answer
        else {
            panic!("{answer:?}");
        };
        assert!(!lost, "after {:?}", self.next);
        self.next = next;
        lines
    }
}

fn tail(lines: u32) -> OutputFrom {
    OutputFrom::Tail { lines, since: None }
}

#[tokio::test]
async fn what_a_replica_wrote_is_read_on_demand() {
    let world = World::new("output");
    let (engine, replica) = (world.engine(), world.replica("web-aaaaaa"));
    let talks = spec(
        &[
            "sh",
            "-c",
            "echo one; echo two >&2; busybox sleep 1; echo $COLOUR $PORT $GANTRY_REPLICA",
        ],
        HealthCheck::Tcp,
    );
    begin(&engine, &replica, talks, 28_451).await;
    let (mut reader, mut lines) = (Reader::new(&engine, &replica, tail(10)), Vec::new());
    while lines.len() < 3 {
        lines.extend(reader.read_on().await);
    }
    assert_eq!(lines[2].line, "blue 8080 web-aaaaaa");
    let (one, two) = lines.split_at(1);
    let streams = [one[0].stream, two[0].stream];
    assert!(streams.contains(&OutputStream::Stderr), "{lines:?}");
    let last = Reader::new(&engine, &replica, tail(1)).read_on().await;
    assert_eq!(last, lines[2..]);
    let unknown = Reader::new(&engine, &world.replica("web-zzzzzz"), tail(1));
    assert_eq!(unknown.ask(Millis(0)).await, OutputAnswer::Unknown);
}

/// A replica that writes numbered lines into small files, and numbers on after a restart.
fn counts(world: &World, replica: &ReplicaKey) -> String {
    let name = format!("{}.{}", replica.project, replica.replica);
    let labels = [
        format!("gantry.cluster={}", world.cluster),
        format!("gantry.node={}", world.node()),
        format!("gantry.project={}", replica.project),
        format!("gantry.replica={}", replica.replica),
        format!("gantry.spec={}", digest(&server())),
    ];
    let script = "n=$(busybox cat /n 2>/dev/null || echo 0); trap 'over=1' TERM; \
         while [ -z \"$over\" ]; do n=$((n+1)); echo line $n; \
         [ $((n % 20)) -ne 0 ] || busybox usleep 200000; done; echo $n >/n";
    let mut arguments = vec!["run", "-d", "--name", &name];
    let options = ["--log-opt", "max-size=8k", "--log-opt", "max-file=3"];
    arguments.extend(options);
    arguments.extend(labels.iter().flat_map(|label| ["--label", label]));
    let image = image();
    arguments.extend([image.as_str(), "sh", "-c", script]);
    let (begun, id) = docker(&arguments);
    assert!(begun);
    id
}

#[tokio::test]
async fn lines_are_followed_once_and_in_order_over_rotations_and_restarts() {
    let world = World::new("rotate");
    let (engine, replica) = (world.engine(), world.replica("web-aaaaaa"));
    let id = counts(&world, &replica);
    let mut reader = Reader::new(&engine, &replica, OutputFrom::beginning());
    let mut expected = 1;
    let follow = async {
        let mut restarts = 0;
        while expected < 1200 {
            for line in reader.read_on().await {
                assert_eq!(line.line, format!("line {expected}"));
                expected += 1;
            }
            if expected > 400 * (restarts + 1) {
                restarts += 1;
                assert!(docker(&["restart", &id]).0);
            }
        }
    };
    timeout(Duration::from_secs(90), follow).await.unwrap();
}

#[tokio::test]
async fn who_waits_hears_of_a_line_at_once() {
    let world = World::new("wait");
    let (engine, replica) = (world.engine(), world.replica("web-aaaaaa"));
    let talks = spec(
        &["sh", "-c", "busybox sleep 2; echo late"],
        HealthCheck::Tcp,
    );
    begin(&engine, &replica, talks, 28_453).await;
    let mut reader = Reader::new(&engine, &replica, tail(1));
    let mut lines = Vec::new();
    while lines.is_empty() {
        lines = reader.read_on().await;
    }
    let (process, _) = Process::start();
    let late = process.clock.now().since(lines[0].time);
    assert!(late < Millis(1000), "{late}");
}
