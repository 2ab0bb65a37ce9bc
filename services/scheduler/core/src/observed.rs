//! What was read of the world: what registries said, and who was heard.

use std::collections::BTreeSet;

use gantry_events::{BalancerId, Digest, NodeId, Time};

use crate::ears::Ears;
use crate::images::{Found, Images};

/// One reading of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The name stands for this digest now.
    ImageResolved {
        /// The image, as the file names it.
        image: String,
        /// Digest of its manifest, or of the list of manifests for several platforms.
        digest: Digest,
    },
    /// The registry knows no such image, or gives it to nobody unknown.
    ImageRefused {
        /// The image, as the file names it.
        image: String,
        /// What the registry said.
        said: String,
    },
    /// The registry did not answer. It is asked again.
    RegistryUnreachable {
        /// The image, as the file names it.
        image: String,
        /// What went wrong.
        said: String,
    },
    /// From now on heartbeats reach this scheduler and its word counts, or not any more. What was heard
    /// before counts for nothing either way.
    Listening(bool),
    /// These were heard since the last reading, and no others. Silence counts up to the last of these readings
    /// alone, so they come in short intervals, whether or not somebody was heard.
    Heard {
        /// When that was said, by the observer's clock: it may have been waiting to be read.
        at: Time,
        /// Nodes.
        nodes: BTreeSet<NodeId>,
        /// Balancers.
        balancers: BTreeSet<BalancerId>,
    },
}

/// All that was read since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    pub(crate) images: Images,
    pub(crate) ears: Ears,
}

impl Observed {
    /// Folds one reading.
    pub(crate) fn take(&mut self, reading: Reading, now: Time) {
        match reading {
            Reading::ImageResolved { image, digest } => {
                self.images.take(image, Found::Digest(digest), now);
            }
            Reading::ImageRefused { image, said } => {
                self.images.take(image, Found::Refused(said), now);
            }
            Reading::RegistryUnreachable { image, said } => {
                self.images.take(image, Found::Unreachable(said), now);
            }
            Reading::Listening(listens) => self.ears = Ears::new(listens.then_some(now)),
            Reading::Heard {
                at,
                nodes,
                balancers,
            } => self.ears.hear(nodes, balancers, at),
        }
    }
}
