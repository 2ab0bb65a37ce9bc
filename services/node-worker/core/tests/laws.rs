//! The laws of a node, under whatever the world may do to it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on may end"
)]

mod stage;

use std::collections::BTreeSet;

use gantry_events::{Fact, Millis, ReplicaKey, ReplicaPhase, Stage};
use gantry_node_worker_core::{Action, Outcome, Run};
use gantry_testkit::laws;
use proptest::prelude::*;
use stage::{Answers, Play, web};

/// Something that happens.
#[derive(Clone, Debug)]
enum Happens {
    /// A set that names these replicas; true: to be stopped. `late`: an older one, delivered late.
    Set {
        replicas: Vec<(u32, bool)>,
        late: bool,
    },
    /// The step of a replica is done, or fails, or is refused.
    Step {
        replica: u32,
        how: How,
    },
    Ends {
        replica: u32,
        exit: i64,
    },
    Probe {
        replica: u32,
        good: bool,
    },
    Looks,
    EngineSilent,
    WorkerRestarts,
    Time(u64),
    /// The log takes what there is to say.
    Reports,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Done,
    Later,
    Never,
}

fn happens() -> impl Strategy<Value = Happens> {
    let replica = || 0..4_u32;
    prop_oneof![
        3 => (proptest::collection::vec((replica(), proptest::bool::weighted(0.2)), 0..4), proptest::bool::weighted(0.2))
            .prop_map(|(replicas, late)| Happens::Set { replicas, late }),
        12 => (replica(), prop_oneof![8 => Just(How::Done), 2 => Just(How::Later), 1 => Just(How::Never)])
            .prop_map(|(replica, how)| Happens::Step { replica, how }),
        2 => (replica(), 0..2_i64).prop_map(|(replica, exit)| Happens::Ends { replica, exit }),
        6 => (replica(), any::<bool>()).prop_map(|(replica, good)| Happens::Probe { replica, good }),
        3 => Just(Happens::Looks),
        1 => Just(Happens::EngineSilent),
        1 => Just(Happens::WorkerRestarts),
        4 => (0..20_000_u64).prop_map(Happens::Time),
        4 => Just(Happens::Reports),
    ]
}

/// A node, its engine, and what it may never do.
struct Trial {
    play: Play,
    seq: u64,
    final_ones: BTreeSet<ReplicaKey>,
}

impl Trial {
    fn new() -> Self {
        Self {
            play: Play::begin(),
            seq: 1,
            final_ones: BTreeSet::new(),
        }
    }

    fn happen(&mut self, what: &Happens) {
        match what {
            Happens::Set { replicas, late } => self.set(replicas, *late),
            Happens::Step { replica, how } => self.step(&web(*replica), *how),
            Happens::Ends { replica, exit } => {
                if self.runs(&web(*replica)) {
                    self.play.ends(&web(*replica), *exit);
                }
            }
            Happens::Probe { replica, good } => {
                if self.runs(&web(*replica)) {
                    self.play.probe(
                        &web(*replica),
                        if *good { Answers::Good } else { Answers::Bad },
                    );
                }
            }
            Happens::Looks => self.play.looks(),
            Happens::EngineSilent => self.play.engine_is_silent(),
            Happens::WorkerRestarts => self.play.restart_worker(),
            Happens::Time(millis) => self.play.pass(Millis(*millis)),
            Happens::Reports => self.report(),
        }
    }

    fn set(&mut self, replicas: &[(u32, bool)], late: bool) {
        let phase = |stop: &bool| {
            if *stop {
                ReplicaPhase::Stop {
                    grace: Millis(1000),
                }
            } else {
                ReplicaPhase::Run
            }
        };
        let replicas: Vec<_> = replicas
            .iter()
            .map(|(number, stop)| (web(*number), phase(stop)))
            .collect();
        if late && self.seq > 1 {
            let before = self.play.work();
            self.play.wants(self.seq - 1, replicas);
            assert_eq!(self.play.work(), before, "an older set changes nothing");
            return;
        }
        self.seq += 1;
        self.play.wants(self.seq, replicas);
        self.play.learns_specs();
    }

    fn runs(&self, replica: &ReplicaKey) -> bool {
        self.play
            .engine
            .get(replica)
            .is_some_and(|container| container.running_since().is_some())
    }

    fn step(&mut self, replica: &ReplicaKey, how: How) {
        let Some(step) = self.play.work().steps.remove(replica) else {
            return;
        };
        match (how, step.action) {
            (How::Later, Action::ReadTail { .. }) => self.play.did(
                replica,
                Outcome::Unread {
                    because: "later".to_owned(),
                },
            ),
            (How::Later, _) => self.play.did(
                replica,
                Outcome::Retry {
                    because: "later".to_owned(),
                },
            ),
            (How::Never, _) => self.play.did(
                replica,
                Outcome::Refuse {
                    because: "never".to_owned(),
                },
            ),
            (How::Done, Action::Pull { .. }) => self.play.did(replica, Outcome::Pulled),
            (How::Done, Action::Create(_)) => self.play.creates(replica),
            (How::Done, Action::Start { .. }) => {
                assert!(
                    !self.final_ones.contains(replica),
                    "{replica} ended for good and is started again"
                );
                self.play.starts(replica);
            }
            (How::Done, Action::Stop { .. }) => self.play.stops(replica, 143),
            (How::Done, Action::ReadTail { .. }) => self
                .play
                .did(replica, Outcome::Tail(vec!["bye".to_owned()])),
            (How::Done, Action::Remove { .. }) => {
                assert!(!self.runs(replica), "{replica} is removed while it runs");
                self.play.removes(replica);
            }
        }
    }

    fn report(&mut self) {
        for fact in self.play.stage.settle_for(Millis(25)) {
            if let Fact::ReplicaFailed(f) = &fact {
                self.end(&f.project, &f.replica);
            } else if let Fact::ReplicaStopped(f) = &fact {
                self.end(&f.project, &f.replica);
            }
        }
        laws::replay_is_the_same(
            &self.play.stage.core,
            &self.play.stage.state,
            &self.play.stage.told,
        );
        laws::writes_only_its_own(&self.play.stage);
    }

    fn end(&mut self, project: &gantry_events::ProjectName, replica: &gantry_events::ReplicaId) {
        let key = ReplicaKey {
            project: project.clone(),
            replica: replica.clone(),
        };
        assert!(self.final_ones.insert(key.clone()), "{key} ended twice");
    }

    /// Steps are carried out and probes answered until nothing is left to do.
    fn come_to_rest(&mut self) {
        self.play.looks();
        for _ in 0..200 {
            let work = self.play.work();
            work.steps
                .keys()
                .for_each(|replica| self.step(replica, How::Done));
            work.probes
                .keys()
                .for_each(|replica| self.play.probe(replica, Answers::Good));
            self.report();
            if work.steps.is_empty() && !self.waits() {
                return;
            }
            self.play.pass(Millis(5000));
        }
        panic!("it does not come to rest: {:?}", self.play.work());
    }

    fn waits(&self) -> bool {
        let stages = self.play.work().stages;
        // What is not wanted any more has no stage, and its removal may be waiting to be tried again.
        let is_left_over = |replica: &ReplicaKey| !stages.contains_key(replica);
        self.play.engine.keys().any(is_left_over)
            || stages.values().any(|standing| {
                !matches!(
                    standing.stage,
                    Stage::Ready | Stage::Stopped | Stage::Failed
                )
            })
    }

    fn assert_present_is_wanted(&self) {
        let wanted = self
            .play
            .stage
            .observed
            .set()
            .map(|set| set.replicas.clone())
            .unwrap_or_default();
        for (replica, container) in &self.play.engine {
            let wanted = wanted.get(replica);
            assert!(wanted.is_some(), "{replica} is left over");
            let ended = wanted.is_some_and(|w| w.phase != ReplicaPhase::Run)
                || self.final_ones.contains(replica);
            assert_eq!(
                matches!(container.run, Run::Running { .. }),
                !ended,
                "{replica}"
            );
        }
        for (replica, wanted) in &wanted {
            let runs = wanted.phase == ReplicaPhase::Run && !self.final_ones.contains(replica);
            assert!(!runs || self.runs(replica), "{replica} is missing");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_it_comes_to_rest_as_wanted_and_what_ended_never_runs_again(
        story in proptest::collection::vec(happens(), 1..80),
    ) {
        let mut trial = Trial::new();
        story.iter().for_each(|what| trial.happen(what));
        if trial.play.stage.observed.set().is_some() {
            trial.come_to_rest();
            trial.assert_present_is_wanted();
        }
        laws::replay_is_the_same(&trial.play.stage.core, &trial.play.stage.state, &trial.play.stage.told);
    }

    #[test]
    fn silence_never_stops_or_removes_anything(
        story in proptest::collection::vec(happens(), 1..60),
        silent in proptest::collection::vec(0..10_000_u64, 1..20),
    ) {
        let mut trial = Trial::new();
        story.iter().for_each(|what| trial.happen(what));
        trial.play.engine_is_silent();
        for millis in silent {
            trial.play.pass(Millis(millis));
            prop_assert!(trial.play.work().steps.is_empty());
        }
        let mut fresh = Play::begin();
        fresh.engine = trial.play.engine.clone();
        fresh.looks();
        prop_assert!(fresh.work().steps.is_empty(), "a worker without a set touches nothing");
    }
}
