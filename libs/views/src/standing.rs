//! `Standing`: since when an entity is in its state, what it waits for, and until when.

use gantry_events::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::short::short;

/// Since when an entity is in its state, and, where that state is neither final nor steady, what it
/// waits for and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Standing {
    /// When the entity came into its state.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
    /// What it waits for, in words.
    pub waiting_for: Option<String>,
    /// When that is given up, or said again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Time>,
}

impl Standing {
    /// Final or steady: it waits for nothing.
    pub fn at_rest(since: Time) -> Self {
        Self {
            since,
            waiting_for: None,
            until: None,
        }
    }

    /// On the way: it waits for `what`, until a deadline where one is known.
    pub fn waiting(since: Time, what: impl AsRef<str>, until: impl Into<Option<Time>>) -> Self {
        Self {
            since,
            waiting_for: Some(short(what.as_ref(), 300)),
            until: until.into(),
        }
    }

    /// The same state with another wait.
    pub(crate) fn wait(&mut self, what: impl AsRef<str>, until: impl Into<Option<Time>>) {
        *self = Self::waiting(self.since, what, until);
    }
}
