//! The way back: by itself when a release fails, and when it is asked for.

use crate::scene::{NONE, Scene, deployed, deployed_with, file, file_with, rollout, secs};

/// The last line, which should tell of a failed operation.
fn failure(said: &[String]) -> &str {
    let last = said.last().expect("something was said");
    assert!(last.starts_with("fail "), "{last}");
    last
}

#[test]
fn a_release_that_misses_its_deadline_is_followed_by_one_with_the_content_of_the_last_good_one() {
    let mut scene = deployed();
    let before = scene.replicas();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.fail("web.0#2");
    assert_eq!(scene.pass(secs(60)), ["place web.0#3 on n2"]);
    scene.fail("web.0#3");
    let (failed, _) = scene.find("web.0#3");
    let said = scene.pass(secs(240));
    assert_eq!(said[0], "place web.0#4 on n1");
    let back = [
        "give up web",
        "release r3 as r1",
        "configure web to 3",
        "begin web",
        "drain web.0#4: abandoned",
        "stop web.0#4",
    ];
    assert_eq!(said[said.len() - back.len()..], back);
    // The replicas that ran before were never touched, and it ends once the last trace is gone.
    let said = scene.stopped("web.0#4");
    assert_eq!(said[0], "finish web");
    assert_eq!(
        failure(&said),
        format!(
            "fail DeadlinePassed: r3, with the content of r1, runs again, as r2 failed: web was not \
             as asked for within 5m: {failed} on n2 was not ready within the time its file allows; \
             its probe said: GET /healthz gave 503; its last lines:\nno database"
        )
    );
    assert_eq!(scene.replicas(), before);
    scene.holds();
    // What fails from here on is healed with what runs, and the same file again is a new try.
    scene.fail("web.1#1");
    assert_eq!(scene.pass(secs(1)), ["place web.1#2 on n1"]);
    scene.ready("web.1#2");
    let said = scene.deploy(&file(&[("web", "web:2", 3)]));
    assert_eq!(said[1..3], ["release r4", "configure web to 3"]);
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    scene.holds();
}

#[test]
fn the_problem_has_the_last_words_of_a_replica_that_was_stopped_before_it_was_ever_ready() {
    let mut scene = deployed_with(&rollout(1, 0, "20s"));
    scene.deploy(&file_with(&[("web", "web:2", 3)], &rollout(1, 0, "20s")));
    scene.restart("web.0#2");
    let (failed, _) = scene.find("web.0#2");
    let said = scene.pass(secs(20));
    assert_eq!(said[0], "give up web");
    let said = scene.stopped_saying("web.0#2", Some("connection refused"), &["no licence"]);
    assert_eq!(
        failure(&said),
        format!(
            "fail DeadlinePassed: r3, with the content of r1, runs again, as r2 failed: web was not \
             as asked for within 20s: {failed} waits for n1 to say that it is ready; restarts: 1, its \
             last process ended with code 137; {failed} on n1 was stopped before it was ever ready; \
             its probe said: connection refused; restarts: 1, its last process ended with code 137; \
             its last lines:\nno licence"
        )
    );
    scene.holds();
}

#[test]
fn a_replica_that_has_not_left_yet_stays_when_its_release_runs_again() {
    for policy in [rollout(1, 0, "20s"), rollout(0, 1, "20s")] {
        let mut scene = deployed_with(&rollout(1, 0, "20s"));
        let before = scene.replicas();
        scene.deploy(&file_with(&[("web", "web:2", 3)], &rollout(1, 0, "20s")));
        scene.balancer_rests();
        // It answers, and no balancer has taken it up yet.
        scene.ready("web.0#2");
        scene.deploy(&file_with(&[("web", "web:1", 3)], &policy));
        let (routed, released) = scene.table();
        scene.apply(routed, released);
        assert_eq!(scene.settle(), ["stop web.0#2", "finish web", "succeed"]);
        scene.stopped("web.0#2");
        assert_eq!(scene.replicas(), before);
        scene.holds();
    }
}

#[test]
fn a_replica_that_has_not_left_yet_stays_even_if_traffic_has_moved_to_the_wrong_one_by_then() {
    let mut scene = deployed();
    let before = scene.replicas();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.balancer_rests();
    scene.ready("web.0#2");
    // The table and the wish to go back arrive together.
    let (routed, released) = scene.table();
    scene.apply(routed, released);
    let said = scene.roll_back(1, &file(&[("web", "web:1", 3)]));
    let drains = said.iter().filter(|line| line.starts_with("drain"));
    assert!(drains.eq(["drain web.0#2: abandoned"]), "{said:?}");
    let (routed, released) = scene.table();
    scene.apply(routed, released);
    assert_eq!(scene.settle(), ["stop web.0#2", "finish web", "succeed"]);
    scene.stopped("web.0#2");
    assert_eq!(scene.replicas(), before);
    scene.holds();
}

/// A release that has changed one slot of three when it misses its deadline, and what is said then.
fn one_slot_changed() -> (Scene, Vec<String>) {
    let mut scene = deployed();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.ready("web.0#2");
    scene.stopped("web.0#1");
    let said = scene.pass(secs(300));
    assert!(said.contains(&"release r3 as r1".to_owned()), "{said:?}");
    (scene, said)
}

#[test]
fn slots_that_were_changed_already_change_back_start_first_and_the_others_stay() {
    let (mut scene, said) = one_slot_changed();
    assert!(said.contains(&"place web.0#3 on n1".to_owned()), "{said:?}");
    assert_eq!(scene.release_of("web.1#1"), 1);
    scene.ready("web.0#3");
    let said = scene.run("web:2");
    failure(&said);
    assert_eq!(
        scene.replicas(),
        ["web.0#3 n1 ready", "web.1#1 n2 ready", "web.2#1 n3 ready"]
    );
    scene.holds();
}

#[test]
fn the_way_back_undoes_the_whole_release_and_keeps_what_was_scaled_before_it() {
    let mut scene = Scene::of(&["n1", "n2", "n3"]).with_balancer();
    scene.deploy(&file(&[("api", "api:1", 1), ("web", "web:1", 1)]));
    scene.run(NONE);
    scene.scale("web", 2);
    scene.run(NONE);
    // The new file leaves api out, brings job, and breaks web.
    scene.deploy(&file(&[("job", "job:1", 1), ("web", "web:2", 1)]));
    scene.run("web:2");
    let said = scene.pass(secs(300));
    let back: Vec<&String> = said
        .iter()
        .skip_while(|line| *line != "give up web")
        .collect();
    assert_eq!(
        back,
        [
            "give up web",
            "release r3 as r1",
            "configure api to 1",
            "begin api",
            "remove job",
            "begin job",
            "configure web to 2",
            "begin web",
            "place api.0#2 on n3",
            "drain job.0#1: removed",
            "drain web.0#2: abandoned",
            "place web.1#2 on n1",
            "advance web to 1 of 2",
            "stop web.0#2",
        ]
    );
    failure(&scene.run("web:2"));
    scene.holds();
}

#[test]
fn a_service_that_the_way_back_removes_ends_no_earlier_than_the_last_that_was_told_to_stop() {
    let mut scene = deployed();
    let with_job = |image| file(&[("job", image, 1), ("web", "web:1", 3)]);
    scene.deploy(&with_job("job:1"));
    scene.deploy(&with_job("job:2"));
    // The first was told to stop when the second file came, and is overdue by the time of the way back.
    let mut said = scene.pass(secs(300));
    assert!(said.contains(&"remove job".to_owned()), "{said:?}");
    said.extend(scene.stopped("job.0#2"));
    said.extend(scene.pass(secs(60)));
    assert!(!said.contains(&"end job".to_owned()), "{said:?}");
    let said = scene.stopped("job.0#1");
    assert!(said.contains(&"end job".to_owned()), "{said:?}");
    scene.holds();
}

#[test]
fn a_way_back_that_fails_as_well_stops_there() {
    let (mut scene, _) = one_slot_changed();
    let said = scene.pass(secs(600));
    let failed = said.iter().find(|line| line.starts_with("fail ")).unwrap();
    assert!(
        failed
            .starts_with("fail DeadlinePassed: r2 failed, and so did going back to r1 as r3: web "),
        "{failed}"
    );
    assert!(
        !said.iter().any(|line| line.starts_with("release")),
        "{said:?}"
    );
    scene.holds();
}

#[test]
fn a_newer_deploy_takes_over_a_way_back() {
    let mut scene = deployed();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.pass(secs(300));
    let said = scene.deploy(&file(&[("web", "web:3", 3)]));
    assert_eq!(
        said[..5],
        [
            "resolve 1",
            "release r4",
            "overtake web",
            "supersede",
            "configure web to 3"
        ]
    );
    assert_eq!(scene.run("web:2").last().unwrap(), "succeed");
    scene.holds();
}

#[test]
fn an_earlier_release_asked_for_is_a_new_release_at_once() {
    let mut scene = deployed();
    let first = file(&[("web", "web:1", 3)]);
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.run(NONE);
    let said = scene.roll_back(1, &first);
    assert_eq!(
        said,
        [
            "release r3 as r1",
            "configure web to 3",
            "begin web",
            "place web.0#3 on n1"
        ]
    );
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    assert_eq!(scene.roll_back(1, &first), ["unchanged"]);
    assert_eq!(scene.roll_back(4, &first), ["refuse ReleaseNotFound"]);
    assert!(scene.stage.state.contents.is_empty());
    // One that takes over a running change does the same.
    scene.deploy(&file(&[("web", "web:3", 3)]));
    let said = scene.roll_back(1, &first);
    assert_eq!(said[..3], ["release r5 as r1", "overtake web", "supersede"]);
    assert_eq!(said.last().unwrap(), "succeed", "nothing was replaced yet");
    scene.holds();
}

#[test]
fn a_failed_scale_goes_back_to_nothing_and_keeps_what_it_has_reached() {
    let mut scene = deployed();
    scene.scale("web", 4);
    let said = scene.pass(secs(300));
    assert!(said.contains(&"give up web".to_owned()), "{said:?}");
    assert!(
        !said.iter().any(|line| line.starts_with("release")),
        "{said:?}"
    );
    scene.holds();
}
