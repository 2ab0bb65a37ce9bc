//! What one balancer routes: ready replicas folded into its route table, and what it says is live
//! turned into facts.
//!
//! Leaves to others: applying the table (`gantry-lb-sync` and its drivers), counting requests in
//! flight (the balancer itself), when a replica drains and stops (the scheduler).
//!
//! - [`State`]: services with their replicas and domains, doubted nodes, what this balancer last said;
//! - [`table`]: the state as a route table;
//! - [`Live`]: a table that a balancer says is live.

mod fold;
mod live;
mod nodes;
mod replicas;
mod services;
mod share;
mod state;
mod table;

pub use live::{Live, Reading};
pub use state::{Claim, Phase, Project, Replica, Service, State, Told};
pub use table::table;

use gantry_decider::{Core, Deadline, Draft, Entry, Next, PlacedCommand};
use gantry_events::{BalancerId, EntityRef, Kind, ReplicaKey, RouteTable, Time, Writer};

/// The core of one balancer's lb-sync.
#[derive(Clone, Debug)]
pub struct LbCore {
    /// The balancer it speaks for.
    pub balancer: BalancerId,
}

impl Core for LbCore {
    type State = State;
    /// What the balancer last said is live; none while it is silent.
    type Observed = Option<Live>;
    type Reading = Reading;
    /// None until the log's beginning was read, as an unknown world is no empty one, and until the log
    /// holds that this balancer is there.
    type Wanted = Option<RouteTable>;

    fn writer(&self) -> Writer {
        Writer::Balancer(self.balancer.clone())
    }

    fn version(&self) -> &'static str {
        "lb-sync/3"
    }

    fn evolve(&self, state: &mut State, entry: &Entry<'_>) {
        fold::fold(state, &self.balancer, entry);
    }

    /// It answers no commands, so this is never asked.
    fn decide(&self, _state: &State, _command: &PlacedCommand, _now: Time) -> Draft {
        Draft::default()
    }

    fn observe(&self, observed: &mut Option<Live>, reading: Reading, _now: Time) {
        *observed = match reading {
            Reading::Live(live) => Some(live),
            Reading::Silent => None,
        };
    }

    fn next(&self, state: &State, observed: &Option<Live>, now: Time) -> Next {
        match (&state.told, observed) {
            (None, _) => live::announce(&self.balancer),
            (Some(told), Some(live)) if Some(live.log) == state.log => {
                live::next(&self.balancer, told, live, now)
            }
            (Some(_), Some(_) | None) => Next::default(),
        }
    }

    fn wanted(&self, state: &State, _observed: &Option<Live>, _now: Time) -> Option<RouteTable> {
        state.told.as_ref().and_then(|_| table(state))
    }

    fn deadlines(&self, state: &State) -> Vec<Deadline> {
        state
            .draining()
            .map(|(replica, until)| let_go_by(&replica, until))
            .collect()
    }
}

fn let_go_by(replica: &ReplicaKey, until: Time) -> Deadline {
    Deadline {
        entity: EntityRef {
            kind: Kind::Replica,
            id: replica.replica.to_string(),
        },
        waiting_for: "its requests in flight to end".to_owned(),
        until,
    }
}
