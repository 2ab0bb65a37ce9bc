//! A log in miniature: facts go in with their places, tables come out.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file uses its part, and may panic"
)]

use std::collections::BTreeSet;

use gantry_decider::{Core, Next};
use gantry_events::*;
use gantry_lb_sync_core::{LbCore, Live, Reading, State};
use gantry_testkit::Told;
use gantry_testkit::told::Words;
use uuid::Uuid;

pub const LOG: LogId = LogId(Uuid::from_u128(7));

/// One lb-sync that folds what it is told.
#[derive(Clone)]
pub struct World {
    pub core: LbCore,
    pub state: State,
    pub observed: Option<Live>,
    pub seq: Seq,
    pub now: Time,
    pub told: Vec<Told>,
}

impl World {
    /// A log that has begun, and in it a balancer that is announced.
    pub fn begun() -> Self {
        let mut world = Self::unannounced();
        world.say().unwrap();
        world
    }

    /// A log that has begun, and nothing else.
    pub fn unannounced() -> Self {
        let core = LbCore {
            balancer: "b1".parse().unwrap(),
        };
        let mut world = Self {
            core,
            state: State::default(),
            observed: None,
            seq: Seq(0),
            now: at(0),
            told: Vec::new(),
        };
        world.fold(
            &Writer::Init,
            LogBegun {
                log: LOG,
                cluster: "test".to_owned(),
            },
        );
        world
    }

    pub fn fold(&mut self, writer: &Writer, fact: impl Into<Fact>) -> Seq {
        self.fold_at_once(writer, vec![fact.into()])
    }

    /// Folds the facts of one commit.
    pub fn fold_at_once(&mut self, writer: &Writer, facts: Vec<Fact>) -> Seq {
        self.seq = self.seq.next();
        for (index, fact) in (0..).zip(facts) {
            let told = Told {
                place: Place {
                    seq: self.seq,
                    index,
                },
                time: self.now,
                writer: writer.clone(),
                operation: None,
                answers: None,
                said: Words::Fact(Box::new(fact)),
            };
            told.fold(&self.core, &mut self.state);
            self.told.push(told);
        }
        self.seq
    }

    pub fn table(&self) -> RouteTable {
        self.core
            .wanted(&self.state, &self.observed, self.now)
            .unwrap()
    }

    /// The replicas that a host routes to; none when the host is not known.
    pub fn routed(&self, host: &str) -> Option<Vec<String>> {
        let route = self.table().routes.get(host)?.clone();
        Some(
            route
                .backends
                .keys()
                .map(|key| key.replica.to_string())
                .collect(),
        )
    }

    pub fn read(&mut self, reading: Reading) {
        self.core.observe(&mut self.observed, reading, self.now);
    }

    /// The balancer says that the wanted table is live, and what it has let go.
    pub fn apply(&mut self, released: &[&ReplicaKey]) {
        let table = self.table();
        let released: BTreeSet<ReplicaKey> = released.iter().copied().cloned().collect();
        let status = TableStatus {
            log: LOG,
            seq: table.seq,
            released,
            in_flight: Default::default(),
        };
        self.read(Reading::Live(Live::of(&table, &status).unwrap()));
    }

    pub fn next(&self) -> Next {
        self.core.next(&self.state, &self.observed, self.now)
    }

    /// Folds what it would say now, if anything.
    pub fn say(&mut self) -> Option<TableApplied> {
        let fact = self.next().draft?.events.remove(0).fact;
        let Fact::TableApplied(applied) = fact.clone() else {
            panic!("{fact:?}")
        };
        self.fold(&Writer::Balancer(self.core.balancer.clone()), fact);
        Some(applied)
    }
}

pub fn at(millis: i64) -> Time {
    Time::from_unix_millis(1_700_000_000_000 + millis)
}

pub fn shop() -> ProjectName {
    "shop".parse().unwrap()
}

pub fn slot(service: &str, ordinal: u32) -> Slot {
    Slot {
        service: service.parse().unwrap(),
        ordinal,
    }
}

pub fn key(id: &str) -> ReplicaKey {
    ReplicaKey {
        project: shop(),
        replica: id.parse().unwrap(),
    }
}

pub fn node(id: &str) -> Writer {
    Writer::Node(id.parse().unwrap())
}

pub fn placed(id: &str, slot: Slot, epoch: u32) -> Fact {
    placed_on("n1", id, (slot, epoch))
}

pub fn placed_on(node: &str, id: &str, (slot, epoch): (Slot, u32)) -> Fact {
    Fact::from(ReplicaPlaced {
        project: shop(),
        replica: id.parse().unwrap(),
        slot,
        epoch,
        release: ReleaseNumber(1),
        node: node.parse().unwrap(),
        spec: Digest::of(b"spec"),
        cpu: MilliCpu(100),
        memory: Bytes(1),
        explanation: Explanation::default(),
        until: at(60_000),
        round: 0,
    })
}

pub fn ready(id: &str, port: u16) -> Fact {
    let address = Some(([10, 0, 0, 1], port).into());
    Fact::from(ReplicaReady {
        project: shop(),
        replica: id.parse().unwrap(),
        node: "n1".parse().unwrap(),
        address,
    })
}

pub fn unready(id: &str) -> Fact {
    let reason = "answered 500".to_owned();
    Fact::from(ReplicaUnready {
        project: shop(),
        replica: id.parse().unwrap(),
        node: "n1".parse().unwrap(),
        reason,
    })
}

pub fn restarted(id: &str) -> Fact {
    Fact::from(ReplicaRestarted {
        project: shop(),
        replica: id.parse().unwrap(),
        node: "n1".parse().unwrap(),
        restarts: 1,
        exit: Some(1),
        backoff: Millis(1000),
        log_tail: Vec::new(),
    })
}

pub fn failed(id: &str) -> Fact {
    Fact::from(ReplicaFailed {
        project: shop(),
        replica: id.parse().unwrap(),
        node: "n1".parse().unwrap(),
        reason: FailureReason::Unhealthy {
            probe: "answered 500".to_owned(),
        },
        exit: None,
        log_tail: Vec::new(),
    })
}

pub fn stopped(id: &str) -> Fact {
    Fact::from(ReplicaStopped {
        project: shop(),
        replica: id.parse().unwrap(),
        node: "n1".parse().unwrap(),
        exit: Some(0),
        probe: None,
        log_tail: Vec::new(),
    })
}

pub fn draining(id: &str) -> Fact {
    Fact::from(ReplicaDraining {
        project: shop(),
        replica: id.parse().unwrap(),
        why: RetireReason::ScaledDown,
        drain: Millis(30_000),
        until: at(40_000),
    })
}

pub fn stopping(id: &str) -> Fact {
    Fact::from(ReplicaStopping {
        project: shop(),
        replica: id.parse().unwrap(),
        grace: Millis(10_000),
        until: at(60_000),
    })
}

pub fn ended(service: &str) -> Fact {
    Fact::from(ServiceEnded {
        project: shop(),
        service: service.parse().unwrap(),
    })
}

pub fn removed(service: &str) -> Fact {
    Fact::from(ServiceRemoved {
        project: shop(),
        service: service.parse().unwrap(),
    })
}

/// A service of the project `shop` that answers under these hosts, or leads from them elsewhere.
pub fn configured(service: &str, domains: &[(&str, Option<&str>)]) -> Fact {
    let domain = |(host, redirect): &(&str, Option<&str>)| Domain {
        host: host.parse().unwrap(),
        redirect: redirect.map(|host| host.parse().unwrap()),
    };
    Fact::from(ServiceConfigured {
        project: shop(),
        service: service.parse().unwrap(),
        release: ReleaseNumber(1),
        spec: Digest::of(b"spec"),
        replicas: 1,
        rollout: RolloutPolicy::default(),
        place: PlacePolicy::default(),
        domains: domains.iter().map(domain).collect(),
    })
}

pub fn suspected(node: &str) -> Fact {
    Fact::from(NodeSuspected {
        node: node.parse().unwrap(),
        since: at(0),
        widespread: false,
        until: at(15_000),
    })
}

pub fn node_lost(node: &str) -> Fact {
    Fact::from(NodeLost {
        node: node.parse().unwrap(),
        since: at(0),
    })
}

pub fn returned(node: &str) -> Fact {
    Fact::from(NodeReturned {
        node: node.parse().unwrap(),
    })
}

pub fn lost(id: &str, node: &str) -> Fact {
    Fact::from(ReplicaLost {
        project: shop(),
        replica: id.parse().unwrap(),
        node: node.parse().unwrap(),
    })
}

pub fn regained(id: &str, node: &str) -> Fact {
    Fact::from(ReplicaRegained {
        project: shop(),
        replica: id.parse().unwrap(),
        node: node.parse().unwrap(),
        until: at(60_000),
    })
}

pub fn gone(node: &str) -> Fact {
    Fact::from(MachineGone {
        machine: node.replace('n', "m").parse().unwrap(),
        node: node.parse().unwrap(),
    })
}

/// Who writes a fact about a replica: its node, of the stage's two the one its id names.
pub fn writer_of(fact: &Fact) -> Writer {
    let node_of = |id: &ReplicaId| match id.as_str().ends_with('b') {
        true => node("n2"),
        false => node("n1"),
    };
    match fact {
        Fact::ReplicaReady(f) => node_of(&f.replica),
        Fact::ReplicaUnready(f) => node_of(&f.replica),
        Fact::MachineGone(_) | Fact::MachineRemoved(_) => Writer::Provisioner,
        _ => Writer::Scheduler,
    }
}
