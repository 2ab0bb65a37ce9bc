//! `Provider`: who can make machines.

/// Who can make machines. What each does is its own file in the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    /// Machines that are containers of the engine this system runs on.
    Local,
}

impl Provider {
    /// Every provider.
    pub const ALL: [Self; 1] = [Self::Local];

    /// The name as it stands in commands and facts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
        }
    }

    /// The provider of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}
