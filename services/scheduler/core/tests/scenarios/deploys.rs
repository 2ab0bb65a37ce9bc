//! A deploy: what is placed, what is unchanged, what is removed.

use crate::scene::{NONE, Scene, deployed, file, secs};

#[test]
fn a_first_deploy_places_all_replicas_at_once_and_spreads_them() {
    let mut scene = Scene::of(&["n1", "n2", "n3"]).with_balancer();
    assert_eq!(scene.put(&file(&[("web", "web:1", 3)])), ["resolve 1"]);
    let said = scene.find_images();
    assert_eq!(
        said,
        [
            "release r1",
            "configure web to 3",
            "begin web",
            "place web.0#1 on n1",
            "place web.1#1 on n2",
            "place web.2#1 on n3",
        ]
    );
    assert_eq!(scene.ready("web.0#1"), ["advance web to 1 of 3"]);
    assert_eq!(scene.ready("web.1#1"), ["advance web to 2 of 3"]);
    assert_eq!(scene.ready("web.2#1"), ["finish web", "succeed"]);
    scene.holds();
}

#[test]
fn the_same_file_again_changes_nothing_and_a_moved_tag_does() {
    let mut scene = deployed();
    let web = file(&[("web", "web:1", 3)]);
    assert_eq!(scene.deploy(&web), ["resolve 1", "unchanged"]);
    scene.pass(secs(1));
    scene.put(&web);
    let said = scene.find_image("web:1", b"another build");
    assert_eq!(
        said,
        [
            "release r2",
            "configure web to 3",
            "begin web",
            "place web.0#2 on n1"
        ]
    );
    scene.holds();
}

#[test]
fn a_file_that_names_digests_alone_is_answered_unchanged_at_once() {
    let pinned = format!("web@{}", gantry_events::Digest::of(b"1"));
    let web = file(&[("web", &pinned, 2)]);
    let mut scene = Scene::of(&["n1", "n2", "n3"]);
    let said = scene.put(&web);
    assert_eq!(said[..2], ["resolve 0", "release r1"]);
    assert_eq!(scene.put(&web)[..2], ["resolve 0", "overtake web"]);
    scene.run(NONE);
    assert_eq!(scene.put(&web), ["unchanged"]);
    scene.holds();
}

#[test]
fn deploying_the_file_again_after_a_scale_sets_what_the_file_says() {
    let mut scene = deployed();
    scene.scale("web", 4);
    scene.run(NONE);
    assert_eq!(scene.replicas().len(), 4);
    let said = scene.deploy(&file(&[("web", "web:1", 3)]));
    assert_eq!(
        said,
        [
            "resolve 1",
            "release r2",
            "configure web to 3",
            "begin web",
            "drain web.3#1: scaled down",
            "stop web.3#1"
        ]
    );
    assert_eq!(scene.stopped("web.3#1"), ["finish web", "succeed"]);
    scene.holds();
}

#[test]
fn a_removed_service_ends_with_its_last_replica() {
    let mut scene = deployed();
    let said = scene.remove("web");
    assert_eq!(
        said,
        [
            "remove web",
            "begin web",
            "drain web.0#1: removed",
            "drain web.1#1: removed",
            "drain web.2#1: removed",
            "stop web.0#1",
            "stop web.1#1",
            "stop web.2#1",
        ]
    );
    scene.stopped("web.0#1");
    scene.stopped("web.1#1");
    assert_eq!(
        scene.stopped("web.2#1"),
        ["finish web", "end web", "succeed"]
    );
    scene.holds();
    // A service of the same name begins with new ids.
    let said = scene.deploy(&file(&[("web", "web:1", 1)]));
    assert_eq!(said.last().unwrap(), "place web.0#2 on n1");
    scene.holds();
}

#[test]
fn what_the_file_no_longer_names_is_removed() {
    let mut scene = Scene::of(&["n1", "n2", "n3"]);
    scene.deploy(&file(&[("api", "api:1", 1), ("web", "web:1", 1)]));
    scene.run(NONE);
    let said = scene.deploy(&file(&[("web", "web:1", 1)]));
    assert_eq!(
        said,
        [
            "resolve 1",
            "release r2",
            "remove api",
            "begin api",
            "drain api.0#1: removed",
            "stop api.0#1"
        ]
    );
    assert_eq!(
        scene.stopped("api.0#1"),
        ["finish api", "end api", "succeed"]
    );
    scene.holds();
}

#[test]
fn a_release_of_several_services_succeeds_with_the_last_of_them() {
    let mut scene = Scene::of(&["n1", "n2", "n3"]).with_balancer();
    scene.deploy(&file(&[("api", "api:1", 1), ("web", "web:1", 1)]));
    assert_eq!(scene.ready("web.0#1"), ["finish web"]);
    assert_eq!(scene.ready("api.0#1"), ["finish api", "succeed"]);
    // A service that stays as it is does not appear.
    let said = scene.deploy(&file(&[("api", "api:2", 1), ("web", "web:1", 1)]));
    assert_eq!(
        said[1..],
        [
            "release r2",
            "configure api to 1",
            "begin api",
            "place api.0#2 on n3"
        ]
    );
    scene.holds();
}

#[test]
fn a_scale_up_fills_all_new_slots_at_once_and_nothing_else() {
    let mut scene = deployed();
    let said = scene.scale("web", 5);
    assert_eq!(
        said,
        [
            "scale web to 5",
            "begin web",
            "place web.3#1 on n1",
            "place web.4#1 on n2"
        ]
    );
    scene.ready("web.4#1");
    assert_eq!(scene.ready("web.3#1"), ["finish web", "succeed"]);
    scene.holds();
}
