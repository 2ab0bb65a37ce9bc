//! What Compose keeps under `deploy`: how many replicas there are, what they may use, where they run
//! and how they are changed.

use super::{flow, number, pairs};
use crate::tree::{Content, Node};
use crate::units::{is_number, parse_cores, parse_size, size_meant};

pub(super) fn deploy(value: &Node) -> Option<String> {
    let replicas = value
        .get("replicas")
        .and_then(number)
        .map(|n| format!("replicas: {n}"));
    let bounds = value
        .get("resources")
        .and_then(|all| all.get("limits").or_else(|| all.get("reservations")));
    let within = |key: &str, inner: String| format!("{key}: {{{inner}}}");
    let resources = bounds
        .and_then(limits)
        .map(|inner| within("resources", inner));
    let changed = value.get("update_config").and_then(rollout);
    let rollout = changed.map(|inner| within("rollout", inner));
    let placed = value.get("placement").and_then(place);
    let place = placed.map(|inner| within("place", inner));
    let parts = [replicas, resources, rollout, place];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("` and `"))
}

/// `parallelism` is a surge where new replicas start first, as it is unless `order` says otherwise.
pub(crate) fn rollout(value: &Node) -> Option<String> {
    let stops_first = value.get("order").and_then(Node::text) != Some("start-first");
    let many = value
        .get("parallelism")
        .and_then(number)
        .filter(|n| *n != "0");
    if stops_first {
        let many = many.map(|n| format!(", unavailable: {n}"));
        return Some(format!("order: stop-first{}", many.unwrap_or_default()));
    }
    let many = many.map(|n| format!(", surge: {n}"));
    Some(format!("order: start-first{}", many.unwrap_or_default()))
}

pub(super) fn place(value: &Node) -> Option<String> {
    let require = value
        .get("constraints")
        .and_then(constraints)
        .map(|inner| format!("require: {{{inner}}}"));
    let spread = value
        .get("preferences")
        .and_then(|all| all.items().first())
        .and_then(|first| first.get("spread"))
        .and_then(Node::text)
        .map(|label| format!("spread: {}", flow(own_label(label))));
    let per_node = value
        .get("max_replicas_per_node")
        .and_then(number)
        .map(|n| format!("per_node: {n}"));
    let parts: Vec<_> = [require, spread, per_node].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// `[node.labels.zone == eu]`, or `{zone: eu}`; nothing where one is neither.
pub(crate) fn constraints(value: &Node) -> Option<String> {
    let equals = |item: &Node| {
        let (label, value) = item.text()?.split_once("==")?;
        Some(format!(
            "{}: {}",
            flow(own_label(label)),
            flow(value.trim())
        ))
    };
    let parts: Option<Vec<_>> = match &value.content {
        Content::List(items) => items.iter().map(equals).collect(),
        Content::Map(_) => pairs(value).map(|pairs| {
            let pair = |(label, value): &(&str, &str)| format!("{}: {}", flow(label), flow(value));
            pairs.iter().map(pair).collect()
        }),
        Content::Scalar { .. } => equals(value).map(|one| vec![one]),
    };
    parts
        .filter(|parts| !parts.is_empty())
        .map(|parts| parts.join(", "))
}

fn own_label(label: &str) -> &str {
    let label = label.trim();
    label.strip_prefix("node.labels.").unwrap_or(label)
}

pub(super) fn limits(value: &Node) -> Option<String> {
    let cpu = value
        .get("cpus")
        .or_else(|| value.get("cpu"))
        .and_then(cores)
        .map(|c| format!("cpu: {c}"));
    let memory = value
        .get("memory")
        .and_then(memory)
        .map(|m| format!("memory: {m}"));
    let parts: Vec<_> = cpu.into_iter().chain(memory).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Sizes of Compose count in 1024, whatever the letter's case, with or without a `b`.
pub(super) fn memory(value: &Node) -> Option<String> {
    let text = value.text()?;
    if text.ends_with('i') {
        return parse_size(text).ok().map(|size| size.to_string());
    }
    let short = text.to_lowercase();
    let short = short.strip_suffix('b').unwrap_or(&short);
    size_meant(short).filter(|_| short.ends_with(['k', 'm', 'g']))
}

pub(super) fn cores(value: &Node) -> Option<String> {
    let text = value.text()?;
    let milli = text
        .strip_suffix('m')
        .filter(|n| is_number(n))
        .and_then(|n| n.parse::<u32>().ok());
    let cores = milli.map(|milli| gantry_events::MilliCpu(milli).to_string());
    cores.or_else(|| parse_cores(text).ok().map(|cpu| cpu.to_string()))
}
