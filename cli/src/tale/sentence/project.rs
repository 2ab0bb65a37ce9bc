//! What is said of operations, releases, rollouts and services.

use gantry_events::{Fact, NodeId, ServiceUnplaced, Unfit};

use super::{Said, count, said};
use crate::output::{Tone, clock};

/// What a fact of a project says; nothing of what is about one replica.
pub(super) fn sentence(fact: &Fact) -> Option<Said> {
    operation(fact)
        .or_else(|| release(fact))
        .or_else(|| service(fact))
}

fn operation(fact: &Fact) -> Option<Said> {
    Some(match fact {
        Fact::OperationRefused(d) => said(Tone::Bad, format!("refused: {}", d.problem.detail)),
        Fact::OperationUnchanged(_) => said(Tone::Good, "nothing to change"),
        Fact::OperationResolving(d) => {
            let images: Vec<_> = d.images.iter().map(String::as_str).collect();
            said(Tone::Dim, format!("looks up {}", images.join(", ")))
        }
        Fact::OperationSucceeded(_) => said(Tone::Good, "succeeded"),
        Fact::OperationFailed(d) => said(Tone::Bad, format!("failed: {}", d.problem.detail)),
        Fact::OperationSuperseded(d) => said(Tone::Wait, format!("overtaken by {}", d.by)),
        _ => return None,
    })
}

fn release(fact: &Fact) -> Option<Said> {
    Some(match fact {
        Fact::ReleaseCreated(d) => match d.rollback_of {
            Some(origin) => said(Tone::Wait, format!("made, with the content of {origin}")),
            None => said(Tone::Plain, "made"),
        },
        Fact::RolloutStarted(d) => {
            let what = format!("begins to change, until {}", clock(d.until));
            said(Tone::Dim, what)
        }
        Fact::RolloutAdvanced(d) => said(Tone::Plain, format!("{}/{} changed", d.done, d.of)),
        Fact::RolloutFinished(_) => said(Tone::Good, "is as asked for"),
        Fact::RolloutFailed(d) => said(Tone::Bad, format!("given up: {}", d.problem.detail)),
        Fact::RolloutSuperseded(_) => said(Tone::Wait, "a newer change took over"),
        _ => return None,
    })
}

fn service(fact: &Fact) -> Option<Said> {
    Some(match fact {
        Fact::ServiceConfigured(d) => {
            let replicas = count(d.replicas, "replica");
            said(
                Tone::Plain,
                format!("should have {replicas} of {}", d.release),
            )
        }
        Fact::ServiceRestarted(_) => said(Tone::Plain, "replaces every replica by a fresh one"),
        Fact::ServiceScaled(d) => {
            let replicas = count(d.replicas, "replica");
            said(Tone::Plain, format!("set to {replicas}"))
        }
        Fact::ServiceRemoved(_) => said(Tone::Wait, "leaves"),
        Fact::ServiceEnded(_) => said(Tone::Good, "is gone"),
        Fact::ServiceUnplaced(d) => said(Tone::Wait, unplaced(d)),
        _ => return None,
    })
}

fn unplaced(d: &ServiceUnplaced) -> String {
    let unfit = d.explanation.unfit.iter();
    let nodes = unfit.map(|(node, why)| unfit_on(node, why));
    let slot = format!("slot {} fits no node: {}", d.ordinal, d.explanation.because);
    let parts: Vec<_> = [slot].into_iter().chain(nodes).collect();
    parts.join("; ")
}

/// Why this node does not fit.
pub fn unfit_on(node: &NodeId, why: &Unfit) -> String {
    match why {
        Unfit::Cpu { free, asked } => format!("{node} has {free} of {asked} cores free"),
        Unfit::Label { label, asked } => format!("{node} has no label {label}={asked}"),
        Unfit::Full { most } => format!("{node} has {most} replicas of it, the most on one node"),
        Unfit::Unavailable { state } => format!("{node} is {state}"),
        Unfit::Memory { free, asked } => format!("{node} has {free} of {asked} free"),
    }
}
