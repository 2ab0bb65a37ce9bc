//! What a node says and does, in the words of the scenarios.

use gantry_events::{Fact, FailureReason};
use gantry_node_worker_core::Action;

/// A step in words.
pub fn of_action(action: &Action) -> String {
    match action {
        Action::Pull { .. } => "pull".to_owned(),
        Action::Create(_) => "create".to_owned(),
        Action::Start { .. } => "start".to_owned(),
        Action::Stop { grace, .. } => format!("stop {grace}"),
        Action::ReadTail { .. } => "tail".to_owned(),
        Action::Remove { .. } => "remove".to_owned(),
    }
}

/// A fact in words.
pub fn in_words(fact: &Fact) -> String {
    let exit = |exit: Option<i64>| exit.map_or("-".to_owned(), |code| code.to_string());
    match fact {
        Fact::NodeJoined(_) => "joined".to_owned(),
        Fact::ReplicaReady(f) => format!(
            "ready {} {}",
            f.replica,
            f.address.map_or("-".to_owned(), |a| a.ip().to_string())
        ),
        Fact::ReplicaUnready(f) => format!("unready {}: {}", f.replica, f.reason),
        Fact::ReplicaRestarted(f) => {
            let lines = (!f.log_tail.is_empty()).then(|| format!(" {:?}", f.log_tail));
            format!(
                "restarted {} {} exit {} after {}{}",
                f.replica,
                f.restarts,
                exit(f.exit),
                f.backoff,
                lines.unwrap_or_default()
            )
        }
        Fact::ReplicaFailed(f) => format!(
            "failed {} {} exit {} {:?}",
            f.replica,
            why(&f.reason),
            exit(f.exit),
            f.log_tail
        ),
        Fact::ReplicaStopped(f) => {
            let wrong = f
                .probe
                .as_ref()
                .map(|probe| format!(": {probe} {:?}", f.log_tail));
            format!(
                "stopped {} exit {}{}",
                f.replica,
                exit(f.exit),
                wrong.unwrap_or_default()
            )
        }
        other => panic!("a node does not say {}", other.type_name()),
    }
}

fn why(reason: &FailureReason) -> String {
    match reason {
        FailureReason::Unhealthy { .. } => "unhealthy".to_owned(),
        FailureReason::NotReadyInTime { .. } => "not ready in time".to_owned(),
        FailureReason::CannotStart { said } => format!("cannot start: {said}"),
    }
}
