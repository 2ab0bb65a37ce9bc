//! The SQLite read model: current rows, earlier versions, checkpoint, rebuild.
