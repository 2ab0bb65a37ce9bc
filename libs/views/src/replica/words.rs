//! Why a replica is where it is, leaves or failed, in sentences that fit a document.

use gantry_events::{Explanation, FailureReason, RetireReason};

use crate::short::short;

/// An explanation over many nodes is cut; the event holds all of it.
pub(super) fn brief(explanation: &Explanation) -> Explanation {
    let unfit = explanation.unfit.iter().take(6);
    Explanation {
        fit: explanation.fit.iter().take(6).cloned().collect(),
        unfit: unfit
            .map(|(node, why)| (node.clone(), why.clone()))
            .collect(),
        because: short(&explanation.because, 300),
    }
}

pub(super) fn why_it_leaves(why: &RetireReason) -> String {
    match why {
        RetireReason::Replaced { by } => format!("replaced by {by}"),
        RetireReason::ScaledDown => "its service has fewer replicas now".to_owned(),
        RetireReason::Removed => "its service was removed".to_owned(),
        RetireReason::MakesWay => "its slot makes way for a newer replica".to_owned(),
        RetireReason::Returned => {
            "its node came back after its slot was filled elsewhere".to_owned()
        }
        RetireReason::Abandoned => "its rollout was given up or overtaken".to_owned(),
    }
}

pub(super) fn last_probe(reason: &FailureReason) -> Option<&str> {
    match reason {
        FailureReason::Unhealthy { probe } | FailureReason::NotReadyInTime { probe } => Some(probe),
        FailureReason::CannotStart { .. } => None,
    }
}

pub(super) fn why_it_failed(reason: &FailureReason) -> String {
    match reason {
        FailureReason::Unhealthy { probe } => format!("stayed unhealthy: {probe}"),
        FailureReason::NotReadyInTime { probe } => format!("was not ready in time: {probe}"),
        FailureReason::CannotStart { said } => format!("cannot be started: {said}"),
    }
}
