//! The service's own loop on a real engine and a log in memory: from a command to machines that stay.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod yard;

use std::time::{Duration, Instant};

use futures::StreamExt;
use gantry_bus::{Append, ControlKey, Head, Ledger, Log, Marker, MemoryLog, Message, NodeKey};
use gantry_events::{
    Actor, Capacity, Command, CommandBatch, Commit, CreatePool, Decider, Digest, Event, Fact,
    Intent, LogId, LogSubject, NodeAdmitted, NodeJoined, OperationId, Seq, Writer,
};
use gantry_provisioner::Tending;
use gantry_provisioner_core::ProvisionerCore;
use gantry_runtime::{Duty, Process, Setup, Supervisor, drive};
use tokio::sync::watch;
use uuid::Uuid;
use yard::{Yard, docker, wanted};

const LOG: LogId = LogId(Uuid::from_u128(7));

fn key() -> ControlKey {
    ControlKey::new([3; 32])
}

/// A provisioner at work in a yard, and a pen to write what others would.
struct Work {
    yard: Yard,
    log: MemoryLog,
    held: watch::Sender<bool>,
    process: Process,
    supervisor: Supervisor,
}

impl Work {
    fn begin() -> Self {
        let (yard, log) = (Yard::new(), MemoryLog::default());
        let (process, supervisor) = Process::start();
        let (held, duty) = watch::channel(true);
        let setup = Setup {
            core: ProvisionerCore,
            ledger: Ledger::of_control_plane(LOG, key()),
            marker: Marker::Control(key()),
            log: log.clone(),
            duty: Duty::Leased(duty.clone()),
            resume: None,
            keep: None,
        };
        let driven = drive(&process, setup);
        process.spawn(
            "machines",
            Tending::new(&process, driven, duty, yard.local()).tend(),
        );
        Self {
            yard,
            log,
            held,
            process,
            supervisor,
        }
    }

    fn head(&self, subject: &LogSubject) -> Head {
        let mut ledger = Ledger::of_control_plane(LOG, key());
        for seq in 1..=self.log.last().0 {
            let _ = ledger.check(&self.log.get(Seq(seq)).unwrap());
        }
        ledger.head(subject)
    }

    fn append(&self, subject: LogSubject, payload: Vec<u8>, marker: &Marker) {
        let expects = self.head(&subject).stored;
        let mark = marker.mark(LOG, &subject.to_string(), &payload);
        self.log.try_append(&Append {
            subject,
            payload,
            mark,
            expects,
        });
    }

    fn create_pool(&self, size: u32) {
        let subject = LogSubject::Commands(Decider::Provisioner);
        let command = Command {
            operation: OperationId(Uuid::from_u128(1)),
            actor: Actor::User("mia".to_owned()),
            time: self.process.clock.now(),
            request: Digest::of(b"pool"),
            traceparent: None,
            intent: Intent::CreatePool(CreatePool {
                pool: "local".parse().unwrap(),
                provider: "local".to_owned(),
                size,
                labels: Default::default(),
            }),
            unchanged_since: None,
        };
        let prev = self.head(&subject).prev;
        let batch = CommandBatch {
            as_of: self.log.last(),
            prev,
            commands: vec![command],
        };
        self.append(
            subject,
            serde_json::to_vec(&batch).unwrap(),
            &Marker::Control(key()),
        );
    }

    fn say(&self, writer: Writer, fact: impl Into<Fact>, marker: &Marker) {
        let subject = LogSubject::Facts(writer.clone());
        let commit = Commit {
            actor: writer.actor(),
            operation: None,
            answers: None,
            cause: None,
            as_of: self.log.last(),
            core: "test/1".to_owned(),
            time: self.process.clock.now(),
            traceparent: None,
            prev: self.head(&subject).prev,
            evidence: Vec::new(),
            events: vec![Event { fact: fact.into() }],
        };
        self.append(subject, serde_json::to_vec(&commit).unwrap(), marker);
    }

    /// What admission and the node-worker inside would say.
    fn join(&self, number: u32) {
        let (node, machine) = (
            format!("n{number}").parse().unwrap(),
            format!("m{number}").parse().unwrap(),
        );
        let own = NodeKey::generate();
        let admitted = NodeAdmitted {
            node,
            machine,
            public_key: own.public_key(),
        };
        let joined = NodeJoined {
            node: admitted.node.clone(),
            address: [10, 0, 0, 7].into(),
            capacity: Capacity::default(),
        };
        self.say(Writer::Api, admitted, &Marker::Control(key()));
        self.say(Writer::Node(joined.node.clone()), joined, &own.marker());
    }

    /// Waits until the provisioner has said this type so many times; gives all types it said.
    async fn until(&self, name: &str, times: usize) -> Vec<&'static str> {
        let mut ledger = Ledger::of_control_plane(LOG, key());
        let mut messages = self.log.follow(Seq(0));
        let mut said = Vec::new();
        let reading = async {
            while said.iter().filter(|one| **one == name).count() < times {
                let stored = messages.next().await.unwrap().unwrap();
                if let Ok(Message::Commit(Writer::Provisioner, commit)) = ledger.check(&stored) {
                    said.extend(commit.events.iter().map(|event| event.fact.type_name()));
                }
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(60), reading).await;
        assert!(
            in_time.is_ok(),
            "{name} was not said {times} times, but {said:?}"
        );
        said
    }

    /// The only machine of a pool is made, and somebody removes it.
    async fn lose_the_first(&self) {
        self.until("machine.created.v1", 1).await;
        self.join(1);
        // Only who knows that it was made does not make it again under the same name.
        self.until("machine.ready.v1", 1).await;
        docker(&["rm", "-f", &self.yard.name("m1")]);
        self.until("machine.created.v1", 2).await;
    }

    /// Waits until nothing but this machine is left, volumes included.
    async fn until_only(&self, machine: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        let volumes = ["data", "docker"].map(|end| self.yard.name(&format!("{machine}-{end}")));
        while self.yard.volumes() != volumes {
            assert!(Instant::now() < end, "{:?}", self.yard.volumes());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn end(self) {
        self.supervisor.shut_down().await.unwrap();
    }
}

#[tokio::test]
async fn a_pool_grows_from_a_command_to_ready_machines() {
    let work = Work::begin();
    work.create_pool(2);
    work.until("machine.created.v1", 2).await;
    assert_eq!(
        work.yard.containers(),
        [work.yard.name("m1"), work.yard.name("m2")]
    );
    work.join(1);
    work.join(2);
    let said = work.until("operation.succeeded.v1", 1).await;
    let mut sorted = said.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        [
            "machine.created.v1",
            "machine.created.v1",
            "machine.ready.v1",
            "machine.ready.v1",
            "machine.requested.v1",
            "machine.requested.v1",
            "operation.succeeded.v1",
            "pool.created.v1"
        ]
    );
    work.end().await;
}

#[tokio::test]
async fn a_killed_machine_runs_again_and_it_is_said() {
    let work = Work::begin();
    work.create_pool(1);
    work.until("machine.created.v1", 1).await;
    docker(&["kill", &work.yard.name("m1")]);
    work.until("machine.started.v1", 1).await;
    assert_eq!(work.yard.containers(), [work.yard.name("m1")]);
    work.end().await;
}

#[tokio::test]
async fn a_removed_machine_is_gone_with_all_its_own_and_another_takes_its_place() {
    let work = Work::begin();
    work.create_pool(1);
    work.lose_the_first().await;
    assert_eq!(work.yard.containers(), [work.yard.name("m2")]);
    work.until_only("m2").await;
    work.end().await;
}

#[tokio::test]
async fn a_machine_that_nobody_wants_any_more_is_removed_and_one_still_to_come_is_not() {
    let work = Work::begin();
    work.create_pool(1);
    work.lose_the_first().await;
    work.until_only("m2").await;
    let local = work.yard.local();
    for (machine, node) in [("m1", "n1"), ("m7", "n7")] {
        local
            .make(&machine.parse().unwrap(), &wanted(node))
            .await
            .unwrap();
    }
    work.yard.until_gone("m1").await;
    assert_eq!(
        work.yard.containers(),
        [work.yard.name("m2"), work.yard.name("m7")]
    );
    work.end().await;
}

#[tokio::test]
async fn without_the_lease_nothing_is_said_or_made() {
    let work = Work::begin();
    work.held.send_replace(false);
    work.create_pool(1);
    // Long enough for two looks.
    let silence =
        tokio::time::timeout(Duration::from_secs(4), work.until("pool.created.v1", 1)).await;
    assert!(silence.is_err(), "nothing is decided without the lease");
    assert!(work.yard.containers().is_empty());
    work.held.send_replace(true);
    work.until("machine.created.v1", 1).await;
    work.end().await;
}
