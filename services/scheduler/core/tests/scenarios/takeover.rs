//! A newer wish takes over what an older one began.

use crate::scene::{NONE, Scene, deployed, file, secs};

#[test]
fn a_newer_deploy_takes_over_a_running_one() {
    let mut scene = deployed();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.ready("web.0#2");
    let said = scene.deploy(&file(&[("web", "web:3", 3)]));
    assert_eq!(
        said,
        [
            "resolve 1",
            "release r3",
            "overtake web",
            "supersede",
            "configure web to 3",
            "begin web",
            "drain web.1#2: abandoned",
            "place web.0#3 on n1",
            "stop web.1#2",
        ]
    );
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    assert_eq!(
        scene.replicas(),
        ["web.0#3 n1 ready", "web.1#3 n2 ready", "web.2#2 n3 ready"]
    );
    scene.holds();
}

#[test]
fn a_scale_takes_over_a_running_deploy_and_brings_it_to_its_end() {
    let mut scene = deployed();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    let said = scene.scale("web", 4);
    assert_eq!(
        said,
        [
            "overtake web",
            "supersede",
            "scale web to 4",
            "begin web",
            "place web.3#1 on n2"
        ]
    );
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    assert_eq!(
        scene.replicas(),
        [
            "web.0#2 n1 ready",
            "web.1#2 n1 ready",
            "web.2#2 n3 ready",
            "web.3#1 n2 ready"
        ]
    );
    scene.holds();
}

#[test]
fn the_same_file_again_takes_its_running_rollout_over_without_a_new_release_or_more_time() {
    let mut scene = deployed();
    let next = file(&[("web", "web:2", 3)]);
    scene.deploy(&next);
    scene.pass(secs(200));
    let said = scene.deploy(&next);
    assert_eq!(
        said,
        ["resolve 1", "overtake web", "supersede", "begin web"]
    );
    let said = scene.pass(secs(100));
    assert!(said.contains(&"release r3 as r1".to_owned()), "{said:?}");
    scene.holds();
}

#[test]
fn the_same_file_again_after_it_failed_is_a_new_release() {
    let mut scene = Scene::of(&["n1"]);
    let first = file(&[("web", "web:1", 1)]);
    scene.deploy(&first);
    scene.pass(secs(300));
    let said = scene.deploy(&first);
    assert_eq!(said[..2], ["resolve 1", "release r2"]);
    scene.run(NONE);
    scene.holds();
}

#[test]
fn a_scale_of_one_service_takes_over_the_whole_deploy_it_is_part_of() {
    let mut scene = Scene::of(&["n1", "n2", "n3"]).with_balancer();
    scene.deploy(&file(&[("api", "api:1", 1), ("web", "web:1", 1)]));
    let said = scene.scale("web", 2);
    assert_eq!(
        said,
        [
            "overtake web",
            "overtake api",
            "supersede",
            "begin api",
            "scale web to 2",
            "begin web",
            "place web.1#1 on n3"
        ]
    );
    scene.ready("web.0#1");
    assert_eq!(scene.ready("web.1#1"), ["finish web"]);
    assert_eq!(scene.ready("api.0#1"), ["finish api", "succeed"]);
    scene.holds();
}
