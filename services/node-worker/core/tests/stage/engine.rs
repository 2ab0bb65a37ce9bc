//! The engine of a play, moved by hand.

use gantry_events::{Millis, ReplicaKey};
use gantry_node_worker_core::{Container, ContainerId, Reading, Run};

use super::{Answers, Play};

impl Play {
    fn container(&self, replica: &ReplicaKey, run: Run) -> Container {
        Container {
            id: ContainerId(replica.to_string()),
            spec: self.spec.digest(),
            port: Some(20_001),
            run,
        }
    }

    pub fn creates(&mut self, replica: &ReplicaKey) {
        self.engine
            .insert(replica.clone(), self.container(replica, Run::Created));
        self.done(replica);
    }

    pub fn starts(&mut self, replica: &ReplicaKey) {
        self.engine.insert(
            replica.clone(),
            self.container(
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
            self.container(
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
            self.container(
                replica,
                Run::Ended {
                    at: self.stage.now,
                    exit,
                },
            ),
        );
        self.looks();
    }

    /// Its process is at an end before the engine is asked what became of the start.
    pub fn starts_and_ends_at_once(&mut self, replica: &ReplicaKey, exit: i64) {
        self.stops(replica, exit);
    }

    /// As after a jump back of the engine's clock.
    pub fn ends_an_hour_ago(&mut self, replica: &ReplicaKey, exit: i64) {
        let at = self.stage.now - Millis::from_secs(3600);
        self.engine.insert(
            replica.clone(),
            self.container(replica, Run::Ended { at, exit }),
        );
        self.looks();
    }

    pub fn stops(&mut self, replica: &ReplicaKey, exit: i64) {
        self.engine.insert(
            replica.clone(),
            self.container(
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

    pub fn crash_and_recover(&mut self, replica: &ReplicaKey) {
        self.ends(replica, 1);
        self.pass(Millis(60_000));
        self.starts(replica);
        self.probe(replica, Answers::Good);
        self.says();
    }
}
