//! `Work`: what a node should do now, as ordered data that can be compared. Doing it is the shell's part.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use gantry_events::{
    Capacity, Digest, Millis, ReleaseNumber, ReplicaKey, Seq, ServiceName, Standing, Time,
};
use gantry_spec::{ContainerSpec, ImageRef};

use crate::{Container, ContainerId};

/// Everything to be done now. Steps of different replicas may go on side by side; each replica has at
/// most one, and the next comes only once that one has ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// The sequence of the wanted set that is followed; none before the first.
    pub follows: Option<Seq>,
    /// What the machine can give to replicas, once it is known.
    pub capacity: Option<Capacity>,
    /// Specs that must be asked for.
    pub specs: BTreeSet<Digest>,
    /// The next step of each replica that needs one.
    pub steps: BTreeMap<ReplicaKey, Step>,
    /// Probes that should be under way.
    pub probes: BTreeMap<ReplicaKey, Probe>,
    /// Where each replica stands; travels with heartbeats.
    pub stages: BTreeMap<ReplicaKey, Standing>,
}

/// One step of one replica.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Number of the step. The same number is never carried out twice by one worker.
    pub number: u64,
    /// What to do.
    pub action: Action,
}

/// What to do. Each may be repeated: done twice is done once.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Have the image in the engine.
    Pull {
        /// The image, pinned to a digest.
        image: ImageRef,
    },
    /// Make the container.
    Create(Box<Creation>),
    /// Start its process.
    Start {
        /// The container.
        container: ContainerId,
    },
    /// SIGTERM, and SIGKILL after `grace`.
    Stop {
        /// The container.
        container: ContainerId,
        /// Time between the two.
        grace: Millis,
    },
    /// Read its last lines, before it is given up or started again.
    ReadTail {
        /// The container.
        container: ContainerId,
    },
    /// Remove the container, which does not run.
    Remove {
        /// The container.
        container: ContainerId,
    },
}

impl Action {
    /// The action in a word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pull { .. } => "pull",
            Self::Create(_) => "create",
            Self::Start { .. } => "start",
            Self::Stop { .. } => "stop",
            Self::ReadTail { .. } => "read tail",
            Self::Remove { .. } => "remove",
        }
    }
}

/// A container to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Creation {
    /// The service it belongs to.
    pub service: ServiceName,
    /// The release it came with.
    pub release: ReleaseNumber,
    /// Names `spec`.
    pub digest: Digest,
    /// What to make.
    pub spec: Arc<ContainerSpec>,
    /// The port of the machine to publish its port at.
    pub port: Option<u16>,
}

/// A probe that should be under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Which run it asks; goes back with each answer.
    pub since: Time,
    /// What it asks, and where.
    pub asks: Asks,
    /// Time between two probes of a replica that answers; [`crate::Pace`] says when the next is due.
    pub interval: Millis,
    /// Time one may take.
    pub timeout: Millis,
}

/// What a probe asks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// A GET that should be answered 200 to 399.
    Http {
        /// Where.
        address: SocketAddr,
        /// Path and query.
        path: String,
    },
    /// A connection.
    Tcp {
        /// Where.
        address: SocketAddr,
    },
    /// A program that should end with exit code 0.
    Program {
        /// The container it runs in.
        container: ContainerId,
        /// It and its arguments.
        command: Vec<String>,
    },
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Done.
    Done {
        /// The container as it is now, if there is one.
        container: Option<Container>,
        /// Number of the look that showed it.
        look: u64,
    },
    /// The image is there.
    Pulled,
    /// The last lines; none when they cannot be had.
    Tail(Vec<String>),
    /// The last lines could not be read.
    Unread {
        /// Why, in a sentence.
        because: String,
    },
    /// Not now; try again later.
    Retry {
        /// Why, in a sentence.
        because: String,
    },
    /// Not here, ever.
    Refuse {
        /// What the engine said.
        because: String,
    },
}
