//! Why a change came to nothing, and what became of the project then: in sentences.

use gantry_events::{Problem, ProblemCode, ReleaseNumber};

use crate::operation::Late;
use crate::rollout::{Member, Rollout};

/// Why a service was not as asked for by its deadline.
pub(crate) fn late(rollout: &Rollout<'_>) -> Problem {
    let service = rollout.id;
    if let Some(unplaced) = &rollout.service.unplaced {
        let others = match unplaced.further {
            0 => String::new(),
            further @ 1.. => format!(", as do {further} more,"),
        };
        let detail = format!(
            "slot {} of {service}{others} fits no node: {}; lower what it asks for or add a node, then deploy again",
            unplaced.ordinal, unplaced.because
        );
        return Problem::new(ProblemCode::NoNodeFits, detail);
    }
    let what = match &rollout.service.last_failure {
        Some(failure) => failure.told(),
        None => waited_for(rollout),
    };
    let within = rollout.service.policy().deadline;
    let head = match rollout.course.done {
        0 => format!("{service} was not as asked for within {within}"),
        done @ 1.. => {
            let of = rollout.service.replicas();
            format!(
                "{service} came no further within {within}, with {done} of {of} slots as asked for"
            )
        }
    };
    Problem::new(ProblemCode::DeadlinePassed, format!("{head}: {what}"))
}

/// What is still open, of the first slot that is not done or else of what leaves.
fn waited_for(rollout: &Rollout<'_>) -> String {
    let open = rollout
        .course
        .open
        .map_or(&[][..], |ordinal| rollout.slot(ordinal));
    let waiting = open
        .iter()
        .copied()
        .chain(rollout.members())
        .find_map(waits);
    let unrouted = || {
        let (id, _) = open.iter().rev().find(|(_, replica)| replica.is_ready())?;
        Some(format!("not every balancer routes to {id}"))
    };
    waiting
        .or_else(unrouted)
        .unwrap_or_else(|| "its replicas did not settle".to_owned())
}

fn waits((id, replica): Member<'_>) -> Option<String> {
    let (what, _) = replica.waits()?;
    let trouble = &replica.trouble;
    let probe = trouble
        .probe
        .as_ref()
        .map(|probe| format!("; its probe said: {probe}"));
    let restarts = (trouble.restarts > 0).then(|| match trouble.exit {
        Some(exit) => format!(
            "; restarts: {}, its last process ended with code {exit}",
            trouble.restarts
        ),
        None => format!("; restarts: {}", trouble.restarts),
    });
    let parts = [Some(format!("{id} waits for {what}")), probe, restarts];
    Some(parts.into_iter().flatten().collect())
}

/// The releases of a way back.
pub(crate) struct WayBack {
    pub failed: ReleaseNumber,
    pub release: ReleaseNumber,
    pub to: ReleaseNumber,
}

/// A release failed, and what was before it runs again.
pub(crate) fn went_back(way: &WayBack, late: &Late) -> Problem {
    let WayBack {
        failed,
        release,
        to,
    } = way;
    let detail = format!(
        "{release}, with the content of {to}, runs again, as {failed} failed: {}",
        cause(late)
    );
    Problem::new(late.problem.code, detail)
}

/// A release failed, and what was before it could not be had again.
pub(crate) fn stuck(way: &WayBack, late: &Late, now: &Problem) -> Problem {
    let WayBack {
        failed,
        release,
        to,
    } = way;
    let detail = format!(
        "{failed} failed, and so did going back to {to} as {release}: {}; {failed} had failed because {}",
        now.detail,
        cause(late)
    );
    Problem::new(now.code, detail)
}

/// Why it was late, with what was said of its replicas since.
fn cause(late: &Late) -> String {
    let detail = &late.problem.detail;
    match late.failure.as_ref().filter(|_| late.is_new) {
        Some(failure) => format!("{detail}; {}", failure.told()),
        None => detail.clone(),
    }
}
