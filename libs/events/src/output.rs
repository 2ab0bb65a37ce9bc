//! What is asked of a node as `ask.node.<node>`, and its answer: lines that a replica wrote, each with
//! its place, so that whoever follows goes on after the last one it has.

use serde::{Deserialize, Serialize};

use crate::{Millis, ReplicaKey, Time};

/// Asks for lines of a replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputAsked {
    /// The replica.
    pub replica: ReplicaKey,
    /// Which lines.
    pub from: OutputFrom,
    /// How long the node waits for a line while there is none; zero for not at all.
    pub wait: Millis,
}

/// From where on lines are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum OutputFrom {
    /// The last ones there are.
    Tail {
        /// How many at most.
        lines: u32,
        /// None that were written before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Time>,
    },
    /// All that were written at this time or later.
    Since {
        /// The time.
        time: Time,
    },
    /// All after this one.
    After {
        /// Its place.
        place: OutputPlace,
    },
}

impl OutputFrom {
    /// From the first line that is kept.
    pub fn beginning() -> Self {
        Self::Since {
            time: Time::default(),
        }
    }
}

/// The place of a line in what one container wrote: the engine writes file after file, and keeps a few.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputPlace {
    /// Names the file, by its first line.
    pub file: u32,
    /// Bytes of the file up to the line's end.
    pub end: u64,
}

/// A node's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum OutputAnswer {
    /// Lines, in the order in which they were written.
    Lines {
        /// Them.
        lines: Vec<OutputLine>,
        /// Where they begin: from there the same ones come again.
        begin: OutputFrom,
        /// Where to go on.
        next: OutputFrom,
        /// Whether more are there already.
        more: bool,
        /// Whether lines before these are lost: the engine no longer keeps what should have come next.
        lost: bool,
    },
    /// The node has no such container.
    Unknown,
    /// The engine did not answer, or its files cannot be read.
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
    /// Its place.
    pub place: OutputPlace,
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
