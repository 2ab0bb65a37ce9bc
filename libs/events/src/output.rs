//! What is asked of a node as `ask.node.<node>`, and its answer: lines that a replica wrote.

use serde::{Deserialize, Serialize};

use crate::{ReplicaKey, Time};

/// Asks for the last lines of a replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputAsked {
    /// The replica.
    pub replica: ReplicaKey,
    /// How many lines at most.
    pub tail: u32,
    /// None that were written before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
}

/// A node's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum OutputAnswer {
    /// The lines, oldest first: the last ones where all would be more than 1 MiB.
    Lines {
        /// Them.
        lines: Vec<OutputLine>,
    },
    /// The node has no such container.
    Unknown,
    /// The engine did not answer.
    Unavailable {
        /// What it said.
        because: String,
    },
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputLine {
    /// When the engine read it.
    pub time: Time,
    /// Where the process wrote it.
    pub stream: OutputStream,
    /// The line, without its end.
    pub line: String,
}

/// Where a process wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}
