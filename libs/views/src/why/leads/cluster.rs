//! What is behind facts about nodes, pools, machines and balancers.

use gantry_events::{Fact, Kind};

use super::{Lead, accepted, in_cluster, last};
use crate::why::Told;

const POOL_SIZES: &[&str] = &["pool.created.v1", "pool.scaled.v1", "pool.closing.v1"];

/// Leads of facts about nodes, pools, machines and balancers.
pub(super) fn leads(told: &Told<'_>, fact: &Fact) -> Vec<Lead> {
    let asked = told.operation.map(accepted);
    let cause = told.cause.map(Lead::At);
    let node = |id: &dyn ToString, types| last(in_cluster(Kind::Node, id.to_string(), types));
    let machine = |id: &dyn ToString, types| last(in_cluster(Kind::Machine, id.to_string(), types));
    let pool = |id: &dyn ToString| last(in_cluster(Kind::Pool, id.to_string(), POOL_SIZES));
    let all: Vec<Option<Lead>> = match fact {
        Fact::NodeJoined(d) => vec![node(&d.node, &["node.admitted.v1"])],
        Fact::NodeAdmitted(d) => vec![machine(
            &d.machine,
            &["machine.created.v1", "machine.requested.v1"],
        )],
        Fact::NodeReturned(d) => vec![node(&d.node, &["node.lost.v1", "node.suspected.v1"])],
        // Silence is no event, but what is told of it stands in the fact.
        Fact::NodeSuspected(_) => Vec::new(),
        Fact::NodeLost(d) => vec![node(&d.node, &["node.suspected.v1"])],
        Fact::NodeCordoned(d) => vec![Some(accepted(d.operation))],
        Fact::NodeUncordoned(d) => vec![d.operation.map(accepted), cause],
        Fact::NodeDraining(d) => vec![d.operation.map(accepted), cause],
        Fact::NodeOverdue(d) => vec![node(&d.node, &["node.draining.v1"])],
        Fact::NodeDrained(d) => vec![node(&d.node, &["node.draining.v1"])],
        Fact::PoolCreated(d) => vec![Some(accepted(d.operation))],
        Fact::PoolScaled(d) => vec![Some(accepted(d.operation))],
        Fact::PoolClosing(d) => vec![Some(accepted(d.operation))],
        Fact::PoolRemoved(d) => vec![pool(&d.pool)],
        Fact::MachineRequested(d) => vec![
            asked,
            last(in_cluster(Kind::Machine, &d.machine, &[])),
            pool(&d.pool),
        ],
        Fact::MachineCreated(d) => vec![machine(&d.machine, &["machine.requested.v1"])],
        Fact::MachineStarted(d) => vec![machine(
            &d.machine,
            &["machine.ready.v1", "machine.created.v1"],
        )],
        Fact::MachineReady(d) => vec![
            node(&d.node, &["node.joined.v1"]),
            machine(&d.machine, &["machine.created.v1"]),
        ],
        Fact::MachineOverdue(d) => vec![machine(&d.machine, &[])],
        Fact::MachineLeaving(_) | Fact::MachineKept(_) => vec![asked, cause],
        Fact::MachineRemoving(d) => vec![
            node(&d.node, &["node.drained.v1"]),
            machine(&d.machine, &["machine.leaving.v1"]),
        ],
        Fact::MachineRemoved(d) => vec![machine(&d.machine, &["machine.removing.v1"])],
        Fact::MachineGone(d) => vec![machine(
            &d.machine,
            &["machine.ready.v1", "machine.created.v1"],
        )],
        Fact::TableApplied(_) => vec![cause],
        // foreign: those of projects stand above; nothing is behind the log's beginning.
        _ => Vec::new(),
    };
    all.into_iter().flatten().collect()
}
