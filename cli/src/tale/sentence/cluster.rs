//! What is said of nodes, pools, machines and balancers, and of the log itself.

use gantry_events::{Capacity, Fact, NodeSuspected};

use super::{Said, count, overdue, said};
use crate::output::{Tone, clock};

/// What a fact of the cluster says; nothing of what belongs to a project.
pub(super) fn sentence(fact: &Fact) -> Option<Said> {
    node(fact).or_else(|| machine(fact)).or_else(|| pool(fact))
}

fn node(fact: &Fact) -> Option<Said> {
    Some(match fact {
        Fact::NodeAdmitted(d) => said(Tone::Dim, format!("may join, on machine {}", d.machine)),
        Fact::NodeJoined(d) => {
            let what = format!("joined at {} with {}", d.address, capacity(&d.capacity));
            said(Tone::Good, what)
        }
        Fact::NodeSuspected(d) => said(Tone::Wait, silent(d)),
        Fact::NodeReturned(_) => said(Tone::Good, "heard again"),
        Fact::NodeLost(d) => {
            let since = clock(d.since);
            let what = format!("lost, silent since {since}; its replicas are replaced elsewhere");
            said(Tone::Bad, what)
        }
        Fact::NodeCordoned(_) => said(Tone::Wait, "takes no more replicas"),
        Fact::NodeUncordoned(_) => said(Tone::Good, "takes replicas again"),
        Fact::NodeDraining(d) => {
            let what = format!("is being emptied, until {}", clock(d.until));
            said(Tone::Wait, what)
        }
        Fact::NodeOverdue(d) => said(Tone::Bad, overdue(&d.waiting_for, d.until)),
        Fact::NodeDrained(_) => said(Tone::Good, "is empty"),
        _ => return None,
    })
}

fn silent(d: &NodeSuspected) -> String {
    let many = if d.widespread {
        ", as are many others"
    } else {
        ""
    };
    let (since, until) = (clock(d.since), clock(d.until));
    format!("silent since {since}{many}; lost at {until} unless it is heard")
}

fn capacity(capacity: &Capacity) -> String {
    let mebi = capacity.memory.0 >> 20;
    format!("{} cores and {mebi} MiB", capacity.cpu)
}

fn machine(fact: &Fact) -> Option<Said> {
    Some(match fact {
        Fact::MachineRequested(d) if d.attempt > 1 => {
            let what = format!(
                "is asked for again as node {} (attempt {})",
                d.node, d.attempt
            );
            said(Tone::Wait, what)
        }
        Fact::MachineRequested(d) => said(Tone::Plain, format!("will be node {}", d.node)),
        Fact::MachineCreated(d) => said(Tone::Plain, format!("made: {}", d.provider_id)),
        Fact::MachineStarted(_) => said(Tone::Wait, "had stopped; started again"),
        Fact::MachineReady(d) => said(Tone::Good, format!("joined as {}", d.node)),
        Fact::MachineOverdue(d) => said(Tone::Wait, overdue(&d.waiting_for, d.until)),
        Fact::MachineLeaving(d) => said(Tone::Wait, format!("leaves once {} is empty", d.node)),
        Fact::MachineKept(d) => said(Tone::Good, format!("stays after all, as {}", d.node)),
        Fact::MachineRemoving(_) => said(Tone::Dim, "is being removed"),
        Fact::MachineRemoved(d) => {
            said(Tone::Good, format!("removed, and node {} with it", d.node))
        }
        Fact::MachineGone(d) => {
            let what = format!(
                "vanished, and node {} with it; another takes its place",
                d.node
            );
            said(Tone::Bad, what)
        }
        _ => return None,
    })
}

fn pool(fact: &Fact) -> Option<Said> {
    Some(match fact {
        Fact::LogBegun(d) => said(Tone::Plain, format!("of cluster {} begins", d.cluster)),
        Fact::PoolCreated(d) => said(Tone::Plain, format!("{} asked for", machines(d.size))),
        Fact::PoolScaled(d) => said(Tone::Plain, format!("set to {}", machines(d.size))),
        Fact::PoolClosing(_) => said(Tone::Wait, "leaves, with all its machines"),
        Fact::PoolRemoved(_) => said(Tone::Good, "is gone"),
        Fact::TableApplied(d) if d.is_none_yet() => {
            said(Tone::Dim, "is there, and has no table yet")
        }
        Fact::TableApplied(d) => {
            let replicas = u32::try_from(d.routed.len()).unwrap_or(u32::MAX);
            let (replicas, hosts) = (count(replicas, "replica"), count(d.hosts, "host"));
            said(Tone::Dim, format!("routes to {replicas} under {hosts}"))
        }
        _ => return None,
    })
}

fn machines(number: u32) -> String {
    count(number, "machine")
}
