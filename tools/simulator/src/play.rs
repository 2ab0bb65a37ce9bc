//! One run: a scene full of faults, then a kind world until everything has come to rest, then the
//! last checks.

use std::collections::BTreeMap;

use gantry_events::{Intent, Millis, Seq};

use crate::bug::Bug;
use crate::chance::Chance;
use crate::checks::Broken;
use crate::cluster::Cluster;
use crate::wishes::{Clients, LOCAL, SPARE};

/// Steps with faults, and the most without until everything must have come to rest.
const CHAOS: usize = 1200;
const CALM: usize = 60_000;

/// Steps without faults between two leaps to the time of somebody's next wake.
const LEAP_EVERY: usize = 5;

/// Steps between two comparisons with a replay, which reads the whole log and is not cheap.
const REPLAY_EVERY: usize = 100;

/// Simulated time in which nothing new was said, after which a run is at rest: longer than any back-off.
const QUIET: Millis = Millis::from_secs(90);

/// Simulated time after which every operation must have ended: longer than any of their deadlines.
const EVERY_DEADLINE: Millis = Millis::from_secs(15 * 60);

/// A run that broke something.
#[derive(Debug, thiserror::Error)]
#[error("seed {seed}: {broken}")]
pub struct Failure {
    /// The seed that plays it again.
    pub seed: u64,
    /// What broke.
    pub broken: Broken,
    /// What happened, in order.
    pub trace: Vec<String>,
}

/// What a run that broke nothing did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Messages in its log.
    pub messages: u64,
    /// Commands that were accepted.
    pub accepted: usize,
    /// How often each kind of fact was said.
    pub said: BTreeMap<&'static str, u64>,
}

/// Plays the run of a seed, with a bug planted or none.
pub fn play(seed: u64, bug: Option<Bug>) -> Result<Report, Failure> {
    let mut run = Run {
        cluster: Cluster::new(Chance::new(seed), bug),
        clients: Clients::default(),
        trace: Vec::new(),
    };
    match run.play() {
        Ok(()) => Ok(Report {
            messages: run.cluster.log.last().0,
            accepted: run.cluster.desk.accepted.len(),
            said: run.cluster.audit.said,
        }),
        Err(broken) => {
            run.trace.extend(
                run.cluster
                    .audit
                    .lines
                    .iter()
                    .map(|line| format!("log {line}")),
            );
            Err(Failure {
                seed,
                broken,
                trace: run.trace,
            })
        }
    }
}

struct Run {
    cluster: Cluster,
    clients: Clients,
    trace: Vec<String>,
}

impl Run {
    fn play(&mut self) -> Result<(), Broken> {
        let chance = &mut self.cluster.chance;
        let size = chance.between(1, 4) as u32;
        // Some clients are in a hurry, some wait for what they asked for; some runs see minutes, some an hour.
        let (rare, leaps) = (chance.between(15, 150) as usize, chance.between(1, 20));
        self.ask(LOCAL.create(size));
        if self.cluster.chance.percent(50) {
            self.ask(SPARE.create(1));
        }
        for step in 0..CHAOS {
            if step % REPLAY_EVERY == 0 {
                self.cluster.check_replays()?;
            }
            if self.cluster.chance.below(rare) == 0 {
                let intent = self.clients.wish(&mut self.cluster);
                self.ask(intent);
            }
            self.step()?;
            if self.cluster.chance.percent(leaps as u32) {
                self.cluster.skip_to_next_wake();
            }
        }
        self.trace
            .push(format!("{} the faults cease", self.cluster.now));
        self.cluster.calm_down();
        // Room for all that was asked for: what fits nowhere waits for its deadline, and that is long.
        for (pool, size) in [(LOCAL, 3), (SPARE, 2)] {
            self.ask(pool.create(size));
            self.ask(pool.scale(size));
        }
        self.come_to_rest()?;
        self.cluster.check_rest()
    }

    fn come_to_rest(&mut self) -> Result<(), Broken> {
        let mut last = self.cluster.log.last();
        let began = self.cluster.now;
        let mut since = began;
        for count in 0..CALM {
            self.step()?;
            if self.cluster.log.last() != last || self.cluster.is_busy() {
                last = self.cluster.log.last();
                since = self.cluster.now;
            }
            if count % LEAP_EVERY == 0 {
                self.cluster.skip_to_next_wake();
            }
            let quiet = self.cluster.now.since(since) > QUIET && self.cluster.nothing_fails();
            let over = self.cluster.now.since(began) > EVERY_DEADLINE;
            if quiet && (over || self.all_have_ended()) {
                return Ok(());
            }
        }
        Err(Broken(format!(
            "it does not come to rest; {} messages",
            self.cluster.log.last()
        )))
    }

    fn all_have_ended(&self) -> bool {
        let accepted = &self.cluster.desk.accepted;
        self.cluster.audit.check_outcomes(accepted).is_ok()
    }

    fn step(&mut self) -> Result<(), Broken> {
        let told = self.cluster.step()?;
        self.trace
            .extend(told.map(|line| format!("{} {line}", self.cluster.now)));
        Ok(())
    }

    fn ask(&mut self, intent: Intent) {
        self.trace.push(format!(
            "{} a client asks {}",
            self.cluster.now,
            intent.type_name()
        ));
        // Some rest on what was read a little earlier, and are refused if that has changed.
        let behind = self.cluster.chance.below(40) as u64;
        let read = self.cluster.log.last().0.saturating_sub(behind);
        let read = self.cluster.chance.percent(10).then_some(Seq(read));
        self.cluster.desk.ask(intent, read, self.cluster.now);
    }
}
