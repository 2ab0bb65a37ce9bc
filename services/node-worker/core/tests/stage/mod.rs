//! A play for scenarios: one node on a stage, and its engine moved by hand.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on may end"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use gantry_decider::Core;
use gantry_events::{
    Bytes, Capacity, Digest, Fact, FailureReason, MilliCpu, Millis, ReleaseNumber, ReplicaKey,
    ReplicaPhase, Seq, Stage, WantedReplica, WantedSet,
};
use gantry_node_worker_core::{
    Action, Answer, BATCH, Container, ContainerId, Host, NodeCore, Outcome, Reading, Run, Work,
};
use gantry_spec::{ContainerSpec, Health, HealthCheck, Resources};
use gantry_testkit::{Stage as Scene, laws};

/// The replica `web-N`.
pub fn web(number: u32) -> ReplicaKey {
    format!("shop/web-{number}").parse().unwrap()
}

/// A container spec that serves HTTP on 8080.
pub fn spec() -> ContainerSpec {
    ContainerSpec {
        image: format!("localhost:5000/web@{}", Digest::of(b"image"))
            .parse()
            .unwrap(),
        command: vec![],
        entrypoint: vec![],
        port: Some(8080.try_into().unwrap()),
        env: BTreeMap::new(),
        files: BTreeMap::new(),
        health: Health::of(HealthCheck::Http {
            path: "/".to_owned(),
        }),
        resources: Resources::default(),
    }
}

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
        };
        play.moves_to("10.0.0.5");
        play.looks();
        play
    }

    /// Replicas whose processes have just been started.
    pub fn running(replicas: &[ReplicaKey]) -> Self {
        let mut play = Self::begin();
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
        play
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

    fn set(
        &self,
        seq: u64,
        replicas: impl IntoIterator<Item = (ReplicaKey, ReplicaPhase)>,
    ) -> WantedSet {
        let wanted = |phase| WantedReplica {
            service: "web".parse().unwrap(),
            release: ReleaseNumber(1),
            spec: spec().digest(),
            phase,
        };
        let replicas = replicas
            .into_iter()
            .map(|(replica, phase)| (replica, wanted(phase)))
            .collect();
        WantedSet {
            log: self.stage.core.log,
            seq: Seq(seq),
            node: self.stage.core.node.clone(),
            replicas,
        }
    }

    pub fn wants(
        &mut self,
        seq: u64,
        replicas: impl IntoIterator<Item = (ReplicaKey, ReplicaPhase)>,
    ) {
        let set = self.set(seq, replicas);
        self.reads(Reading::Set(set));
    }

    pub fn wants_of_another_node(&mut self, seq: u64) {
        let set = WantedSet {
            node: "n2".parse().unwrap(),
            ..self.set(seq, [])
        };
        self.reads(Reading::Set(set));
    }

    pub fn wants_of_another_log(&mut self, seq: u64) {
        let log = "00000000-0000-4000-8000-00000000000b".parse().unwrap();
        let set = WantedSet {
            log,
            ..self.set(seq, [])
        };
        self.reads(Reading::Set(set));
    }

    pub fn work(&self) -> Work {
        self.stage.wanted()
    }

    pub fn asks_for_specs(&self) -> usize {
        self.work().specs.len()
    }

    pub fn learns_specs(&mut self) {
        for digest in self.work().specs {
            self.reads(Reading::Spec(digest, Arc::new(spec())));
        }
    }

    /// The next step, in a word.
    pub fn step(&self, replica: &ReplicaKey) -> String {
        match self.work().steps.get(replica).map(|step| &step.action) {
            None => "-".to_owned(),
            Some(Action::Pull { .. }) => "pull".to_owned(),
            Some(Action::Create(_)) => "create".to_owned(),
            Some(Action::Start { .. }) => "start".to_owned(),
            Some(Action::Stop { grace, .. }) => format!("stop {grace}"),
            Some(Action::ReadTail { .. }) => "tail".to_owned(),
            Some(Action::Remove { .. }) => "remove".to_owned(),
        }
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

    fn container(replica: &ReplicaKey, run: Run) -> Container {
        Container {
            id: ContainerId(replica.to_string()),
            spec: spec().digest(),
            port: Some(20_001),
            run,
        }
    }

    pub fn creates(&mut self, replica: &ReplicaKey) {
        self.engine
            .insert(replica.clone(), Self::container(replica, Run::Created));
        self.done(replica);
    }

    pub fn starts(&mut self, replica: &ReplicaKey) {
        self.engine.insert(
            replica.clone(),
            Self::container(
                replica,
                Run::Running {
                    since: self.stage.now,
                },
            ),
        );
        self.done(replica);
    }

    pub fn finds_running(&mut self, replica: &ReplicaKey) {
        self.engine.insert(
            replica.clone(),
            Self::container(
                replica,
                Run::Running {
                    since: self.stage.now,
                },
            ),
        );
        self.looks();
    }

    pub fn ends(&mut self, replica: &ReplicaKey, exit: i64) {
        self.engine.insert(
            replica.clone(),
            Self::container(
                replica,
                Run::Ended {
                    at: self.stage.now,
                    exit,
                },
            ),
        );
        self.looks();
    }

    pub fn stops(&mut self, replica: &ReplicaKey, exit: i64) {
        self.engine.insert(
            replica.clone(),
            Self::container(
                replica,
                Run::Ended {
                    at: self.stage.now,
                    exit,
                },
            ),
        );
        self.done(replica);
    }

    pub fn removes(&mut self, replica: &ReplicaKey) {
        self.engine.remove(replica);
        self.done(replica);
    }

    pub fn vanishes(&mut self, replica: &ReplicaKey) {
        self.engine.remove(replica);
        self.looks();
    }

    pub fn looks(&mut self) {
        self.look += 1;
        self.reads(Reading::Containers {
            look: self.look,
            found: self.engine.clone(),
        });
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

    pub fn crash_and_recover(&mut self, replica: &ReplicaKey) {
        self.ends(replica, 1);
        self.pass(Millis(60_000));
        self.starts(replica);
        self.probe(replica, Answers::Good);
        self.says();
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

fn in_words(fact: &Fact) -> String {
    let exit = |exit: Option<i64>| exit.map_or("-".to_owned(), |code| code.to_string());
    match fact {
        Fact::NodeJoined(_) => "joined".to_owned(),
        Fact::ReplicaReady(f) => format!(
            "ready {} {}",
            f.replica,
            f.address.map_or("-".to_owned(), |a| a.ip().to_string())
        ),
        Fact::ReplicaUnready(f) => format!("unready {}: {}", f.replica, f.reason),
        Fact::ReplicaRestarted(f) => {
            format!(
                "restarted {} {} exit {} after {}",
                f.replica,
                f.restarts,
                exit(f.exit),
                f.backoff
            )
        }
        Fact::ReplicaFailed(f) => format!(
            "failed {} {} exit {} {:?}",
            f.replica,
            why(&f.reason),
            exit(f.exit),
            f.log_tail
        ),
        Fact::ReplicaStopped(f) => format!("stopped {} exit {}", f.replica, exit(f.exit)),
        other => panic!("a node does not say {}", other.type_name()),
    }
}

fn why(reason: &FailureReason) -> String {
    match reason {
        FailureReason::Unhealthy { .. } => "unhealthy".to_owned(),
        FailureReason::NotReadyInTime { .. } => "not ready in time".to_owned(),
        FailureReason::CannotStart { said } => format!("cannot start: {said}"),
    }
}
