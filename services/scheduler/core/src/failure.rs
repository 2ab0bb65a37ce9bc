//! Why a replica came to nothing, as far as its node said: kept for the one who asks why a change failed.

use gantry_events::{
    FailureReason, NodeId, ReplicaFailed, ReplicaId, ReplicaRestarted, ReplicaStopped,
};
use serde::{Deserialize, Serialize};

use crate::replica::Trouble;

/// What a node said of a replica that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The replica.
    pub replica: ReplicaId,
    /// The node.
    pub node: NodeId,
    /// Why, in a sentence.
    pub said: String,
    /// How often its process had been started again.
    pub restarts: u32,
    /// Exit code of its last process, where known.
    pub exit: Option<i64>,
    /// The replica's last lines.
    pub log_tail: Vec<String>,
}

/// Most lines that a problem shows of a replica, and the most bytes they take: it should stay readable in a row of
/// a table. Its node's word has more of them.
const LINES: usize = 5;
const BYTES: usize = 300;

impl Failure {
    /// Its node gave it up.
    pub(crate) fn failed(said: &ReplicaFailed, trouble: &Trouble) -> Self {
        Self {
            replica: said.replica.clone(),
            node: said.node.clone(),
            said: sentence(&said.reason),
            restarts: trouble.restarts,
            exit: said.exit.or(trouble.exit),
            log_tail: said.log_tail.clone(),
        }
    }

    /// Its process ends again and again before it is ready.
    pub(crate) fn restarted(said: &ReplicaRestarted) -> Self {
        Self {
            replica: said.replica.clone(),
            node: said.node.clone(),
            said: "does not stay up".to_owned(),
            restarts: said.restarts,
            exit: said.exit,
            log_tail: said.log_tail.clone(),
        }
    }

    /// It stopped, unasked or before it was ever ready.
    pub(crate) fn stopped(said: &ReplicaStopped, trouble: &Trouble, asked: bool) -> Self {
        let end = if asked {
            "was stopped before it was ever ready"
        } else {
            "stopped unasked"
        };
        let probe = said.probe.as_ref();
        Self {
            replica: said.replica.clone(),
            node: said.node.clone(),
            said: probe.map_or_else(
                || end.to_owned(),
                |probe| format!("{end}; its probe said: {probe}"),
            ),
            restarts: trouble.restarts,
            // The code of a process that was told to stop says nothing about it.
            exit: if asked {
                trouble.exit
            } else {
                said.exit.or(trouble.exit)
            },
            log_tail: said.log_tail.clone(),
        }
    }

    /// The whole, in a sentence, with its last lines below.
    pub(crate) fn told(&self) -> String {
        let ends = match (self.restarts, self.exit) {
            (0, None) => String::new(),
            (0, Some(exit)) => format!("; its process ended with code {exit}"),
            (restarts, None) => format!("; restarts: {restarts}"),
            (restarts, Some(exit)) => {
                format!("; restarts: {restarts}, its last process ended with code {exit}")
            }
        };
        let tail = if self.log_tail.is_empty() {
            "; it wrote no lines".to_owned()
        } else {
            format!("; its last lines:\n{}", last(&self.log_tail).join("\n"))
        };
        format!(
            "{} on {} {}{ends}{tail}",
            self.replica, self.node, self.said
        )
    }
}

/// The last of these lines, and of a single one that is too long its end.
fn last(lines: &[String]) -> Vec<&str> {
    let mut left = BYTES;
    let mut kept = Vec::new();
    for line in lines.iter().rev().take(LINES) {
        match left.checked_sub(line.len()) {
            Some(rest) => left = rest,
            None if kept.is_empty() => {
                let from = line.ceil_char_boundary(line.len() - BYTES);
                return vec![&line[from..]];
            }
            None => break,
        }
        kept.push(line.as_str());
    }
    kept.reverse();
    kept
}

fn sentence(reason: &FailureReason) -> String {
    match reason {
        FailureReason::Unhealthy { probe } => {
            format!("stayed unhealthy and was ended; its probe said: {probe}")
        }
        FailureReason::NotReadyInTime { probe } => {
            format!("was not ready within the time its file allows; its probe said: {probe}")
        }
        FailureReason::CannotStart { said } => {
            format!("cannot be started: {said}")
        }
    }
}
