//! `Room`: how many steps at containers are under way at a time.
//!
//! Only what loads the engine or the disk waits for a place. What may take long by somebody else's will,
//! a silent registry or the grace of a stop, never keeps a container from being started.

use gantry_node_worker_core::Action;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Places for steps.
#[derive(Debug)]
pub struct Room {
    /// For what makes and starts containers.
    work: Semaphore,
    /// For what waits for registries.
    pulls: Semaphore,
}

impl Room {
    /// So many places for each of the two; at least one.
    pub fn new(most: u32) -> Self {
        let most = usize::try_from(most.max(1)).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            work: Semaphore::new(most),
            pulls: Semaphore::new(most),
        }
    }

    /// A place for the step, once there is one; none for a step that needs none: there are at most as
    /// many of these as there are containers.
    pub async fn place(&self, action: &Action) -> Option<SemaphorePermit<'_>> {
        match action {
            // Neither is ever closed.
            Action::Pull { .. } => self.pulls.acquire().await.ok(),
            Action::Create(_) | Action::Start { .. } => self.work.acquire().await.ok(),
            Action::Stop { .. } | Action::ReadTail { .. } | Action::Remove { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

    use futures::FutureExt;
    use gantry_events::Millis;
    use gantry_node_worker_core::ContainerId;

    use super::*;

    fn start() -> Action {
        Action::Start {
            container: ContainerId("c".to_owned()),
        }
    }

    fn stop() -> Action {
        Action::Stop {
            container: ContainerId("c".to_owned()),
            grace: Millis::from_secs(3600),
        }
    }

    fn pull() -> Action {
        Action::Pull {
            image: "localhost:5000/web:1".parse().unwrap(),
        }
    }

    #[test]
    fn slow_stops_and_pulls_keep_no_container_from_being_started() {
        let room = Room::new(1);
        let stops = [stop(), stop()].map(|stop| room.place(&stop).now_or_never().unwrap());
        let pulling = room.place(&pull()).now_or_never().unwrap();
        assert!(room.place(&pull()).now_or_never().is_none());
        assert!(room.place(&start()).now_or_never().unwrap().is_some());
        drop((stops, pulling));
    }

    #[test]
    fn a_start_waits_for_a_place_and_a_stop_does_not() {
        let room = Room::new(0);
        let starting = room.place(&start()).now_or_never().unwrap();
        assert!(room.place(&start()).now_or_never().is_none());
        assert!(room.place(&stop()).now_or_never().is_some());
        drop(starting);
        assert!(room.place(&start()).now_or_never().is_some());
    }
}
