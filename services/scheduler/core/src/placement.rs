//! Which nodes fit, and which fits best: what the file requires, room for what is reserved, then spread.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use gantry_events::{Bytes, Explanation, MilliCpu, NodeId, PlacePolicy, Unfit};

use crate::explain;
use crate::replica::Replica;
use crate::returned;
use crate::rollout::Rollout;
use crate::state::State;
use crate::usage::{Load, Usage};

/// What a replica asks of a node.
pub(crate) struct Ask<'a> {
    pub cpu: MilliCpu,
    pub memory: Bytes,
    /// What its file says about nodes.
    pub place: &'a PlacePolicy,
    /// Replicas of the same service on each node, without those of the same slot.
    pub siblings: &'a BTreeMap<NodeId, u32>,
    /// The node that failed the slot last: taken only if no other fits.
    pub avoid: Option<&'a NodeId>,
}

/// A node that fits, with all that it is judged by. The least is the best.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate<'a> {
    pub failed_last: bool,
    /// Replicas of the service on nodes with the same value of the label it is spread over.
    pub zone_siblings: u32,
    /// Labels it has of those that are preferred.
    pub preferred: Reverse<usize>,
    pub siblings: u32,
    pub replicas: u32,
    pub free_memory: Reverse<Bytes>,
    pub node: &'a NodeId,
    /// Its value of the label that the service is spread over.
    pub zone: Option<&'a str>,
}

/// Where a replica goes, or that it goes nowhere, and why.
pub(crate) struct Choice {
    pub node: Option<NodeId>,
    pub explanation: Explanation,
}

/// Judges every node. The same load and the same wish give the same choice.
pub(crate) fn choose(usage: &Usage<'_>, ask: &Ask<'_>) -> Choice {
    let zones = zones(usage.state, ask);
    let mut fit = Vec::new();
    let mut unfit = BTreeMap::new();
    for (node, load) in &usage.nodes {
        match lacks(usage.state, (node, load), ask) {
            Some(why) => drop(unfit.insert((*node).clone(), why)),
            None => fit.push(candidate(usage.state, (node, load), ask, &zones)),
        }
    }
    fit.sort();
    Choice {
        node: fit.first().map(|best| best.node.clone()),
        explanation: explain::choice(&fit, unfit, ask),
    }
}

fn lacks(state: &State, (node, load): (&NodeId, &Load), ask: &Ask<'_>) -> Option<Unfit> {
    if let Some(why) = load.refuses {
        let state = why.to_owned();
        return Some(Unfit::Unavailable { state });
    }
    let mut required = ask.place.require.iter();
    if let Some((label, asked)) =
        required.find(|(label, value)| state.label(node, label) != Some(value))
    {
        let (label, asked) = (label.clone(), asked.clone());
        return Some(Unfit::Label { label, asked });
    }
    let siblings = ask.siblings.get(node).copied().unwrap_or(0);
    if let Some(most) = ask.place.per_node.filter(|most| siblings >= *most) {
        return Some(Unfit::Full { most });
    }
    lacks_room(load, ask)
}

fn lacks_room(load: &Load, ask: &Ask<'_>) -> Option<Unfit> {
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

/// Values of the label that the service is spread over. Nodes without it are a group of their own.
type Zones<'a> = BTreeMap<Option<&'a str>, u32>;

fn zone<'a>(state: &'a State, node: &NodeId, place: &PlacePolicy) -> Option<&'a str> {
    state.label(node, place.spread.as_ref()?)
}

fn zones<'a>(state: &'a State, ask: &Ask<'_>) -> Zones<'a> {
    let mut zones = Zones::new();
    if ask.place.spread.is_some() {
        for (node, siblings) in ask.siblings {
            *zones.entry(zone(state, node, ask.place)).or_default() += siblings;
        }
    }
    zones
}

fn candidate<'a>(
    state: &'a State,
    (node, load): (&'a NodeId, &Load),
    ask: &Ask<'_>,
    zones: &Zones<'_>,
) -> Candidate<'a> {
    let zone = zone(state, node, ask.place);
    let wishes = ask.place.prefer.iter();
    let met = wishes.filter(|(label, value)| state.label(node, label) == Some(value));
    Candidate {
        failed_last: ask.avoid == Some(node),
        zone_siblings: zones.get(&zone).copied().unwrap_or(0),
        preferred: Reverse(met.count()),
        siblings: ask.siblings.get(node).copied().unwrap_or(0),
        replicas: load.replicas,
        free_memory: Reverse(load.free_memory()),
        node,
        zone,
    }
}

/// Replicas of the service on each node that stay.
pub(crate) fn staying(rollout: &Rollout<'_>) -> BTreeMap<NodeId, u32> {
    let mut count = BTreeMap::new();
    for (_, replica) in rollout.members().filter(|(_, it)| stays(rollout, it)) {
        *count.entry(replica.node.clone()).or_default() += 1;
    }
    count
}

/// The same without the replicas of one slot: they will make way for the one that is placed.
pub(crate) fn without_slot(
    rollout: &Rollout<'_>,
    staying: &BTreeMap<NodeId, u32>,
    ordinal: u32,
) -> BTreeMap<NodeId, u32> {
    let mut count = staying.clone();
    let slot = rollout.slot(ordinal).iter();
    for (_, replica) in slot.filter(|(_, it)| stays(rollout, it)) {
        if let Some(count) = count.get_mut(&replica.node) {
            *count = count.saturating_sub(1);
        }
    }
    count
}

/// Whether the replica takes its place on its node, were it only from this pass on.
fn stays(rollout: &Rollout<'_>, replica: &Replica) -> bool {
    replica.is_holder() || returned::counts_again(rollout, replica)
}
