//! Which machines exist: pools and the saga of a machine.
