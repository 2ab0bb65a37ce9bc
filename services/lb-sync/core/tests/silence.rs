//! What is routed while nodes are silent, lost and back again. Replicas whose id ends in `b` run on n2,
//! all others on n1.

#![allow(clippy::unwrap_used, reason = "tests")]

mod world;

use gantry_events::Fact;
use world::*;

const WEB: &str = "web.shop.localhost";

fn two() -> Vec<Fact> {
    vec![
        placed("web-a", slot("web", 0), 1),
        placed_on("n2", "web-b", (slot("web", 1), 1)),
        ready("web-a", 80),
        ready("web-b", 81),
    ]
}

fn told(facts: &[Fact]) -> World {
    let mut world = World::begun();
    for fact in facts {
        world.fold(&writer_of(fact), fact.clone());
    }
    world
}

fn routed(facts: &[Fact]) -> Vec<String> {
    told(&[two(), facts.to_vec()].concat()).routed(WEB).unwrap()
}

#[test]
fn what_is_on_a_silent_node_is_left_out_while_others_answer() {
    let rows: [(&[Fact], &[&str]); 8] = [
        (&[suspected("n2")], &["web-a"]),
        (&[suspected("n2"), returned("n2")], &["web-a", "web-b"]),
        (&[suspected("n2"), node_lost("n2")], &["web-a"]),
        (&[suspected("n9")], &["web-a", "web-b"]),
        (&[suspected("n1"), suspected("n2")], &["web-a", "web-b"]),
        (
            &[suspected("n1"), suspected("n2"), returned("n2")],
            &["web-b"],
        ),
        (&[suspected("n2"), unready("web-a")], &["web-a", "web-b"]),
        (&[suspected("n1"), ready("web-a", 82)], &["web-b"]),
    ];
    for (facts, expected) in rows {
        assert_eq!(routed(facts), expected, "{facts:?}");
    }
}

#[test]
fn what_is_lost_counts_again_once_it_is_regained_not_before() {
    let out = [suspected("n2"), node_lost("n2"), lost("web-b", "n2")];
    let back = [returned("n2"), regained("web-b", "n2")];
    let life = [out.as_slice(), &back].concat();
    let rows: [(usize, &[&str]); 4] = [
        (3, &["web-a"]),
        (4, &["web-a"]),
        (5, &["web-a", "web-b"]),
        (0, &["web-a", "web-b"]),
    ];
    for (facts, expected) in rows {
        assert_eq!(routed(&life[..facts]), expected, "after {facts} facts");
    }
    let world = told(&[two(), life].concat());
    let address = world.table().routes[WEB].backends[&key("web-b")].address;
    assert_eq!(address.port(), 81, "at the address it had");
}

#[test]
fn a_former_holder_that_comes_back_is_not_routed_beside_its_successor() {
    let replaced = [
        suspected("n2"),
        node_lost("n2"),
        lost("web-b", "n2"),
        placed("web-c", slot("web", 1), 2),
        ready("web-c", 83),
    ];
    assert_eq!(routed(&replaced), ["web-a", "web-c"]);
    let back = [returned("n2"), ready("web-b", 81), regained("web-b", "n2")];
    assert_eq!(
        routed(&[replaced.as_slice(), &back].concat()),
        ["web-a", "web-c"]
    );
}

#[test]
fn a_successor_that_is_not_ready_yet_does_not_take_the_last_resort_away() {
    let only = [
        stopping("web-a"),
        suspected("n2"),
        lost("web-b", "n2"),
        placed("web-c", slot("web", 1), 2),
    ];
    assert_eq!(routed(&only), ["web-b"]);
    let ready = [only.as_slice(), &[ready("web-c", 83)]].concat();
    assert_eq!(routed(&ready), ["web-c"]);
}

#[test]
fn a_machine_that_is_gone_takes_its_replicas_along_even_the_last() {
    assert_eq!(routed(&[gone("n2")]), ["web-a"]);
    let none: [&str; 0] = [];
    assert_eq!(routed(&[gone("n2"), gone("n1")]), none);
    let late = [gone("n2"), lost("web-b", "n2"), ready("web-b", 81)];
    assert_eq!(routed(&late), ["web-a"], "a late word finds nobody");
    let drained = told(&[two(), vec![draining("web-b"), gone("n2")]].concat());
    assert!(drained.table().draining.is_empty());
}

#[test]
fn the_sequence_moves_only_when_silence_changes_the_table() {
    let mut world = told(&two());
    for (fact, moves) in [
        (suspected("n9"), false),
        (suspected("n2"), true),
        (node_lost("n2"), false),
        (lost("web-b", "n2"), false),
        (returned("n2"), false),
        (regained("web-b", "n2"), true),
        (gone("n9"), false),
        (gone("n2"), true),
    ] {
        world.fold(&writer_of(&fact), fact.clone());
        assert_eq!(world.table().seq == world.seq, moves, "{fact:?}");
    }
}
