//! The life of a process: settings, telemetry, health, supervision, shutdown, and the engine.
