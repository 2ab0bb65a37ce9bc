//! Images: their digests are found, or the operation says why not.

use gantry_decider::Core;
use gantry_events::{Digest, Place};
use gantry_scheduler_core::Reading;

use crate::scene::{Scene, file, secs};

/// The command of the file, and what is given as the cause of what the readings make of it.
fn command_and_cause(reading: impl FnOnce(String) -> Reading) -> (Option<Place>, Option<Place>) {
    let mut scene = Scene::of(&["n1"]);
    scene.put(&file(&[("web", "web:1", 1)]));
    let command = scene.stage.told.iter().rev().find_map(|told| told.answers);
    scene.stage.reading(reading("web:1".to_owned()));
    let stage = &scene.stage;
    let next = stage.core.next(&stage.state, &stage.observed, stage.now);
    (command, next.draft.and_then(|draft| draft.cause))
}

#[test]
fn a_release_and_a_failure_name_the_command_that_asked_as_their_cause() {
    let digest = Digest::of(b"web");
    let (command, cause) = command_and_cause(|image| Reading::ImageResolved { image, digest });
    assert!(command.is_some());
    assert_eq!(cause, command);
    let said = "manifest unknown".to_owned();
    let (command, cause) = command_and_cause(|image| Reading::ImageRefused { image, said });
    assert_eq!(cause, command);
}

#[test]
fn an_image_that_no_registry_knows_fails_the_operation() {
    let mut scene = Scene::of(&["n1", "n2", "n3"]);
    scene.put(&file(&[("web", "web:1", 1)]));
    let (image, said) = ("web:1".to_owned(), "manifest unknown".to_owned());
    scene
        .stage
        .reading(gantry_scheduler_core::Reading::ImageRefused { image, said });
    let said = scene.settle();
    assert_eq!(
        said,
        [
            "fail ImageNotFound: the image web:1 cannot be had: manifest unknown; check its name and tag, or push it with `gantry image push`"
        ]
    );
    assert!(scene.stage.state.contents.is_empty());
    scene.holds();
}

#[test]
fn a_registry_that_stays_silent_fails_the_operation_at_its_deadline() {
    let mut scene = Scene::of(&["n1", "n2", "n3"]);
    scene.put(&file(&[("web", "web:1", 1)]));
    let (image, said) = ("web:1".to_owned(), "connection refused".to_owned());
    scene
        .stage
        .reading(gantry_scheduler_core::Reading::RegistryUnreachable { image, said });
    assert_eq!(scene.settle(), [""; 0]);
    assert_eq!(scene.stage.wanted().resolve.len(), 1);
    assert_eq!(scene.pass(secs(59)), [""; 0]);
    let said = scene.pass(secs(1));
    assert!(said[0].starts_with("fail RegistryUnreachable"), "{said:?}");
    assert!(said[0].contains("connection refused"), "{said:?}");
    scene.holds();
}

#[test]
fn of_two_files_on_their_way_the_newer_wins_whichever_is_known_first() {
    let mut scene = Scene::of(&["n1", "n2", "n3"]);
    scene.put(&file(&[("web", "web:1", 1)]));
    scene.put(&file(&[("web", "web:2", 1)]));
    let said = scene.find_image("web:2", b"2");
    assert_eq!(
        said,
        [
            "release r1",
            "supersede",
            "configure web to 1",
            "begin web",
            "place web.0#1 on n1"
        ]
    );
    assert_eq!(scene.find_images(), [""; 0]);
    assert!(scene.stage.state.contents.is_empty());
    scene.holds();
}
