//! What each fact says, in a sentence about its subject. Which facts a person who waits is told, and what
//! is counted beside, is left to the tale.

use gantry_events::{
    Fact, FailureReason, Kind, NodeId, RetireReason, ServiceUnplaced, Time, Unfit,
};

use super::Line;
use crate::output::{Tone, clock};

/// The fact as a line: its subject, and what became of it.
pub fn line(fact: &Fact) -> Line {
    let (tone, what) = cluster(fact).unwrap_or_else(|| project(fact));
    Line {
        tone,
        about: about(fact),
        what,
    }
}

/// Ids say what they are but those of operations and releases, and nobody reads a whole operation id.
fn about(fact: &Fact) -> String {
    let subject = fact.subject();
    match subject.kind {
        Kind::Operation => "operation".to_owned(),
        Kind::Log => "log".to_owned(),
        Kind::Release => format!("release {}", subject.id),
        Kind::Project
        | Kind::Service
        | Kind::Rollout
        | Kind::Replica
        | Kind::Node
        | Kind::Pool
        | Kind::Machine
        | Kind::Balancer => subject.id,
    }
}

type Said = (Tone, String);

fn said(tone: Tone, what: impl Into<String>) -> Said {
    (tone, what.into())
}

/// What concerns nodes, pools, machines and balancers; nothing of what belongs to a project.
fn cluster(fact: &Fact) -> Option<Said> {
    Some(match fact {
        Fact::LogBegun(d) => said(Tone::Plain, format!("of cluster {} begins", d.cluster)),
        Fact::NodeAdmitted(d) => said(Tone::Dim, format!("may join, on machine {}", d.machine)),
        Fact::NodeJoined(d) => said(
            Tone::Good,
            format!(
                "joined at {} with {} cores and {}",
                d.address,
                d.capacity.cpu,
                size(d.capacity.memory.0)
            ),
        ),
        Fact::NodeSuspected(d) => {
            let many = if d.widespread {
                ", as are many others"
            } else {
                ""
            };
            let what = format!(
                "silent since {}{many}; lost at {} unless it is heard",
                clock(d.since),
                clock(d.until)
            );
            said(Tone::Wait, what)
        }
        Fact::NodeReturned(_) => said(Tone::Good, "heard again"),
        Fact::NodeLost(d) => said(
            Tone::Bad,
            format!(
                "lost, silent since {}; its replicas are replaced elsewhere",
                clock(d.since)
            ),
        ),
        Fact::NodeCordoned(_) => said(Tone::Wait, "takes no more replicas"),
        Fact::NodeUncordoned(_) => said(Tone::Good, "takes replicas again"),
        Fact::NodeDraining(d) => said(
            Tone::Wait,
            format!("is being emptied, until {}", clock(d.until)),
        ),
        Fact::NodeOverdue(d) => said(Tone::Bad, overdue(&d.waiting_for, d.until)),
        Fact::NodeDrained(_) => said(Tone::Good, "is empty"),
        Fact::PoolCreated(d) => said(Tone::Plain, format!("{} asked for", machines(d.size))),
        Fact::PoolScaled(d) => said(Tone::Plain, format!("set to {}", machines(d.size))),
        Fact::PoolClosing(_) => said(Tone::Wait, "leaves, with all its machines"),
        Fact::PoolRemoved(_) => said(Tone::Good, "is gone"),
        Fact::TableApplied(d) => said(
            Tone::Dim,
            format!(
                "routes to {} under {}",
                count(d.routed.len(), "replica"),
                count(d.hosts as usize, "host")
            ),
        ),
        _ => return machine(fact),
    })
}

fn machine(fact: &Fact) -> Option<Said> {
    Some(match fact {
        Fact::MachineRequested(d) if d.attempt > 1 => said(
            Tone::Wait,
            format!(
                "is asked for again as node {} (attempt {})",
                d.node, d.attempt
            ),
        ),
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
        Fact::MachineGone(d) => said(
            Tone::Bad,
            format!(
                "vanished, and node {} with it; another takes its place",
                d.node
            ),
        ),
        _ => return None,
    })
}

fn project(fact: &Fact) -> Said {
    match fact {
        Fact::OperationRefused(d) => said(Tone::Bad, format!("refused: {}", d.problem.detail)),
        Fact::OperationUnchanged(_) => said(Tone::Good, "nothing to change"),
        Fact::OperationResolving(d) => {
            let images: Vec<_> = d.images.iter().map(String::as_str).collect();
            said(Tone::Dim, format!("looks up {}", images.join(", ")))
        }
        Fact::OperationSucceeded(_) => said(Tone::Good, "succeeded"),
        Fact::OperationFailed(d) => said(Tone::Bad, format!("failed: {}", d.problem.detail)),
        Fact::OperationSuperseded(d) => said(Tone::Wait, format!("overtaken by {}", d.by)),
        Fact::ReleaseCreated(d) => match d.rollback_of {
            Some(origin) => said(Tone::Wait, format!("made, with the content of {origin}")),
            None => said(Tone::Plain, "made"),
        },
        Fact::RolloutStarted(d) => said(
            Tone::Dim,
            format!("begins to change, until {}", clock(d.until)),
        ),
        Fact::RolloutAdvanced(d) => said(Tone::Plain, format!("{}/{} changed", d.done, d.of)),
        Fact::RolloutFinished(_) => said(Tone::Good, "is as asked for"),
        Fact::RolloutFailed(d) => said(Tone::Bad, format!("given up: {}", d.problem.detail)),
        Fact::RolloutSuperseded(_) => said(Tone::Wait, "a newer change took over"),
        Fact::ServiceConfigured(d) => said(
            Tone::Plain,
            format!(
                "should have {} of {}",
                count(d.replicas as usize, "replica"),
                d.release
            ),
        ),
        Fact::ServiceRestarted(_) => said(Tone::Plain, "replaces every replica by a fresh one"),
        Fact::ServiceScaled(d) => said(
            Tone::Plain,
            format!("set to {}", count(d.replicas as usize, "replica")),
        ),
        Fact::ServiceRemoved(_) => said(Tone::Wait, "leaves"),
        Fact::ServiceEnded(_) => said(Tone::Good, "is gone"),
        Fact::ServiceUnplaced(d) => said(Tone::Wait, unplaced(d)),
        _ => replica(fact),
    }
}

fn replica(fact: &Fact) -> Said {
    match fact {
        Fact::ReplicaPlaced(d) => said(Tone::Plain, format!("placed on {}", d.node)),
        Fact::ReplicaDraining(d) => said(
            Tone::Dim,
            format!("gets no new requests: {}", retires(&d.why)),
        ),
        Fact::ReplicaStopping(d) => said(Tone::Dim, format!("told to stop, within {}", d.grace)),
        Fact::ReplicaOverdue(d) => said(Tone::Wait, overdue(&d.waiting_for, d.until)),
        Fact::ReplicaLost(d) => said(Tone::Bad, format!("lost with {}", d.node)),
        Fact::ReplicaRegained(d) => said(Tone::Good, format!("counts again: {} is back", d.node)),
        Fact::ReplicaReady(d) => said(Tone::Good, format!("ready on {}", d.node)),
        Fact::ReplicaUnready(d) => said(Tone::Wait, format!("not ready: {}", d.reason)),
        Fact::ReplicaRestarted(d) => {
            let exit = exit_code(d.exit, " with exit code ");
            let what = format!(
                "ended{exit}, starts again in {} (restart {})",
                d.backoff, d.restarts
            );
            said(Tone::Wait, what)
        }
        Fact::ReplicaFailed(d) => {
            let exit = exit_code(d.exit, ", exit code ");
            said(Tone::Bad, format!("failed: {}{exit}", fails(&d.reason)))
        }
        Fact::ReplicaStopped(d) => match &d.probe {
            Some(probe) => said(Tone::Wait, format!("stopped before it was ready: {probe}")),
            None => said(
                Tone::Dim,
                format!(
                    "stopped{}",
                    exit_code(d.exit.filter(|code| *code != 0), ", exit code ")
                ),
            ),
        },
        // foreign: what is no replica's is said by the callers.
        _ => said(Tone::Dim, fact.type_name()),
    }
}

fn overdue(waiting_for: &str, until: Time) -> String {
    format!("still waits for {waiting_for}, until {}", clock(until))
}

fn exit_code(code: Option<i64>, before: &str) -> String {
    code.map(|code| format!("{before}{code}"))
        .unwrap_or_default()
}

fn retires(why: &RetireReason) -> String {
    match why {
        RetireReason::Replaced { by } => format!("{by} is there"),
        RetireReason::ScaledDown => "fewer are wanted".to_owned(),
        RetireReason::Removed => "its service goes".to_owned(),
        RetireReason::Abandoned => "its change was given up".to_owned(),
        RetireReason::MakesWay => "it makes way for the new one".to_owned(),
        RetireReason::Returned => "its slot was filled while its node was lost".to_owned(),
    }
}

fn fails(why: &FailureReason) -> String {
    match why {
        FailureReason::Unhealthy { probe } => format!("stayed unhealthy: {probe}"),
        FailureReason::NotReadyInTime { probe } => format!("not ready in time: {probe}"),
        FailureReason::CannotStart { said } => format!("cannot start: {said}"),
    }
}

fn unplaced(d: &ServiceUnplaced) -> String {
    let unfit = d.explanation.unfit.iter();
    let nodes: Vec<_> = unfit.map(|(node, why)| unfit_on(node, why)).collect();
    let nodes = if nodes.is_empty() {
        String::new()
    } else {
        format!("; {}", nodes.join(", "))
    };
    format!(
        "slot {} fits no node: {}{nodes}",
        d.ordinal, d.explanation.because
    )
}

/// Why this node does not fit.
fn unfit_on(node: &NodeId, why: &Unfit) -> String {
    match why {
        Unfit::Cpu { free, asked } => format!("{node} has {free} of {asked} cores free"),
        Unfit::Label { label, asked } => format!("{node} has no label {label}={asked}"),
        Unfit::Full { most } => format!("{node} has {most} replicas of it, the most on one node"),
        Unfit::Unavailable { state } => format!("{node} is {state}"),
        Unfit::Memory { free, asked } => format!("{node} has {free} of {asked} free"),
    }
}

fn machines(number: u32) -> String {
    count(number as usize, "machine")
}

fn count(number: usize, what: &str) -> String {
    crate::failure::count(number, what)
}

fn size(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}
