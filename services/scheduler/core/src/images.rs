//! What registries said about images: readings of the world, never part of the state.

use std::collections::BTreeMap;

use gantry_events::{Digest, Time};

use crate::limits::RESOLVE_WITHIN;

/// What a registry said about an image, as the file names it.
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
}

/// The last reading of each image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    images: BTreeMap<String, Look>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    at: Time,
    found: Found,
}

/// What an image was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Digest(Digest),
    Refused(String),
    Unreachable(String),
}

impl Observed {
    /// Folds one reading. Those that no operation can still need are forgotten.
    pub(crate) fn take(&mut self, reading: Reading, now: Time) {
        self.images
            .retain(|_, look| now.since(look.at) <= RESOLVE_WITHIN);
        let (image, found) = match reading {
            Reading::ImageResolved { image, digest } => (image, Found::Digest(digest)),
            Reading::ImageRefused { image, said } => (image, Found::Refused(said)),
            Reading::RegistryUnreachable { image, said } => (image, Found::Unreachable(said)),
        };
        self.images.insert(image, Look { at: now, found });
    }

    /// What the image was found to be at `since` or later: an earlier look may have met another tag.
    pub(crate) fn image(&self, image: &str, since: Time) -> Option<&Found> {
        self.images
            .get(image)
            .filter(|look| look.at >= since)
            .map(|look| &look.found)
    }

    /// Whether the look-up of this image is over, one way or the other.
    pub(crate) fn is_settled(&self, image: &str, since: Time) -> bool {
        match self.image(image, since) {
            Some(Found::Digest(_) | Found::Refused(_)) => true,
            Some(Found::Unreachable(_)) | None => false,
        }
    }
}
