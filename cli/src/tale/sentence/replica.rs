//! What is said of a replica, from its placement to its end.

use gantry_events::{Fact, FailureReason, ReplicaRestarted, ReplicaStopped, RetireReason};

use super::{Said, overdue, said};
use crate::output::Tone;

/// What a fact about a replica says.
pub(super) fn sentence(fact: &Fact) -> Option<Said> {
    Some(match fact {
        Fact::ReplicaPlaced(d) => said(Tone::Plain, format!("placed on {}", d.node)),
        Fact::ReplicaDraining(d) => {
            let what = format!("gets no new requests: {}", retires(&d.why));
            said(Tone::Dim, what)
        }
        Fact::ReplicaStopping(d) => said(Tone::Dim, format!("told to stop, within {}", d.grace)),
        Fact::ReplicaOverdue(d) => said(Tone::Wait, overdue(&d.waiting_for, d.until)),
        Fact::ReplicaLost(d) => said(Tone::Bad, format!("lost with {}", d.node)),
        Fact::ReplicaRegained(d) => said(Tone::Good, format!("counts again: {} is back", d.node)),
        Fact::ReplicaReady(d) => said(Tone::Good, format!("ready on {}", d.node)),
        Fact::ReplicaUnready(d) => said(Tone::Wait, format!("not ready: {}", d.reason)),
        Fact::ReplicaRestarted(d) => said(Tone::Wait, restarts(d)),
        Fact::ReplicaFailed(d) => {
            let exit = exit_code(d.exit, ", exit code ");
            said(Tone::Bad, format!("failed: {}{exit}", fails(&d.reason)))
        }
        Fact::ReplicaStopped(d) => stops(d),
        _ => return None,
    })
}

fn restarts(d: &ReplicaRestarted) -> String {
    let exit = exit_code(d.exit, " with exit code ");
    let (backoff, restarts) = (d.backoff, d.restarts);
    format!("ended{exit}, starts again in {backoff} (restart {restarts})")
}

/// An exit code of 0 is what one expects of who is told to stop.
fn stops(d: &ReplicaStopped) -> Said {
    if let Some(probe) = &d.probe {
        return said(Tone::Wait, format!("stopped before it was ready: {probe}"));
    }
    let exit = exit_code(d.exit.filter(|code| *code != 0), ", exit code ");
    said(Tone::Dim, format!("stopped{exit}"))
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

fn exit_code(code: Option<i64>, before: &str) -> String {
    code.map(|code| format!("{before}{code}"))
        .unwrap_or_default()
}
