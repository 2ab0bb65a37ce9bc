//! What the end-to-end tests stand on: the running system as a user reaches it, waiting for a condition
//! with a deadline, and traffic that counts what it got. The system is up before they run: `make test`
//! brings it up and takes it down.

mod engine;
mod eventually;
mod system;
mod times;
mod told;
mod traffic;

pub use engine::{
    containers_of_machine, docker, host_pid, in_machine, kill_process, service_container,
};
pub use eventually::eventually;
pub use system::{System, image, project, sent, service};
pub use times::measured;
pub use told::{between, clock};
pub use traffic::{Asked, Tally, Traffic};
