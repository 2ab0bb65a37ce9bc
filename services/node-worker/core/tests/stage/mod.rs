//! A play for scenarios: one node on a stage, and its engine moved by hand.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on may end"
)]

mod engine;
mod told;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use gantry_decider::Core;
use gantry_events::{Bytes, Capacity, MilliCpu, Millis, ReplicaKey, ReplicaPhase, Stage};
use gantry_node_worker_core::{Answer, BATCH, Container, Host, NodeCore, Outcome, Reading, Work};
use gantry_spec::{ContainerSpec, Health, HealthCheck};
use gantry_testkit::{Stage as Scene, laws};
use words::in_words;

pub use told::{spec, web};

/// What a probe answers.
#[derive(Clone, Copy, Debug)]
pub enum Answers {
    Good,
    Bad,
}

/// One node on a stage.
pub struct Play {
    pub stage: Scene<NodeCore>,
    pub engine: BTreeMap<ReplicaKey, Container>,
    look: u64,
    spec: ContainerSpec,
}

impl Play {
    pub fn begin() -> Self {
        let log = "00000000-0000-4000-8000-00000000000a".parse().unwrap();
        let core = NodeCore {
            node: "n1".parse().unwrap(),
            log,
        };
        let mut play = Self {
            stage: Scene::new(core),
            engine: BTreeMap::new(),
            look: 0,
            spec: spec(),
        };
        play.moves_to("10.0.0.5");
        play.looks();
        play
    }

    /// Replicas whose processes have just been started.
    pub fn running(replicas: &[ReplicaKey]) -> Self {
        Self::begin().run(replicas)
    }

    /// A worker without a port that is asked by a program.
    pub fn running_program(replica: &ReplicaKey) -> Self {
        let mut play = Self::begin();
        play.spec = ContainerSpec {
            port: None,
            health: Health::of(HealthCheck::Exec {
                command: vec!["check".to_owned()],
            }),
            ..spec()
        };
        play.run(std::slice::from_ref(replica))
    }

    fn run(mut self, replicas: &[ReplicaKey]) -> Self {
        let play = &mut self;
        play.wants(
            5,
            replicas
                .iter()
                .map(|replica| (replica.clone(), ReplicaPhase::Run)),
        );
        play.learns_specs();
        for replica in replicas {
            play.did(replica, Outcome::Pulled);
            play.creates(replica);
            play.starts(replica);
        }
        play.says();
        self
    }

    /// Replicas that were reported as ready.
    pub fn ready(replicas: &[ReplicaKey]) -> Self {
        let mut play = Self::running(replicas);
        for replica in replicas {
            play.probe(replica, Answers::Good);
        }
        assert_eq!(play.says().len(), replicas.len());
        play
    }

    pub fn reads(&mut self, reading: Reading) {
        self.stage.reading(reading);
    }

    pub fn pass(&mut self, time: Millis) {
        self.stage.pass(time);
    }

    pub fn work(&self) -> Work {
        self.stage.wanted()
    }

    pub fn asks_for_specs(&self) -> usize {
        self.work().specs.len()
    }

    pub fn learns_specs(&mut self) {
        for digest in self.work().specs {
            self.reads(Reading::Spec(digest, Arc::new(self.spec.clone())));
        }
    }

    /// The next step, in a word.
    pub fn step(&self, replica: &ReplicaKey) -> String {
        let work = self.work();
        let step = work.steps.get(replica);
        step.map_or("-".to_owned(), |step| words::of_action(&step.action))
    }

    pub fn stage(&self, replica: &ReplicaKey) -> Stage {
        self.work().stages[replica].stage
    }

    pub fn did(&mut self, replica: &ReplicaKey, outcome: Outcome) {
        let number = self.work().steps[replica].number;
        self.reads(Reading::Did {
            replica: replica.clone(),
            number,
            outcome,
        });
    }

    fn done(&mut self, replica: &ReplicaKey) {
        self.look += 1;
        let outcome = Outcome::Done {
            container: self.engine.get(replica).cloned(),
            look: self.look,
        };
        self.did(replica, outcome);
    }

    pub fn looks_late_and_sees_nothing(&mut self) {
        self.reads(Reading::Containers {
            look: 0,
            found: BTreeMap::new(),
        });
    }

    pub fn engine_is_silent(&mut self) {
        self.reads(Reading::EngineSilent);
    }

    pub fn moves_to(&mut self, address: &str) {
        let capacity = Capacity {
            cpu: MilliCpu(2000),
            memory: Bytes(1 << 30),
        };
        self.reads(Reading::Host(Host {
            address: address.parse().unwrap(),
            capacity,
        }));
    }

    pub fn probe_silently(&mut self, replica: &ReplicaKey, answers: Answers) {
        let since = self.engine[replica].running_since().unwrap_or_default();
        let answer = match answers {
            Answers::Good => Answer::Good,
            Answers::Bad => Answer::Bad("status 503".to_owned()),
        };
        self.reads(Reading::Probed {
            replica: replica.clone(),
            since,
            answer,
        });
    }

    pub fn probe(&mut self, replica: &ReplicaKey, answers: Answers) {
        self.probe_silently(replica, answers);
        self.pass(Millis(1));
    }

    pub fn make_unready(&mut self, replica: &ReplicaKey) {
        for _ in 0..3 {
            self.probe_silently(replica, Answers::Bad);
        }
        assert_eq!(self.says().len(), 1);
    }

    /// What the shell does after each reading: it keeps what ended, on disk.
    fn keeps_ended(&mut self) {
        let ended = self.stage.observed.ended(&self.stage.state);
        self.reads(Reading::Ended(ended));
    }

    pub fn restart_worker(&mut self) {
        self.keeps_ended();
        let set = self.stage.observed.set().cloned();
        let ended = self.stage.observed.ended(&self.stage.state);
        self.stage.restart();
        self.reads(Reading::Ended(ended));
        self.moves_to("10.0.0.5");
        set.into_iter()
            .for_each(|set| self.reads(Reading::Set(set)));
        self.learns_specs();
        self.looks();
    }

    /// What it says now, before the gathering time is over.
    pub fn says_now(&mut self) -> Vec<String> {
        self.stage.settle().iter().map(in_words).collect()
    }

    /// All there is to say once the gathering time is over. The laws hold then.
    pub fn says(&mut self) -> Vec<String> {
        let said = self.says_unchecked();
        laws::hold(&self.stage);
        said
    }

    /// The same without the laws, which take long where very much was said.
    pub fn says_unchecked(&mut self) -> Vec<String> {
        let said = self.stage.settle_for(BATCH).iter().map(in_words).collect();
        self.keeps_ended();
        said
    }

    pub fn deadlines(&self) -> usize {
        self.stage.core.deadlines(&self.stage.state).len()
    }
}
