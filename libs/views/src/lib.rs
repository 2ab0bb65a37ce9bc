//! The documents people read, each a pure fold of events.
