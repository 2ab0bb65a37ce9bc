//! `Seq` and `Place`: where something stands in the log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Sequence of a message in the log, from 1; 0 stands for "before the first". It is the revision of
/// the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The sequence after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

/// Place of one event or command: its message's sequence and its index in that message, from 0.
/// Written `17.0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Place {
    /// Sequence of the message.
    pub seq: Seq,
    /// Index in the message, from 0.
    pub index: u32,
}

/// The text is no place in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no place in the log; write SEQ.INDEX as in 17.0")]
pub struct ParsePlaceError(String);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.seq, self.index)
    }
}

impl FromStr for Place {
    type Err = ParsePlaceError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParsePlaceError(text.to_owned());
        let (seq, index) = text.split_once('.').ok_or_else(wrong)?;
        Ok(Self {
            seq: Seq(seq.parse().map_err(|_| wrong())?),
            index: index.parse().map_err(|_| wrong())?,
        })
    }
}

impl TryFrom<String> for Place {
    type Error = ParsePlaceError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}
