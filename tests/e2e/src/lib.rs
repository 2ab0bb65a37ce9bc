//! The whole system as a user meets it, on real Docker and real NATS.
