//! Looks up the images that the core wants to know, and brings what registries say back as readings.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use gantry_decider::Backoff;
use gantry_events::Millis;
use gantry_runtime::{Driven, Process};
use gantry_scheduler_core::{Reading, SchedulerCore};
use tokio::sync::{Semaphore, watch};

use crate::registry::{LookupError, Registries};

/// Waits before a registry that did not answer is asked again: 250 ms … 5 s. The core gives up.
const AGAIN: Backoff = Backoff {
    first: Millis(250),
    most: Millis(5000),
};

/// Images asked for at a time: more would only wait for the same registry.
const AT_A_TIME: usize = 8;

type Lookup = Pin<Box<dyn Future<Output = (String, Reading)> + Send>>;

/// Looks images up until the process stops, while the lease is held.
pub struct Lookups {
    process: Process,
    driven: Driven<SchedulerCore>,
    held: watch::Receiver<bool>,
    registries: Arc<Registries>,
    /// Places for requests. An image waits for one only when it is its turn to be asked for: those of a
    /// registry that does not answer hold none while they wait to be asked for again.
    places: Arc<Semaphore>,
    running: FuturesUnordered<Lookup>,
    /// Images being looked up, and how often in a row their registry did not answer.
    images: BTreeMap<String, u32>,
}

impl Lookups {
    /// Looks up what the engine wants to know.
    pub fn new(
        process: &Process,
        driven: Driven<SchedulerCore>,
        held: watch::Receiver<bool>,
        registries: Registries,
    ) -> Self {
        Self {
            process: process.clone(),
            driven,
            held,
            registries: Arc::new(registries),
            places: Arc::new(Semaphore::new(AT_A_TIME)),
            running: FuturesUnordered::new(),
            images: BTreeMap::new(),
        }
    }

    /// Follows what is wanted. Dropped half-way, a look-up leaves nothing behind.
    pub async fn follow(mut self) -> Result<(), Infallible> {
        let stopping = self.process.stopping();
        let mut view = self.driven.view.clone();
        let mut held = self.held.clone();
        loop {
            // What was just brought is still wanted until the view has changed with it: only that begins
            // a look-up.
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                Ok(()) = view.changed() => self.begin(),
                Ok(()) = held.changed() => self.begin(),
                Some((image, reading)) = self.running.next() => self.bring(image, reading).await,
            }
        }
    }

    /// Brings a reading to the core. An image whose registry was silent stays counted, and is looked up
    /// again for as long as it is wanted.
    async fn bring(&mut self, image: String, reading: Reading) {
        let is_silent = matches!(reading, Reading::RegistryUnreachable { .. });
        let outcome = if is_silent { "unreachable" } else { "answered" };
        let labels = [("outcome", outcome)];
        self.process
            .metrics
            .count("gantry_scheduler_image_lookups_total", &labels, 1);
        // The engine's inbox closes only when the process ends.
        let _ = self.driven.readings.send(reading).await;
        let failures = self.images.remove(&image).unwrap_or(0).saturating_add(1);
        if is_silent && self.is_wanted(&image) {
            self.images.insert(image.clone(), failures);
            self.running.push(self.look(image, AGAIN.after(failures)));
        }
    }

    fn begin(&mut self) {
        let Some(view) = self
            .driven
            .view
            .borrow()
            .clone()
            .filter(|_| *self.held.borrow())
        else {
            return;
        };
        for image in &view.wanted.resolve {
            if !self.images.contains_key(image) {
                self.images.insert(image.clone(), 0);
                self.running.push(self.look(image.clone(), Millis(0)));
            }
        }
    }

    fn is_wanted(&self, image: &str) -> bool {
        let view = self.driven.view.borrow();
        *self.held.borrow()
            && view
                .as_ref()
                .is_some_and(|view| view.wanted.resolve.contains(image))
    }

    fn look(&self, image: String, wait: Millis) -> Lookup {
        let (process, registries) = (self.process.clone(), Arc::clone(&self.registries));
        let places = Arc::clone(&self.places);
        Box::pin(async move {
            process.sleep(wait).await;
            let _place = places.acquire().await;
            let reading = match registries.digest(&image).await {
                Ok(digest) => Reading::ImageResolved {
                    image: image.clone(),
                    digest,
                },
                Err(LookupError::Refused(said)) => Reading::ImageRefused {
                    image: image.clone(),
                    said,
                },
                Err(LookupError::Unreachable(said)) => {
                    // Said once; the core says it again if it gives up.
                    if wait == Millis(0) {
                        tracing::warn!(image, said, "the registry did not answer; asking again");
                    }
                    Reading::RegistryUnreachable {
                        image: image.clone(),
                        said,
                    }
                }
            };
            (image, reading)
        })
    }
}
