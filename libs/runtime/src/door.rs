//! `Door`: lets connections in, so many at a time; more wait to be accepted.

use std::io;
use std::sync::Arc;

use gantry_events::Millis;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Process;

/// Wait after a failed accept, most often for want of file descriptors, so that a door that cannot be opened is not
/// tried in a circle.
const AFTER_FAILED_ACCEPT: Millis = Millis(100);

/// Where connections come in.
#[derive(Debug)]
pub struct Door {
    process: Process,
    room: Arc<Semaphore>,
    places: u32,
}

/// The place of one connection. Another may have it once this is dropped.
#[derive(Debug)]
pub struct Place(#[expect(dead_code, reason = "it is held")] OwnedSemaphorePermit);

impl Door {
    /// A door to so many places.
    pub fn of(process: &Process, places: u32) -> Self {
        let room = usize::try_from(places).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            process: process.clone(),
            room: Arc::new(Semaphore::new(room)),
            places,
        }
    }

    /// The next connection, once there is a place for it; none when the process stops.
    pub async fn next<T, F>(&self, accept: impl Fn() -> F) -> Option<(T, Place)>
    where
        F: Future<Output = io::Result<T>>,
    {
        let next = async {
            let place = self.room.clone().acquire_owned().await;
            let place = place.expect("the semaphore is never closed");
            loop {
                match accept().await {
                    Ok(accepted) => return (accepted, Place(place)),
                    Err(error) => {
                        tracing::warn!(%error, "no connection could be accepted; trying again in {AFTER_FAILED_ACCEPT}");
                        self.process.sleep(AFTER_FAILED_ACCEPT).await;
                    }
                }
            }
        };
        self.process.stopping().run_until_cancelled(next).await
    }

    /// Waits until no connection has a place.
    pub async fn emptied(&self) {
        let all = self.room.acquire_many(self.places).await;
        drop(all.expect("the semaphore is never closed"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_connection_comes_in_once_there_is_a_place_and_none_once_the_process_stops() {
        let (process, supervisor) = Process::start();
        let door = Door::of(&process, 1);
        let accept = || std::future::ready(Ok(()));
        let ((), place) = door.next(accept).await.unwrap();
        assert!(door.next(accept).now_or_never().is_none());
        assert!(door.emptied().now_or_never().is_none());
        drop(place);
        door.emptied().await;
        let ((), _place) = door.next(accept).await.unwrap();
        supervisor.shut_down().await.unwrap();
        assert!(door.next(accept).await.is_none());
    }

    #[tokio::test]
    async fn a_door_that_cannot_be_opened_is_tried_again() {
        let (process, _supervisor) = Process::start();
        let tries = AtomicU32::new(0);
        let accept = || {
            let first = tries.fetch_add(1, Ordering::Relaxed) == 0;
            let full = io::Error::other("too many open files");
            std::future::ready(if first { Err(full) } else { Ok(()) })
        };
        assert!(Door::of(&process, 1).next(accept).await.is_some());
    }
}
