//! Who may do what on the bus: identities as NATS JWTs, minted here, with permissions made from the
//! owner table; and what each role keeps in its credential folder.
//!
//! The server trusts one operator key. Under it stand three accounts: `CONTROL` with the log, `NODES`
//! with the nodes alone, and `SYS` for the server itself.

mod accounts;
mod bus_credential;
mod jwt;
mod node_key;
mod permissions;
mod role_file;
mod secrets;
mod server_config;

pub use accounts::{AccountSeed, MintError, mint_node};
pub use bus_credential::{BusCredential, CredentialError};
pub use node_key::NodeKey;
pub use permissions::{Permissions, lease_subject, permissions};
pub use role_file::RoleFile;
pub use secrets::Secrets;
pub use server_config::{ServerPlaces, server_config};
