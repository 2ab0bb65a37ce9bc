//! Which images are looked up while others wait for their registry.

#![allow(
    clippy::unwrap_used,
    reason = "what a test builds on either works or ends it"
)]

mod shelf;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use gantry_bus::Head;
use gantry_events::Seq;
use gantry_runtime::{Driven, Process, View};
use gantry_scheduler::lookups::Lookups;
use gantry_scheduler::registry::Registries;
use gantry_scheduler_core::{Reading, SchedulerCore, State, Wanted};
use tokio::sync::{mpsc, watch};

/// Images that go on being wanted, whatever is found of them. Gives what was found of so many of the
/// registry's answers that are no silence.
async fn found(images: impl IntoIterator<Item = String>, answers: usize) -> BTreeSet<String> {
    let (process, _supervisor) = Process::start();
    let registries = Registries::new(&shelf::registry().await.to_string()).unwrap();
    let view = View {
        seq: Seq(1),
        wanted: Wanted {
            resolve: images.into_iter().collect(),
            ..Wanted::default()
        },
        state: State::default(),
        own: Head::default(),
        leading: true,
    };
    let (told, view_seen) = watch::channel(None);
    let (_held, held) = watch::channel(true);
    let (readings, mut read) = mpsc::channel(64);
    let driven = Driven::<SchedulerCore> {
        readings,
        view: view_seen,
    };
    let lookups = Lookups::new(&process, driven, held, registries);
    process.spawn("lookups", lookups.follow());
    told.send_replace(Some(Arc::new(view)));
    let mut found = BTreeSet::new();
    let all = async {
        while found.len() < answers {
            if let Some(Reading::ImageResolved { image, .. }) = read.recv().await {
                found.insert(image);
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(20), all).await;
    found
}

#[tokio::test]
async fn images_of_a_registry_in_trouble_keep_no_other_from_being_looked_up() {
    let broken = (0..8).map(|tag| format!("localhost:5000/broken:{tag}"));
    let web = "localhost:5000/web:1".to_owned();
    let found = found(broken.chain([web.clone()]), 1).await;
    assert_eq!(found, [web].into());
}

#[tokio::test]
async fn an_image_that_waited_for_its_turn_needs_no_news_of_the_log_to_get_it() {
    let images: BTreeSet<_> = (0..20)
        .map(|tag| format!("localhost:5000/web:{tag}"))
        .collect();
    assert_eq!(found(images.clone(), images.len()).await, images);
}
