//! The log as services meet it: append with an expectation, follow in order, and know who wrote what.
//! Questions, traffic and leases go over core NATS.
//!
//! JetStream is known here and nowhere else. Leaves to others: what messages mean (`gantry-events`),
//! what follows from them (`gantry-decider`), the loop around both (`gantry-runtime`).

mod append;
mod ask;
mod connection;
pub mod credentials;
mod first_start;
mod follow;
mod jetstream;
mod join;
mod leases;
mod ledger;
mod log;
mod marks;
mod memory;
mod monitor;
mod node_log;
mod signed;
mod stream;
mod submit;

pub use append::{Appending, Landing};
pub use ask::{AskError, Question};
pub use connection::{BusError, Link, NatsBus};
pub use credentials::{AccountSeed, BusCredential, CredentialError, NodeKey, RoleFile, mint_node};
pub use first_start::{FirstStart, Folder, Folders, Owner, RoleFolder, StartError};
pub use jetstream::JetStreamLog;
pub use join::{JoinKey, join_token, join_token_fits};
pub use leases::Lease;
pub use ledger::{Head, Ledger, Message, Void, node_key};
pub use log::{Append, AppendOutcome, Log, LogError, Stored};
pub use marks::{ControlKey, Marker, ParseKeyError};
pub use memory::MemoryLog;
pub use monitor::{Monitor, MonitorError, ServerHealth};
pub use node_log::NodeLog;
pub use signed::{Signer, Verifier};
pub use stream::{StreamError, StreamUse};
