//! Why here, and why nowhere: in sentences.

use std::collections::BTreeMap;

use gantry_events::{Explanation, NodeId, Unfit};

use crate::limits::EXPLAINED_NODES;
use crate::placement::{Ask, Candidate};

/// The explanation of a choice among nodes, best first. Only the first few of each side are named.
pub(crate) fn choice(
    fit: &[Candidate<'_>],
    unfit: BTreeMap<NodeId, Unfit>,
    ask: &Ask<'_>,
) -> Explanation {
    let because = match fit {
        [] => nowhere(&unfit, ask),
        [only] => alone(only.node, &unfit),
        [best, second, ..] => against(best, second, ask),
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

fn nowhere(unfit: &BTreeMap<NodeId, Unfit>, ask: &Ask<'_>) -> String {
    let nodes = unfit.len();
    let reasons = reasons(unfit.values(), ask);
    let Some((first, _)) = reasons.first() else {
        return "no node has joined yet".to_owned();
    };
    if nodes == 1 {
        return format!("the only node {}", first.of_one());
    }
    if reasons.len() == 1 {
        return first.of_all(nodes);
    }
    let shares = reasons.iter().map(|(why, count)| why.of_some(*count));
    let shares: Vec<String> = shares.collect();
    format!("none of {nodes} nodes fits: {}", shares.join(", "))
}

/// A reason that several nodes may share, in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    Unavailable(String),
    Label(String),
    Full(u32),
    Room(String),
}

impl Why {
    fn of(unfit: &Unfit, ask: &Ask<'_>) -> Self {
        match unfit {
            Unfit::Cpu { .. } | Unfit::Memory { .. } => Self::Room(room(ask)),
            Unfit::Label { label, asked } => Self::Label(format!("the label {label}={asked}")),
            Unfit::Full { most } => Self::Full(*most),
            Unfit::Unavailable { state } => Self::Unavailable(state.clone()),
        }
    }

    fn of_all(&self, nodes: usize) -> String {
        match self {
            Self::Room(room) => format!("none of {nodes} nodes has room for {room}"),
            Self::Label(label) => format!("none of {nodes} nodes has {label}"),
            Self::Full(_) | Self::Unavailable(_) => format!("all {nodes} nodes {}", self.of_many()),
        }
    }

    fn of_some(&self, nodes: usize) -> String {
        if nodes == 1 {
            return format!("1 {}", self.of_one());
        }
        format!("{nodes} {}", self.of_many())
    }

    fn of_one(&self) -> String {
        match self {
            Self::Unavailable(state) => format!("is {state}"),
            Self::Label(label) => format!("lacks {label}"),
            Self::Full(most) => format!("has as many replicas of the service as it may: {most}"),
            Self::Room(room) => format!("has no room for {room}"),
        }
    }

    fn of_many(&self) -> String {
        match self {
            Self::Unavailable(state) => format!("are {state}"),
            Self::Label(label) => format!("lack {label}"),
            Self::Full(most) => format!("have as many replicas of the service as they may: {most}"),
            Self::Room(room) => format!("have no room for {room}"),
        }
    }
}

fn room(ask: &Ask<'_>) -> String {
    if ask.cpu.0 == 0 {
        return format!("{} of memory", ask.memory);
    }
    format!("{} cores and {}", ask.cpu, ask.memory)
}

/// Each reason there is, and how many nodes have it.
fn reasons<'a>(unfit: impl Iterator<Item = &'a Unfit>, ask: &Ask<'_>) -> Vec<(Why, usize)> {
    let mut reasons: BTreeMap<Why, usize> = BTreeMap::new();
    for why in unfit {
        *reasons.entry(Why::of(why, ask)).or_default() += 1;
    }
    reasons.into_iter().collect()
}

fn alone(node: &NodeId, others: &BTreeMap<NodeId, Unfit>) -> String {
    if others.is_empty() {
        return format!("{node} is the only node");
    }
    let lacks_room = |why: &Unfit| match why {
        Unfit::Cpu { .. } | Unfit::Memory { .. } => true,
        Unfit::Label { .. } | Unfit::Full { .. } | Unfit::Unavailable { .. } => false,
    };
    if others.values().all(lacks_room) {
        return format!("only {node} has room");
    }
    format!("only {node} fits")
}

/// The first thing in which the best differs from the second.
fn against(best: &Candidate<'_>, second: &Candidate<'_>, ask: &Ask<'_>) -> String {
    let (here, there) = (best.node, second.node);
    if best.failed_last != second.failed_last {
        return format!("the slot's last replica failed on {there}");
    }
    if best.zone_siblings != second.zone_siblings {
        return spread(best, second, ask);
    }
    if best.preferred != second.preferred {
        let (more, fewer) = (best.preferred.0, second.preferred.0);
        return format!(
            "{here} has most of the labels that are preferred: {more}, {there} has {fewer}"
        );
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

fn spread(best: &Candidate<'_>, second: &Candidate<'_>, ask: &Ask<'_>) -> String {
    let label = ask.place.spread.as_deref().unwrap_or_default();
    let named = |zone: Option<&str>| match zone {
        Some(value) => format!("{label}={value}"),
        None => format!("no {label}"),
    };
    format!(
        "nodes with {} run fewest replicas of the service: {}, those with {} run {}",
        named(best.zone),
        best.zone_siblings,
        named(second.zone),
        second.zone_siblings
    )
}
