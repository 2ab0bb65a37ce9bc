//! `BusCredential`: what an identity shows the server, in the text form that NATS tools know.

use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

/// A credential file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// It cannot be read or written.
    #[error("{path}: {cause}; `gantryd init` writes the credential folders")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It does not say what it should.
    #[error("{path} cannot be understood: {cause}")]
    Form {
        /// The file.
        path: String,
        /// What is wrong.
        cause: String,
    },
    /// A key is missing that this role needs.
    #[error(
        "the credential file of {role} holds no `{key}`; run `gantryd init` again to write it anew"
    )]
    Missing {
        /// The role.
        role: String,
        /// The key.
        key: &'static str,
    },
}

/// A user JWT and the seed of its key.
#[derive(Clone, Default)]
pub struct BusCredential {
    text: String,
    name: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

impl BusCredential {
    /// Joins a user JWT with the seed of its key.
    pub fn new(jwt: &str, seed: &str) -> Option<Self> {
        let text = format!(
            "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        );
        Self::parse(text)
    }

    /// Reads the text form. None when it holds no user JWT with a name.
    pub fn parse(text: String) -> Option<Self> {
        let mut lines = text.lines().map(str::trim);
        lines.find(|line| line.contains("BEGIN NATS USER JWT"))?;
        let claims = lines.next()?.split('.').nth(1)?;
        let claims = BASE64URL_NOPAD.decode(claims.as_bytes()).ok()?;
        let Named { name } = serde_json::from_slice(&claims).ok()?;
        Some(Self { text, name })
    }

    /// Reads a credential file.
    pub fn load(path: &Path) -> Result<Self, CredentialError> {
        let named = || path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|cause| CredentialError::File {
            path: named(),
            cause,
        })?;
        Self::parse(text).ok_or_else(|| CredentialError::Form {
            path: named(),
            cause: "it holds no user JWT with a name".to_owned(),
        })
    }

    /// The text form, as it stands in `bus.creds`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Name of the identity: `scheduler`, `node-n1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Beginning of the subjects on which answers come back to this identity, and to no other.
    pub fn inbox(&self) -> String {
        inbox_of(&self.name)
    }
}

pub(crate) fn inbox_of(name: &str) -> String {
    format!("_INBOX_{name}")
}

impl std::fmt::Debug for BusCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BusCredential({})", self.name)
    }
}
