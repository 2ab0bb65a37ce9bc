//! One run: a scene full of faults, then a kind world until everything has come to rest, then the
//! last checks.

use gantry_events::{ConfigPut, CreatePool, Intent, Millis, RemoveService, ScaleService};
use gantry_scheduler_core::Replica;
use gantry_spec::parse;

use crate::chance::Chance;
use crate::checks::{Broken, deadlines_lie_ahead, wanted_is_present};
use crate::cluster::Cluster;
use crate::faults::{Bug, Faults};

/// Steps with faults, and the most without until everything must have come to rest.
const CHAOS: usize = 1200;
const CALM: usize = 60_000;

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
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// Messages in its log.
    pub messages: u64,
    /// Commands that were accepted.
    pub accepted: usize,
}

/// Plays the run of a seed, with a bug planted or none.
pub fn play(seed: u64, bug: Option<Bug>) -> Result<Report, Failure> {
    let mut run = Run {
        cluster: Cluster::new(Chance::new(seed), bug),
        trace: Vec::new(),
    };
    match run.play() {
        Ok(()) => Ok(Report {
            messages: run.cluster.log.last().0,
            accepted: run.cluster.desk.accepted.len(),
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
    trace: Vec<String>,
}

impl Run {
    fn play(&mut self) -> Result<(), Broken> {
        let size = self.cluster.chance.between(1, 3) as u32;
        self.ask(Intent::CreatePool(CreatePool {
            pool: name("local"),
            provider: "local".to_owned(),
            size,
            labels: Default::default(),
        }));
        for step in 0..CHAOS {
            if step % REPLAY_EVERY == 0 {
                self.cluster.check_replays()?;
            }
            if self.cluster.chance.percent(1) {
                let intent = self.wish();
                self.ask(intent);
            }
            self.step()?;
            if self.cluster.chance.percent(2) {
                self.cluster.skip_to_next_wake();
            }
        }
        self.trace
            .push(format!("{} the faults cease", self.cluster.now));
        self.cluster.faults = Faults::default();
        self.come_to_rest()?;
        self.check_rest()
    }

    fn step(&mut self) -> Result<(), Broken> {
        let told = self.cluster.step()?;
        self.trace
            .extend(told.map(|line| format!("{} {line}", self.cluster.now)));
        Ok(())
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
            if count % 20 == 0 {
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

    fn check_rest(&self) -> Result<(), Broken> {
        let cluster = &self.cluster;
        cluster.audit.check_outcomes(&cluster.desk.accepted)?;
        cluster.check_replays()?;
        deadlines_lie_ahead("scheduler", &cluster.scheduler, cluster.now)?;
        deadlines_lie_ahead("provisioner", &cluster.provisioner, cluster.now)?;
        deadlines_lie_ahead("lb-sync", &cluster.balancer.sync, cluster.now)?;
        let Some(engine) = cluster.scheduler.live() else {
            return Err(Broken("the scheduler does not run".to_owned()));
        };
        let wanted = engine.wanted(cluster.now);
        for machine in cluster.machines.values() {
            let node = &machine.admission.node;
            deadlines_lie_ahead(node.as_str(), &machine.worker, cluster.now)?;
            let mut replicas = wanted.nodes.get(node).cloned().unwrap_or_default();
            // One that was given up stays wanted for its logs, and is never started again.
            replicas.retain(|key, _| !engine.state().replica(key).is_some_and(Replica::is_failed));
            wanted_is_present(node, &replicas, &machine.engine.running())?;
        }
        Ok(())
    }

    fn ask(&mut self, intent: Intent) {
        self.trace.push(format!(
            "{} a client asks {}",
            self.cluster.now,
            intent.type_name()
        ));
        self.cluster.desk.ask(intent, self.cluster.now);
    }

    /// What a client may ask for next.
    fn wish(&mut self) -> Intent {
        let chance = &mut self.cluster.chance;
        let project = if chance.percent(80) { "shop" } else { "blog" };
        let service = if chance.percent(70) { "web" } else { "worker" };
        match chance.below(10) {
            0 => Intent::RemoveService(RemoveService {
                project: name(project),
                service: name(service),
            }),
            1 | 2 => {
                let replicas = chance.below(5) as u32;
                Intent::ScaleService(ScaleService {
                    project: name(project),
                    service: name(service),
                    replicas,
                })
            }
            3 => Intent::CreatePool(CreatePool {
                pool: name("local"),
                provider: "local".to_owned(),
                size: 2,
                labels: Default::default(),
            }),
            _ => Intent::ConfigPut(ConfigPut {
                project: name(project),
                config: file(project, chance),
            }),
        }
    }
}

fn name<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("names in this file are legal")
}

/// A file with one service or two, in one of several versions.
fn file(project: &str, chance: &mut Chance) -> String {
    let image = if chance.percent(5) {
        "missing:1"
    } else {
        "app:1"
    };
    let health = if chance.percent(5) { "hang" } else { "answer" };
    let (version, replicas) = (chance.below(4), chance.below(4));
    let mut text = format!(
        "gantry: 1\nproject: {project}\nservices:\n  web:\n    image: {image}\n    port: 80\n    replicas: {replicas}\n    \
         env: {{VERSION: \"{version}\", MODE: {health}}}\n"
    );
    if chance.percent(40) {
        text.push_str("  worker:\n    image: app:2\n    resources: {memory: 512Mi}\n");
    }
    match parse(&text) {
        Ok(parsed) => parsed.project.canonical(),
        Err(faults) => unreachable!("the simulator's own file is wrong: {faults:?}"),
    }
}

impl Cluster {
    /// Whether something is under way that is no matter of waiting.
    fn is_busy(&self) -> bool {
        let unread = |folded: Option<gantry_events::Seq>| folded != Some(self.log.last());
        self.desk.is_busy(&self.log)
            || unread(self.scheduler.live().map(|engine| engine.folded()))
            || unread(self.provisioner.live().map(|engine| engine.folded()))
            || unread(self.balancer.sync.live().map(|engine| engine.folded()))
            || self
                .machines
                .values()
                .any(|machine| !machine.powered || machine.can_act(self.now))
    }

    /// Whether no process is down or hanging: what fails for good keeps failing, and that is no rest.
    fn nothing_fails(&self) -> bool {
        self.machines
            .values()
            .all(|machine| machine.worker.live().is_some())
    }
}
