//! Which nodes fit, and which fits best: room for what is reserved, then spread.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use gantry_events::{Bytes, Explanation, MilliCpu, NodeId, Unfit};

use crate::explain;
use crate::rollout::{Member, Rollout};
use crate::usage::{Load, Usage};

/// What a replica asks of a node.
pub(crate) struct Ask<'a> {
    pub cpu: MilliCpu,
    pub memory: Bytes,
    /// Replicas of the same service on each node, without those of the same slot.
    pub siblings: &'a BTreeMap<NodeId, u32>,
    /// The node that failed the slot last: taken only if no other fits.
    pub avoid: Option<&'a NodeId>,
}

/// A node that fits, with all that it is judged by. The least is the best.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate<'a> {
    pub failed_last: bool,
    pub siblings: u32,
    pub replicas: u32,
    pub free_memory: Reverse<Bytes>,
    pub node: &'a NodeId,
}

/// Where a replica goes, or that it goes nowhere, and why.
pub(crate) struct Choice {
    pub node: Option<NodeId>,
    pub explanation: Explanation,
}

/// Judges every node. The same load and the same wish give the same choice.
pub(crate) fn choose(usage: &Usage<'_>, ask: &Ask<'_>) -> Choice {
    let mut fit = Vec::new();
    let mut unfit = BTreeMap::new();
    for (node, load) in &usage.nodes {
        match lacks(load, ask) {
            Some(why) => drop(unfit.insert((*node).clone(), why)),
            None => fit.push(candidate(node, load, ask)),
        }
    }
    fit.sort();
    Choice {
        node: fit.first().map(|best| best.node.clone()),
        explanation: explain::choice(&fit, unfit, ask),
    }
}

fn lacks(load: &Load, ask: &Ask<'_>) -> Option<Unfit> {
    let (cpu, memory) = (load.free_cpu(), load.free_memory());
    if cpu < ask.cpu {
        return Some(Unfit::Cpu {
            free: cpu,
            asked: ask.cpu,
        });
    }
    (memory < ask.memory).then_some(Unfit::Memory {
        free: memory,
        asked: ask.memory,
    })
}

fn candidate<'a>(node: &'a NodeId, load: &Load, ask: &Ask<'_>) -> Candidate<'a> {
    Candidate {
        failed_last: ask.avoid == Some(node),
        siblings: ask.siblings.get(node).copied().unwrap_or(0),
        replicas: load.replicas,
        free_memory: Reverse(load.free_memory()),
        node,
    }
}

/// Replicas of the service on each node that stay.
pub(crate) fn staying(rollout: &Rollout<'_>) -> BTreeMap<NodeId, u32> {
    let mut count = BTreeMap::new();
    for (_, replica) in rollout.members().filter(|(_, replica)| replica.is_holder()) {
        *count.entry(replica.node.clone()).or_default() += 1;
    }
    count
}

/// The same without the replicas of one slot: they will make way for the one that is placed.
pub(crate) fn without_slot(
    staying: &BTreeMap<NodeId, u32>,
    slot: &[Member<'_>],
) -> BTreeMap<NodeId, u32> {
    let mut count = staying.clone();
    for (_, replica) in slot.iter().filter(|(_, replica)| replica.is_holder()) {
        if let Some(count) = count.get_mut(&replica.node) {
            *count = count.saturating_sub(1);
        }
    }
    count
}
