//! The log as services meet it: append with an expectation, follow in order, and know who wrote what.
//! Questions, traffic and leases go over core NATS.
//!
//! JetStream is known here and nowhere else. Leaves to others: what messages mean (`gantry-events`),
//! what follows from them (`gantry-decider`), the loop around both (`gantry-runtime`).

mod append;
mod ledger;
mod log;
mod marks;
mod memory;

pub use append::{Appending, Landing};
pub use ledger::{Head, Ledger, Message, Void, node_key};
pub use log::{Append, AppendOutcome, Log, LogError, Stored};
pub use marks::{ControlKey, Marker, ParseKeyError};
pub use memory::MemoryLog;
