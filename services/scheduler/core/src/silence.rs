//! What silence comes to: a node is suspect, then lost, and returns once it is heard.
//!
//! Three guards keep a fault of the observer from emptying the cluster: silence counts only while it
//! listens (`ears`); a suspect node is lost only after it was silent for the whole time by that count;
//! and where many are silent at once, they are waited for longer.

use gantry_decider::Draft;
use gantry_events::{Millis, NodeId, NodeLost, NodeReturned, NodeSuspected, Time};

use crate::ears::Ears;
use crate::limits::{HEARD_WITHIN, LOST_AFTER, LOST_AFTER_WIDESPREAD, SUSPECT_AFTER};
use crate::node::{Node, Presence};
use crate::state::State;

/// What is to be said of nodes that fell silent or are heard again.
pub(crate) fn next(state: &State, ears: &Ears, now: Time) -> Option<Draft> {
    let is_widespread = is_widespread(state, ears);
    let mut draft = Draft::default();
    for (id, node) in &state.nodes {
        judge(&mut draft, (id, node), ears, (is_widespread, now));
    }
    (!draft.is_empty()).then_some(draft)
}

/// When to look again, if nothing is heard before. What has passed already waits for the next word of the ears.
pub(crate) fn wakes(state: &State, ears: &Ears, now: Time) -> Vec<Time> {
    let wake = |(id, node): (&NodeId, &Node)| match node.presence {
        Presence::Heard => Some(ears.silent_since(id, node.joined)? + SUSPECT_AFTER),
        // A suspect node has a deadline of its own.
        Presence::Suspect { .. } | Presence::Lost | Presence::Gone { .. } => None,
    };
    let wakes = state.nodes.iter().filter_map(wake);
    wakes.filter(|at| *at > now).collect()
}

/// More than a third of the nodes, and at least two, silent at once: the fault is rather between them
/// and the observer.
fn is_widespread(state: &State, ears: &Ears) -> bool {
    let living = || state.nodes.iter().filter(|(_, node)| !node.is_lost());
    let is_silent = |(id, node): &(&NodeId, &Node)| {
        let last = ears.silent_since(id, node.joined);
        last.is_some_and(|last| ears.silence(last) >= SUSPECT_AFTER)
    };
    let silent = living().filter(is_silent).count();
    silent >= 2 && silent * 3 > living().count()
}

fn lost_after(widespread: bool) -> Millis {
    if widespread {
        LOST_AFTER_WIDESPREAD
    } else {
        LOST_AFTER
    }
}

fn judge(
    draft: &mut Draft,
    (id, node): (&NodeId, &Node),
    ears: &Ears,
    (is_widespread, now): (bool, Time),
) {
    let last = ears.silent_since(id, node.joined);
    let silence = last.map(|last| ears.silence(last));
    let is_silent = silence.is_some_and(|silence| silence >= SUSPECT_AFTER);
    match &node.presence {
        Presence::Heard if is_silent => {
            let since = last.unwrap_or(now);
            draft.push(suspected(id, since, is_widespread, now));
        }
        Presence::Suspect { .. } | Presence::Lost if !is_silent && ears.heard(id).is_some() => {
            see(draft, id, ears);
            draft.push(NodeReturned { node: id.clone() });
        }
        Presence::Suspect {
            since,
            widespread,
            until,
        } => {
            let enough = silence.is_some_and(|silence| silence >= lost_after(*widespread));
            let is_due = ears.said_by(*until, HEARD_WITHIN);
            if is_widespread && !widespread {
                draft.push(suspected(id, *since, true, now));
            } else if is_due && enough {
                see(draft, id, ears);
                let (node, since) = (id.clone(), *since);
                draft.push(NodeLost { node, since });
            } else if now >= *until {
                draft.push(suspected(id, last.unwrap_or(now), *widespread, now));
            }
        }
        Presence::Heard | Presence::Lost | Presence::Gone { .. } => {}
    }
}

/// Lost no earlier than that after the silence began, and some time after it was first noticed: a clock
/// that jumps makes nobody lost. The ears have a moment to say that it is still so.
fn suspected(node: &NodeId, since: Time, widespread: bool, now: Time) -> NodeSuspected {
    let lost_after = lost_after(widespread);
    let noticed = now + Millis(lost_after.0.saturating_sub(SUSPECT_AFTER.0));
    let due = noticed.max(since + lost_after);
    NodeSuspected {
        node: node.clone(),
        since,
        widespread,
        until: due + HEARD_WITHIN,
    }
}

fn see(draft: &mut Draft, node: &NodeId, ears: &Ears) {
    let said = match ears.heard(node) {
        Some(at) => format!("last heard at {at}"),
        None => "not heard".to_owned(),
    };
    let seen = std::mem::take(draft).seeing(format!("heartbeats of {node}"), said);
    *draft = seen;
}
