//! Where the first start writes, and whose it becomes.

use std::path::PathBuf;

use gantry_events::Writer;

use super::Owner;

/// A folder, and who owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Whose it is.
    pub owner: Owner,
}

/// The credential folder of one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleFolder {
    /// The role: `scheduler`.
    pub role: &'static str,
    /// Whom it writes as.
    pub writer: Writer,
    /// Its folder.
    pub folder: Folder,
}

/// Where the first start writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// The secrets. Nobody else sees this one.
    pub secrets: Folder,
    /// The server's configuration.
    pub server: Folder,
    /// A credential folder for each role.
    pub roles: Vec<RoleFolder>,
    /// The operator's folder.
    pub operator: Folder,
    /// Folders that are only given to their owners.
    pub given: Vec<Folder>,
    /// The same, which the owner's group may enter too: sockets between two roles.
    pub shared: Vec<Folder>,
}
