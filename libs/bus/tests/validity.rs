//! Which messages are valid, as properties: whatever stands between them, valid ones stay valid, and
//! what is void stays void.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

use std::net::Ipv4Addr;

use gantry_bus::{ControlKey, Ledger, Marker, NodeKey, Stored, Void};
use gantry_events::{
    Capacity, Commit, Digest, Event, LogBegun, LogId, LogSubject, NodeAdmitted, NodeId, NodeJoined,
    OperationId, OperationSucceeded, OperationUnchanged, Scope, Seq, Time, Writer,
};
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

const LOG: LogId = LogId(Uuid::from_u128(1));

/// What somebody puts into the log.
#[derive(Clone, Copy, Debug)]
enum Put {
    Valid,
    ForgedMark,
    NoMark,
    MarkOfAnotherLog,
    MarkOfAnotherSubject,
    ChangedBytes,
    BrokenChain,
    Repeated,
    WrongType,
    Unreadable,
    ForeignSubject,
}

const PUTS: [Put; 11] = [
    Put::Valid,
    Put::ForgedMark,
    Put::NoMark,
    Put::MarkOfAnotherLog,
    Put::MarkOfAnotherSubject,
    Put::ChangedBytes,
    Put::BrokenChain,
    Put::Repeated,
    Put::WrongType,
    Put::Unreadable,
    Put::ForeignSubject,
];

/// A log in the making, and what its honest writers know.
struct Scene {
    control: Marker,
    node: NodeKey,
    messages: Vec<(Stored, bool)>,
    prev: [Option<Digest>; 3],
}

fn node() -> NodeId {
    "n1".parse().unwrap()
}

fn writers() -> [Writer; 3] {
    [Writer::Scheduler, Writer::Provisioner, Writer::Node(node())]
}

fn fact_of(writer: usize) -> Event {
    let operation = OperationId(Uuid::from_u128(2));
    match writer {
        0 => OperationUnchanged {
            operation,
            scope: Scope::Cluster,
        }
        .into(),
        1 => OperationSucceeded {
            operation,
            scope: Scope::Cluster,
        }
        .into(),
        _ => NodeJoined {
            node: node(),
            address: Ipv4Addr::LOCALHOST.into(),
            capacity: Capacity::default(),
        }
        .into(),
    }
}

fn commit(core: &str, prev: Option<Digest>, event: Event) -> Vec<u8> {
    let commit = Commit {
        actor: Writer::Scheduler.actor(),
        operation: None,
        answers: None,
        cause: None,
        as_of: Seq(0),
        core: core.to_owned(),
        time: Time::default(),
        traceparent: None,
        prev,
        evidence: Vec::new(),
        events: vec![event],
    };
    serde_json::to_vec(&commit).unwrap()
}

impl Scene {
    /// A log whose first message admits the node.
    fn new() -> Self {
        let control = Marker::Control(ControlKey::new([1; 32]));
        let node_key = NodeKey::generate();
        let admitted = NodeAdmitted {
            node: node(),
            machine: "m1".parse().unwrap(),
            public_key: node_key.public_key(),
        };
        let mut scene = Self {
            control,
            node: node_key,
            messages: Vec::new(),
            prev: [None; 3],
        };
        let payload = commit("api/1", None, admitted.into());
        let mark = scene.control.mark(LOG, "evt.api", &payload);
        scene.store("evt.api", payload, Some(mark), true);
        scene
    }

    fn store(&mut self, subject: &str, payload: Vec<u8>, mark: Option<String>, valid: bool) {
        let seq = Seq(self.messages.len() as u64 + 1);
        self.messages.push((
            Stored {
                seq,
                subject: subject.to_owned(),
                payload,
                mark,
            },
            valid,
        ));
    }

    fn marker(&self, writer: usize) -> Marker {
        if writer == 2 {
            self.node.marker()
        } else {
            self.control.clone()
        }
    }

    fn put(&mut self, writer: usize, put: Put) {
        let subject = LogSubject::Facts(writers()[writer].clone()).to_string();
        // Each commit differs from the last, as real ones do by what they rest on.
        let core = format!("core/{}", self.messages.len());
        let payload = commit(&core, self.prev[writer], fact_of(writer));
        let mark = |payload: &[u8]| Some(self.marker(writer).mark(LOG, &subject, payload));
        let other = Marker::Control(ControlKey::new([2; 32]));
        let (payload, mark) = match put {
            Put::Valid => {
                let mark = mark(&payload);
                self.prev[writer] = Some(Digest::of(&payload));
                return self.store(&subject, payload, mark, true);
            }
            Put::ForgedMark => (payload.clone(), Some(other.mark(LOG, &subject, &payload))),
            Put::NoMark => (payload, None),
            Put::MarkOfAnotherLog => {
                let mark = self
                    .marker(writer)
                    .mark(LogId(Uuid::from_u128(9)), &subject, &payload);
                (payload, Some(mark))
            }
            Put::MarkOfAnotherSubject => {
                let mark = self.marker(writer).mark(LOG, "evt.init", &payload);
                (payload, Some(mark))
            }
            Put::ChangedBytes => {
                let mark = mark(&payload);
                ([payload, b" ".to_vec()].concat(), mark)
            }
            Put::BrokenChain => {
                let payload = commit(
                    &core,
                    Some(Digest::of(b"nothing that was written")),
                    fact_of(writer),
                );
                (payload.clone(), mark(&payload))
            }
            Put::Repeated => {
                let last = self
                    .messages
                    .iter()
                    .rev()
                    .find(|(m, valid)| *valid && m.subject == subject);
                let Some((last, _)) = last.cloned() else {
                    return;
                };
                (last.payload, last.mark)
            }
            Put::WrongType => {
                let begun = LogBegun {
                    log: LOG,
                    cluster: "test".to_owned(),
                };
                let payload = commit(&core, self.prev[writer], begun.into());
                (payload.clone(), mark(&payload))
            }
            Put::Unreadable => (b"{".to_vec(), mark(b"{")),
            Put::ForeignSubject => {
                let mark = Some(self.control.mark(LOG, "evt.stranger", &payload));
                return self.store("evt.stranger", payload, mark, false);
            }
        };
        self.store(&subject, payload, mark, false);
    }
}

fn ledger() -> Ledger {
    Ledger::of_control_plane(LOG, ControlKey::new([1; 32]))
}

proptest! {
    #[test]
    fn valid_messages_stay_valid_whatever_stands_between_them(
        puts in vec((0..3_usize, 0..PUTS.len()), 0..60)
    ) {
        let mut scene = Scene::new();
        for (writer, put) in puts {
            scene.put(writer, PUTS[put]);
        }
        let mut ledger = ledger();
        for (message, valid) in &scene.messages {
            let verdict = ledger.check(message);
            prop_assert_eq!(verdict.is_ok(), *valid, "{}: {:?}", message.subject, verdict);
        }
        for (n, writer) in writers().into_iter().enumerate() {
            let subject = LogSubject::Facts(writer);
            let on = scene.messages.iter().rev().find(|(m, _)| m.subject == subject.to_string());
            let head = ledger.head(&subject);
            prop_assert_eq!(head.stored, on.map_or(Seq(0), |(m, _)| m.seq), "concurrency counts stored messages");
            prop_assert_eq!(head.prev, scene.prev[n], "the chain counts valid ones");
        }
    }

    #[test]
    fn a_node_that_resumes_from_its_head_judges_its_own_subject_as_the_control_plane_does(
        puts in vec((2..3_usize, 0..PUTS.len()), 0..30), cut in 0..30_usize
    ) {
        let mut scene = Scene::new();
        for (writer, put) in puts {
            scene.put(writer, PUTS[put]);
        }
        let own = LogSubject::Facts(Writer::Node(node()));
        let key = gantry_bus::node_key(&scene.node.public_key()).unwrap();
        let mine: Vec<_> = scene.messages.iter().filter(|(m, _)| m.subject == own.to_string()).collect();
        let cut = cut.min(mine.len());
        let mut before = Ledger::of_node(LOG, node(), key);
        for (message, _) in &mine[..cut] {
            let _ = before.check(message);
        }
        let mut after = Ledger::of_node(LOG, node(), key);
        after.resume(&own, before.head(&own));
        for (message, valid) in &mine[cut..] {
            prop_assert_eq!(after.check(message).is_ok(), *valid);
        }
    }
}

#[test]
fn each_void_message_says_why() {
    for (put, why) in [
        (Put::ForgedMark, Void::Mark),
        (Put::NoMark, Void::Mark),
        (Put::MarkOfAnotherLog, Void::Mark),
        (Put::MarkOfAnotherSubject, Void::Mark),
        (Put::ChangedBytes, Void::Mark),
        (Put::BrokenChain, Void::Chain),
        (Put::WrongType, Void::Type("log.begun.v1".to_owned())),
        (
            Put::ForeignSubject,
            Void::Subject("evt.stranger".to_owned()),
        ),
    ] {
        for writer in 0..3 {
            let mut scene = Scene::new();
            scene.put(writer, put);
            let mut ledger = ledger();
            let verdicts: Vec<_> = scene
                .messages
                .iter()
                .map(|(m, _)| ledger.check(m).err())
                .collect();
            assert_eq!(verdicts, [None, Some(why.clone())], "{put:?}");
        }
    }
}

#[test]
fn a_node_counts_from_its_admission_and_not_before() {
    let mut scene = Scene::new();
    scene.put(2, Put::Valid);
    scene.messages.rotate_left(1);
    let mut ledger = ledger();
    let verdicts: Vec<_> = scene
        .messages
        .iter()
        .map(|(m, _)| ledger.check(m).err())
        .collect();
    assert_eq!(verdicts, [Some(Void::Mark), None]);
}
