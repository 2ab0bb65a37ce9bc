//! A service's policies and domains in lines, short enough for a document. The file has all of them.

use std::collections::BTreeMap;

use gantry_events::{Domain, Domains, PlacePolicy, RolloutPolicy};

use crate::short::short;

/// Room for the hosts, as JSON.
const DOMAINS_MOST: usize = 1000;

/// How it goes from one version to the next.
pub(super) fn in_a_line(policy: &RolloutPolicy) -> String {
    format!(
        "surge {}, unavailable {}, drain {}, grace {}, deadline {}",
        policy.surge, policy.unavailable, policy.drain, policy.grace, policy.deadline
    )
}

/// Where its replicas may run; empty where they may run anywhere.
pub(super) fn where_it_runs(policy: &PlacePolicy) -> String {
    let labels = |word: &str, labels: &BTreeMap<String, String>| {
        let pairs = labels
            .iter()
            .map(|(label, value)| format!("{label}={value}"));
        let pairs: Vec<_> = pairs.collect();
        (!pairs.is_empty()).then(|| format!("{word} {}", pairs.join(" ")))
    };
    let parts = [
        labels("require", &policy.require),
        labels("prefer", &policy.prefer),
        policy
            .spread
            .as_ref()
            .map(|label| format!("spread over {label}")),
        policy.per_node.map(|most| format!("{most} a node at most")),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    short(&parts.join(", "), 300)
}

/// Its hosts, as many as there is room for, and how many are left out.
pub(super) fn listed(domains: &Domains) -> (Vec<String>, u32) {
    let mut left = DOMAINS_MOST;
    let mut kept = Vec::new();
    for line in domains.iter().map(line) {
        let Some(rest) = left.checked_sub(line.len() + "\"\",".len()) else {
            break;
        };
        left = rest;
        kept.push(line);
    }
    let left_out = domains.len() - kept.len();
    (kept, u32::try_from(left_out).unwrap_or(u32::MAX))
}

fn line(domain: &Domain) -> String {
    match &domain.redirect {
        Some(to) => format!("{} -> {to}", domain.host),
        None => domain.host.to_string(),
    }
}
