//! Where replicas go, and what is said about it.

use crate::scene::{NONE, Scene, file, file_with, place};
use gantry_events::{Explanation, Fact, ReplicaPlaced, Unfit};
use gantry_testkit::told::Words;

/// What was said of the last placement.
fn last(scene: &Scene) -> ReplicaPlaced {
    let placed = scene
        .stage
        .told
        .iter()
        .rev()
        .find_map(|told| match &told.said {
            Words::Fact(fact) => match fact.as_ref() {
                Fact::ReplicaPlaced(placed) => Some(placed.clone()),
                _ => None,
            },
            Words::Command(_) => None,
        });
    placed.expect("something was placed")
}

fn why(scene: &Scene) -> Explanation {
    last(scene).explanation
}

#[test]
fn the_first_thing_that_decided_is_said() {
    let mut scene = Scene::of(&["n1"]);
    scene.deploy(&file(&[("web", "web:1", 1)]));
    assert_eq!(why(&scene).because, "n1 is the only node");

    scene.join("n2");
    scene.run("");
    scene.scale("web", 2);
    assert_eq!(
        why(&scene).because,
        "n2 runs fewest replicas of the service: 0, n1 runs 1"
    );

    scene.run("");
    scene.join("n3");
    scene.deploy(&file(&[("api", "api:1", 1), ("web", "web:1", 2)]));
    assert_eq!(
        why(&scene).because,
        "n3 runs fewest replicas in all: 0, n1 runs 1"
    );

    let mut scene = Scene::of(&["n1", "n2"]);
    scene.deploy(&file(&[("web", "web:1", 1)]));
    assert_eq!(
        why(&scene).because,
        "n1 and n2 are equal, and n1 comes first by name"
    );
}

#[test]
fn among_nodes_that_run_as_many_the_one_with_most_memory_left_is_taken() {
    let mut scene = Scene::of(&["n1", "n2"]);
    let services = [("api", "api:1", 1), ("db", "db:1", 1), ("ui", "ui:1", 1)];
    let keys = r#","resources":{"memory":"MEMORY"}"#;
    let sizes = ["1Gi", "2Gi", "512Mi"];
    let file = sizes.iter().fold(file_with(&services, keys), |file, size| {
        file.replacen("MEMORY", size, 1)
    });
    scene.deploy(&file);
    assert_eq!(
        why(&scene).because,
        "n1 has most memory left: 3Gi, n2 has 2Gi"
    );
}

#[test]
fn nodes_without_room_are_named_with_what_they_lack() {
    let mut scene = Scene::of(&["n1", "n2"]);
    let keys = r#","resources":{"cpu":3,"memory":"1Gi"}"#;
    scene.deploy(&file_with(&[("web", "web:1", 2)], keys));
    let said = why(&scene);
    assert_eq!(said.because, "only n2 has room");
    assert_eq!(said.fit.len(), 1);
    let lacks: Vec<_> = said.unfit.into_iter().collect();
    let (free, asked) = (gantry_events::MilliCpu(1000), gantry_events::MilliCpu(3000));
    assert_eq!(lacks, [("n1".parse().unwrap(), Unfit::Cpu { free, asked })]);
}

#[test]
fn the_replica_that_will_make_way_does_not_count() {
    let mut scene = Scene::of(&["n1", "n2", "n3"]);
    scene.deploy(&file(&[("web", "web:1", 3)]));
    scene.run("");
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.run("");
    let nodes: Vec<String> = scene.replicas();
    assert_eq!(
        nodes,
        ["web.0#2 n1 ready", "web.1#2 n2 ready", "web.2#2 n3 ready"]
    );
}

#[test]
fn many_placements_are_few_commits_and_each_stays_below_512_kib() {
    let nodes: Vec<String> = (1..=40).map(|n| format!("n{n}")).collect();
    let mut scene = Scene::of(&nodes.iter().map(String::as_str).collect::<Vec<_>>());
    scene.deploy(&file(&[("web", "web:1", 700)]));
    let mut sizes = std::collections::BTreeMap::<_, (usize, usize)>::new();
    for told in &scene.stage.told {
        if let Words::Fact(fact) = &told.said
            && matches!(fact.as_ref(), Fact::ReplicaPlaced(_))
        {
            let size = sizes.entry(told.place.seq).or_default();
            *size = (
                size.0 + 1,
                size.1 + serde_json::to_string(fact).unwrap().len(),
            );
        }
    }
    let counts: Vec<usize> = sizes.values().map(|(count, _)| *count).collect();
    assert_eq!(counts, [256, 256, 188]);
    assert!(
        sizes.values().all(|(_, bytes)| *bytes < 512 << 10),
        "{sizes:?}"
    );
    scene.stage.state.check().unwrap();
}

#[test]
fn labels_that_are_required_decide_and_those_that_are_preferred_weigh() {
    let mut scene = Scene::of(&[]);
    scene.join_labelled("n1", &[("zone", "us"), ("disk", "ssd")]);
    scene.join_labelled("n2", &[("zone", "eu")]);
    scene.join_labelled("n3", &[("zone", "eu"), ("disk", "ssd")]);
    let policy = place(r#""require":{"zone":"eu"},"prefer":{"disk":"ssd"}"#);
    scene.deploy(&file_with(&[("web", "web:1", 2)], &policy));
    let said = why(&scene);
    assert_eq!(
        said.because,
        "n3 has most of the labels that are preferred: 1, n2 has 0"
    );
    let (label, asked) = ("zone".to_owned(), "eu".to_owned());
    let lacks: Vec<_> = said.unfit.into_iter().collect();
    assert_eq!(
        lacks,
        [("n1".parse().unwrap(), Unfit::Label { label, asked })]
    );
    assert_eq!(scene.replicas(), ["web.0#1 n3 placed", "web.1#1 n3 placed"]);
}

#[test]
fn replicas_are_spread_over_the_values_of_a_label_before_they_are_over_nodes() {
    let mut scene = Scene::of(&[]);
    scene.join_labelled("n1", &[("zone", "a")]);
    scene.join_labelled("n2", &[("zone", "a")]);
    scene.join_labelled("n3", &[("zone", "b")]);
    scene.deploy(&file_with(
        &[("web", "web:1", 4)],
        &place(r#""spread":"zone""#),
    ));
    assert_eq!(
        scene.replicas(),
        [
            "web.0#1 n1 placed",
            "web.1#1 n3 placed",
            "web.2#1 n2 placed",
            "web.3#1 n3 placed"
        ]
    );
    assert_eq!(
        why(&scene).because,
        "nodes with zone=b run fewest replicas of the service: 1, those with zone=a run 2"
    );
}

#[test]
fn no_more_than_so_many_are_on_one_node_and_the_one_that_makes_way_does_not_count() {
    let mut scene = Scene::of(&["n1", "n2"]).with_balancer();
    let policy = place(r#""per_node":1"#);
    let said = scene.deploy(&file_with(&[("web", "web:1", 4)], &policy));
    assert_eq!(
        said[4..],
        [
            "place web.0#1 on n1",
            "place web.1#1 on n2",
            "unplaced web.2 and 1 more: all 2 nodes have as many replicas of the service as they may: 1"
        ]
    );
    scene.scale("web", 2);
    scene.run(NONE);
    scene.deploy(&file_with(&[("web", "web:2", 2)], &policy));
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    assert_eq!(scene.replicas(), ["web.0#2 n1 ready", "web.1#2 n2 ready"]);
}

#[test]
fn why_nothing_fits_is_counted_by_reason() {
    let mut scene = Scene::of(&[]);
    scene.join_labelled("n1", &[("zone", "us")]);
    scene.join_labelled("n2", &[("zone", "eu")]);
    scene.join_labelled("n3", &[("zone", "eu")]);
    scene.cordon("n2");
    scene.drain("n3");
    let policy = place(r#""require":{"zone":"eu"}"#);
    let said = scene.deploy(&file_with(&[("web", "web:1", 1)], &policy));
    assert_eq!(
        said.last().unwrap(),
        "unplaced web.0: none of 3 nodes fits: 1 is cordoned, 1 is draining, 1 lacks the label zone=eu"
    );
    scene.holds();
}
