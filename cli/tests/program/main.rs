//! The built program from outside: what it prints, asks and ends with.

mod deploys;
mod exits;
mod follows;
mod stage;
mod tables;
