//! What registries said about images: readings of the world, never part of the state.

use std::collections::BTreeMap;

use gantry_events::{Digest, Time};

use crate::limits::RESOLVE_WITHIN;

/// The last reading of each image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Images {
    looks: BTreeMap<String, Look>,
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

impl Images {
    /// Folds one reading. Those that no operation can still need are forgotten.
    pub(crate) fn take(&mut self, image: String, found: Found, now: Time) {
        self.looks
            .retain(|_, look| now.since(look.at) <= RESOLVE_WITHIN);
        self.looks.insert(image, Look { at: now, found });
    }

    /// What the image was found to be at `since` or later: an earlier look may have met another tag.
    pub(crate) fn image(&self, image: &str, since: Time) -> Option<&Found> {
        self.looks
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
