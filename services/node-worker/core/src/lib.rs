//! What one node does: converge its engine to the wanted set, probe, heal, end what stays unhealthy,
//! and report what changed.
//!
//! It folds its own subject only; the wanted set is an input, kept on disk by the shell. **No answer
//! means unknown: what runs is kept, and only an explicit set stops anything.** What to do follows from
//! readings and the set, so a node heals itself while the log is away; the log adds which replicas have
//! ended for good. Leaves to others: Docker, probes, disk and bus (`gantry-node-worker`), where a replica
//! should run (`gantry-scheduler-core`).

mod container;
mod converge;
mod healer;
mod killer;
mod observed;
mod pace;
mod ports;
mod report;
mod state;
mod track;
mod work;

pub use container::{Container, ContainerId, Run};
pub use converge::GRACE;
pub use healer::HEALTHY_FOR;
pub use killer::{Answer, FAILED_PROBES, RUNS_FOR, UNHEALTHY_FOR};
pub use observed::{Host, Observed, Reading};
pub use pace::Pace;
pub use ports::PORTS;
pub use report::BATCH;
pub use state::{NodeState, Reported, Word};
pub use work::{Action, Asks, Creation, Outcome, Probe, Step, Work};

use gantry_decider::{Core, Deadline, Draft, Entry, Next, PlacedCommand, Said};
use gantry_events::{Event, LogId, NodeId, Time, Writer};

/// The core of one node.
#[derive(Clone, Debug)]
pub struct NodeCore {
    /// The node.
    pub node: NodeId,
    /// The log it reports to; sets that rest on another are not followed.
    pub log: LogId,
}

impl Core for NodeCore {
    type State = NodeState;
    type Observed = Observed;
    type Reading = Reading;
    type Wanted = Work;

    fn writer(&self) -> Writer {
        Writer::Node(self.node.clone())
    }

    fn version(&self) -> &'static str {
        "node-worker/2"
    }

    fn evolve(&self, state: &mut NodeState, entry: &Entry<'_>) {
        if let Said::Fact(fact) = entry.said
            && *entry.writer == self.writer()
        {
            state.fold(fact, entry.time);
        }
    }

    /// Nobody commands a node: it is told by its wanted set.
    fn decide(&self, _: &NodeState, _: &PlacedCommand, _: Time) -> Draft {
        Draft::default()
    }

    fn observe(&self, observed: &mut Observed, reading: Reading, now: Time) {
        observed.fold(&self.node, self.log, reading, now);
    }

    fn next(&self, state: &NodeState, observed: &Observed, now: Time) -> Next {
        let facts = report::facts(&self.node, state, observed, now);
        let changes = observed.changes_at(now);
        // The first word after a pause is said at once; what follows closely is gathered, as long as
        // more is on its way.
        let gathered = state.said_at + BATCH;
        let waits = now < gathered && report::more_comes(state, observed, now);
        if facts.is_empty() || waits {
            let due = waits.then_some(gathered);
            return Next {
                draft: None,
                wake_at: changes.into_iter().chain(due).min(),
            };
        }
        let events = facts.into_iter().map(|fact| Event { fact }).collect();
        Next {
            draft: Some(Draft {
                events,
                ..Draft::default()
            }),
            wake_at: changes,
        }
    }

    fn wanted(&self, state: &NodeState, observed: &Observed, now: Time) -> Work {
        converge::work(state, observed, now)
    }

    fn deadlines(&self, state: &NodeState) -> Vec<Deadline> {
        state.deadlines()
    }
}
