//! The provisioner service: its shell and its providers.
