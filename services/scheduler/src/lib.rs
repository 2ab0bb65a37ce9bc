//! The scheduler service: its shell around the scheduling core.
