//! The node-worker: its shell around the core of one node, with Docker through bollard.
