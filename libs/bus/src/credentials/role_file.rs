//! `RoleFile`: what one role of the control plane knows that others must not, in its credential folder.

use std::path::Path;

use gantry_events::{Digest, LogId};
use serde::{Deserialize, Serialize};

use super::{AccountSeed, BusCredential, CredentialError};
use crate::{ControlKey, JoinKey, Signer, Verifier};

/// The files of a role's credential folder.
const ROLE: &str = "role.toml";
const CREDS: &str = "bus.creds";

/// What one role holds. `role.toml`, and beside it `bus.creds`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleFile {
    /// The role.
    pub role: String,
    /// The cluster.
    pub cluster: String,
    /// Id of the log. A service that finds another refuses to start.
    pub log: LogId,
    /// The key that marks what the control plane writes.
    pub control_key: ControlKey,
    /// Checks what nodes are told; the api hands it to nodes that join.
    pub answer_public: Verifier,
    /// Signs what nodes are told. Scheduler only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_key: Option<Signer>,
    /// Join tokens are derived from it. Provisioner and api.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_key: Option<JoinKey>,
    /// Mints the bus identities of nodes. Api only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes_account_seed: Option<AccountSeed>,
    /// Digest of the operator's token. Api only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_hash: Option<Digest>,
    /// How the role shows itself to the bus; stands in a file of its own.
    #[serde(skip)]
    pub bus: BusCredential,
}

impl RoleFile {
    /// Reads a credential folder.
    pub fn load(folder: &Path) -> Result<Self, CredentialError> {
        let path = folder.join(ROLE);
        let named = || path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|cause| CredentialError::File {
            path: named(),
            cause,
        })?;
        // The message alone: the rest of the error quotes the line, and lines hold keys.
        let wrong = |e: toml::de::Error| CredentialError::Form {
            path: named(),
            cause: e.message().to_owned(),
        };
        let role: Self = toml::from_str(&text).map_err(wrong)?;
        Ok(Self {
            bus: BusCredential::load(&folder.join(CREDS))?,
            ..role
        })
    }

    /// The files of the folder, by name, with their contents.
    pub fn files(&self) -> [(&'static str, String); 2] {
        let role = toml::to_string(self).expect("keys and names can always be written as TOML");
        [(ROLE, role), (CREDS, self.bus.text().to_owned())]
    }

    /// A key that this role cannot do without: `file.need(&file.join_key, "join_key")`.
    pub fn need<'a, T>(
        &self,
        key: &'a Option<T>,
        name: &'static str,
    ) -> Result<&'a T, CredentialError> {
        key.as_ref().ok_or_else(|| CredentialError::Missing {
            role: self.role.clone(),
            key: name,
        })
    }
}
