//! The api service: HTTP in, commands out, the read model served.
