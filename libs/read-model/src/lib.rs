//! The read model: the documents of `gantry-views` with every earlier version, in one SQLite file for
//! each instance of the api. SQLite is known here and nowhere else.
//!
//! A [`Store`] takes the log's messages in order, many in one transaction with its checkpoint; a
//! [`Reader`] answers now, as of a sequence, and in lists whose pages agree. The file is made from the
//! log at will: when folds change or it is damaged, another is made beside it. Leaves to others: which
//! messages are valid (`gantry-bus`), what documents say (`gantry-views`), bodies of events (the log).

mod behind;
mod error;
mod events;
mod files;
mod list;
mod message;
mod past;
mod reader;
mod store;
mod writer;

pub use error::{ReadError, StoreError};
pub use events::{EventFilter, EventRows, IndexedEvent};
pub use list::{Cursor, Field, ListQuery, Page, ParseCursorError};
pub use message::{Content, LogMessage};
pub use past::Version;
pub use reader::{AsOf, Found, Reader};
pub use store::Store;
