//! A log spoken aloud: who says what, and the documents that follow.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests use it")]

use std::collections::BTreeMap;
use std::str::FromStr;

use gantry_events::*;
use gantry_views::*;
use uuid::Uuid;

/// Documents, and the place and time of the next message.
#[derive(Default)]
pub struct World {
    pub documents: Documents,
    seq: u64,
}

impl World {
    /// The api accepts a command.
    pub fn asks(&mut self, operation: OperationId, intent: Intent) -> &mut Self {
        let (place, time) = self.tick();
        let command = Command {
            operation,
            actor: Actor::Token("ci".into()),
            time,
            request: Digest::of(b"request"),
            traceparent: None,
            intent,
            unchanged_since: None,
        };
        self.fold(&Entry {
            place,
            time,
            writer: &Writer::Api,
            operation: Some(operation),
            answers: None,
            said: Said::Command(&command),
        })
    }

    /// A writer says a fact by itself.
    pub fn says(&mut self, writer: Writer, fact: impl Into<Fact>) -> &mut Self {
        self.says_for(None, writer, fact)
    }

    /// The scheduler says a fact for an operation.
    pub fn decides(&mut self, operation: OperationId, fact: impl Into<Fact>) -> &mut Self {
        self.says_for(Some(operation), Writer::Scheduler, fact)
    }

    fn says_for(
        &mut self,
        operation: Option<OperationId>,
        writer: Writer,
        fact: impl Into<Fact>,
    ) -> &mut Self {
        let (place, time) = self.tick();
        let fact = fact.into();
        self.fold(&Entry {
            place,
            time,
            writer: &writer,
            operation,
            answers: None,
            said: Said::Fact(&fact),
        })
    }

    /// Folds an entry, and holds the two laws of folds: only what was named changes, and what is read
    /// back from JSON folds as what never was written.
    fn fold(&mut self, entry: &Entry<'_>) -> &mut Self {
        let before = self.documents.clone();
        let named = touched(entry, &before);
        let mut read_back = Documents::default();
        for (key, document) in before.iter().filter(|(key, _)| named.contains(key)) {
            let json = document.to_json();
            read_back.put(Document::from_json(key.kind, &json).unwrap());
        }
        fold(entry, &mut self.documents);
        fold(entry, &mut read_back);
        for (key, document) in self.documents.iter() {
            let json = document.to_json();
            assert!(json.len() <= MAX_BYTES, "{} bytes: {json}", json.len());
            let unchanged = before.get(key) == Some(document);
            assert!(unchanged || named.contains(key), "{key:?} is not named");
            if named.contains(key) {
                assert_eq!(read_back.get(key), Some(document));
            }
        }
        self
    }

    fn tick(&mut self) -> (Place, Time) {
        self.seq += 1;
        let seq = Seq(self.seq);
        (Place { seq, index: 0 }, second(self.seq))
    }

    pub fn operation(&self, id: OperationId) -> &OperationDoc {
        self.find(&DocKey::operation(id))
    }

    pub fn service(&self, name: &str) -> &ServiceDoc {
        self.find(&DocKey::service(&id("shop"), &id(name)))
    }

    pub fn replica(&self, name: &str) -> &ReplicaDoc {
        self.find(&DocKey::replica(&id("shop"), &id(name)))
    }

    pub fn node(&self, name: &str) -> &NodeDoc {
        self.find(&DocKey::node(&id(name)))
    }

    pub fn find<T: View>(&self, key: &DocKey) -> &T {
        self.documents.find(key).expect("the document is there")
    }
}

/// An id from text.
pub fn id<T: FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

/// So many seconds after the beginning.
pub fn second(n: u64) -> Time {
    Time::from_unix_millis(1_700_000_000_000) + Millis::from_secs(n)
}

pub fn operation(n: u128) -> OperationId {
    OperationId(Uuid::from_u128(n))
}

pub fn project() -> ProjectName {
    id("shop")
}

pub fn node(name: &str) -> Writer {
    Writer::Node(id(name))
}

pub fn put_config() -> Intent {
    Intent::ConfigPut(ConfigPut {
        project: project(),
        config: "{}".into(),
    })
}

pub fn configured(service: &str, release: u32, replicas: u32) -> ServiceConfigured {
    ServiceConfigured {
        project: project(),
        service: id(service),
        release: ReleaseNumber(release),
        spec: Digest::of(b"spec"),
        replicas,
        rollout: Default::default(),
        place: Default::default(),
        domains: Default::default(),
    }
}

pub fn released(operation: OperationId, release: u32) -> ReleaseCreated {
    ReleaseCreated {
        project: project(),
        release: ReleaseNumber(release),
        operation,
        config: Digest::of(b"{}"),
        images: BTreeMap::from([("web:1".into(), "web@sha256:00".into())]),
        rollback_of: None,
    }
}

pub fn rollout(operation: OperationId, service: &str, until: Time) -> RolloutStarted {
    RolloutStarted {
        project: project(),
        service: id(service),
        operation,
        until,
    }
}

pub fn rolled_out(operation: OperationId, service: &str) -> RolloutFinished {
    RolloutFinished {
        project: project(),
        service: id(service),
        operation,
    }
}

pub fn given_up(operation: OperationId, service: &str) -> RolloutFailed {
    RolloutFailed {
        project: project(),
        service: id(service),
        operation,
        problem: Problem::new(ProblemCode::DeadlinePassed, "not ready"),
    }
}

pub fn unplaced(service: &str, ordinal: u32) -> ServiceUnplaced {
    ServiceUnplaced {
        project: project(),
        service: id(service),
        ordinal,
        further: 0,
        explanation: Explanation {
            because: "every node is full".into(),
            ..Explanation::default()
        },
        until: second(40),
    }
}

pub fn placed(replica: &str, ordinal: u32, on: &str) -> ReplicaPlaced {
    let (service, _) = replica.rsplit_once('-').unwrap();
    ReplicaPlaced {
        project: project(),
        replica: id(replica),
        slot: Slot {
            service: id(service),
            ordinal,
        },
        epoch: 1,
        release: ReleaseNumber(1),
        node: id(on),
        spec: Digest::of(b"spec"),
        cpu: MilliCpu(500),
        memory: Bytes(64 << 20),
        explanation: Explanation::default(),
        until: second(60),
        round: 0,
    }
}

pub fn ready(replica: &str, on: &str) -> ReplicaReady {
    ReplicaReady {
        project: project(),
        replica: id(replica),
        node: id(on),
        address: Some("10.0.0.1:20000".parse().unwrap()),
    }
}

pub fn unready(replica: &str, on: &str) -> ReplicaUnready {
    ReplicaUnready {
        project: project(),
        replica: id(replica),
        node: id(on),
        reason: "503 from /healthz".into(),
    }
}

pub fn stopped(replica: &str, on: &str) -> ReplicaStopped {
    ReplicaStopped {
        project: project(),
        replica: id(replica),
        node: id(on),
        exit: Some(0),
        probe: None,
        log_tail: Vec::new(),
    }
}

pub fn admitted(node: &str, machine: &str) -> NodeAdmitted {
    NodeAdmitted {
        node: id(node),
        machine: id(machine),
        public_key: "U…".into(),
    }
}

pub fn joined(node: &str) -> NodeJoined {
    NodeJoined {
        node: id(node),
        address: "10.0.0.1".parse().unwrap(),
        capacity: Capacity {
            cpu: MilliCpu(2000),
            memory: Bytes(1 << 30),
        },
    }
}

/// A world with two nodes and a service of two replicas, one on each.
pub fn running() -> World {
    let op = operation(1);
    let mut world = World::default();
    for (node_id, machine) in [("n1", "m1"), ("n2", "m2")] {
        world
            .says(Writer::Api, admitted(node_id, machine))
            .says(node(node_id), joined(node_id));
    }
    world
        .asks(op, put_config())
        .decides(op, released(op, 1))
        .decides(op, configured("web", 1, 2))
        .decides(op, rollout(op, "web", second(300)))
        .decides(op, placed("web-aaaaaa", 0, "n1"))
        .decides(op, placed("web-bbbbbb", 1, "n2"))
        .says(node("n1"), ready("web-aaaaaa", "n1"))
        .says(node("n2"), ready("web-bbbbbb", "n2"));
    world
}
