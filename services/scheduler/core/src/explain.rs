//! Why here, why nowhere, and why it came to nothing: in sentences.

use std::collections::BTreeMap;

use gantry_events::{Explanation, NodeId, Problem, ProblemCode, Unfit};

use crate::limits::{EXPLAINED_NODES, ROLLOUT_WITHIN};
use crate::placement::{Ask, Candidate};
use crate::rollout::Rollout;
use crate::service::Failure;

/// The explanation of a choice among nodes, best first. Only the first few of each side are named.
pub(crate) fn choice(
    fit: &[Candidate<'_>],
    unfit: BTreeMap<NodeId, Unfit>,
    ask: &Ask<'_>,
) -> Explanation {
    let because = match fit {
        [] => nowhere(unfit.len(), ask),
        [only] => alone(only.node, unfit.len()),
        [best, second, ..] => against(best, second),
    };
    Explanation {
        fit: fit
            .iter()
            .take(EXPLAINED_NODES)
            .map(|candidate| candidate.node.clone())
            .collect(),
        unfit: unfit.into_iter().take(EXPLAINED_NODES).collect(),
        because,
    }
}

fn nowhere(nodes: usize, ask: &Ask<'_>) -> String {
    if nodes == 0 {
        return "no node has joined yet".to_owned();
    }
    let who = if nodes == 1 {
        "the only node has no".to_owned()
    } else {
        format!("none of {nodes} nodes has")
    };
    if ask.cpu.0 == 0 {
        return format!("{who} room for {} of memory", ask.memory);
    }
    format!("{who} room for {} cores and {}", ask.cpu, ask.memory)
}

fn alone(node: &NodeId, others: usize) -> String {
    if others == 0 {
        return format!("{node} is the only node");
    }
    format!("only {node} has room")
}

/// The first thing in which the best differs from the second.
fn against(best: &Candidate<'_>, second: &Candidate<'_>) -> String {
    let (here, there) = (best.node, second.node);
    if best.failed_last != second.failed_last {
        return format!("the slot's last replica failed on {there}");
    }
    if best.siblings != second.siblings {
        let (few, more) = (best.siblings, second.siblings);
        return format!("{here} runs fewest replicas of the service: {few}, {there} runs {more}");
    }
    if best.replicas != second.replicas {
        let (few, more) = (best.replicas, second.replicas);
        return format!("{here} runs fewest replicas in all: {few}, {there} runs {more}");
    }
    if best.free_memory != second.free_memory {
        let (much, less) = (best.free_memory.0, second.free_memory.0);
        return format!("{here} has most memory left: {much}, {there} has {less}");
    }
    format!("{here} and {there} are equal, and {here} comes first by name")
}

/// Why a service was not as asked for by its deadline.
pub(crate) fn problem(rollout: &Rollout<'_>) -> Problem {
    let service = rollout.id;
    if let Some((ordinal, because)) = unplaced(rollout) {
        let detail = format!(
            "slot {ordinal} of {service} fits no node: {because}; lower what it reserves or add a node, then deploy again"
        );
        return Problem::new(ProblemCode::NoNodeFits, detail);
    }
    let what = match &rollout.service.last_failure {
        Some(failure) => failed(failure),
        None => waited_for(rollout),
    };
    let detail = format!("{service} was not as asked for within {ROLLOUT_WITHIN}: {what}");
    Problem::new(ProblemCode::DeadlinePassed, detail)
}

fn unplaced<'a>(rollout: &Rollout<'a>) -> Option<(u32, &'a str)> {
    let mut slots = rollout.service.slots.iter();
    slots.find_map(|(ordinal, slot)| Some((*ordinal, slot.unplaced.as_ref()?.because.as_str())))
}

fn failed(failure: &Failure) -> String {
    let Failure {
        replica,
        node,
        said,
        log_tail,
    } = failure;
    let tail = if log_tail.is_empty() {
        "; it wrote no lines".to_owned()
    } else {
        format!("; its last lines:\n{}", log_tail.join("\n"))
    };
    format!("{replica} on {node} {said}{tail}")
}

/// What is still open, of the slot whose turn it is or else of what leaves.
fn waited_for(rollout: &Rollout<'_>) -> String {
    let open = rollout
        .turn()
        .map_or(&[][..], |ordinal| rollout.slot(ordinal));
    let waiting = open
        .iter()
        .copied()
        .chain(rollout.members())
        .find_map(|(id, replica)| Some(format!("{id} waits for {}", replica.waits()?.0)));
    let unrouted = || {
        let (id, _) = open.iter().rev().find(|(_, replica)| replica.is_ready())?;
        Some(format!("not every balancer routes to {id}"))
    };
    waiting
        .or_else(unrouted)
        .unwrap_or_else(|| "its replicas did not settle".to_owned())
}
