//! What is routed, as tables: facts in order, and the backends of `web.shop.localhost` after them.

mod world;

use gantry_events::{Fact, Writer};
use world::*;

const WEB: &str = "web.shop.localhost";

/// Facts with their right writers, and what is routed in the end.
fn after(facts: &[Fact]) -> Option<Vec<String>> {
    told(facts).routed(WEB)
}

fn told(facts: &[Fact]) -> World {
    let mut world = World::begun();
    for fact in facts {
        let by_node = fact.type_name().starts_with("replica.")
            && !["placed", "draining", "stopping"]
                .iter()
                .any(|word| fact.type_name().contains(word));
        let writer = if by_node {
            node("n1")
        } else {
            Writer::Scheduler
        };
        world.fold(&writer, fact.clone());
    }
    world
}

fn some(ids: &[&str]) -> Option<Vec<String>> {
    Some(ids.iter().map(|id| (*id).to_owned()).collect())
}

#[test]
fn a_replica_is_routed_from_ready_to_draining() {
    let life = [
        placed("web-a", slot("web", 0), 1),
        ready("web-a", 80),
        draining("web-a"),
        stopping("web-a"),
        stopped("web-a"),
        ended("web"),
    ];
    let rows = [
        (1, None),
        (2, some(&["web-a"])),
        (3, some(&[])),
        (4, some(&[])),
        (5, some(&[])),
        (6, None),
    ];
    for (facts, routed) in rows {
        assert_eq!(after(&life[..facts]), routed, "after {facts} facts");
    }
    assert!(
        told(&life[..3])
            .table()
            .draining
            .contains_key(&key("web-a"))
    );
    assert!(told(&life[..4]).table().draining.is_empty());
}

#[test]
fn a_slot_is_routed_to_the_highest_epoch_that_has_been_ready() {
    let (old, new) = (
        placed("web-a", slot("web", 0), 1),
        placed("web-b", slot("web", 0), 2),
    );
    let rows: [(&[Fact], _); 5] = [
        (
            &[old.clone(), ready("web-a", 80), new.clone()],
            some(&["web-a"]),
        ),
        (
            &[
                old.clone(),
                ready("web-a", 80),
                new.clone(),
                ready("web-b", 81),
            ],
            some(&["web-b"]),
        ),
        (
            &[
                old.clone(),
                new.clone(),
                ready("web-b", 81),
                ready("web-a", 80),
            ],
            some(&["web-b"]),
        ),
        (
            &[
                old.clone(),
                ready("web-a", 80),
                new.clone(),
                ready("web-b", 81),
                failed("web-b"),
            ],
            some(&["web-a"]),
        ),
        (
            &[
                old,
                ready("web-a", 80),
                new,
                ready("web-b", 81),
                draining("web-a"),
                unready("web-b"),
            ],
            some(&["web-b"]),
        ),
    ];
    for (facts, routed) in rows {
        assert_eq!(after(facts), routed, "{facts:?}");
    }
}

#[test]
fn an_unready_replica_is_left_out_unless_it_is_the_last_resort() {
    let two = [
        placed("web-a", slot("web", 0), 1),
        placed("web-b", slot("web", 1), 1),
        ready("web-a", 80),
        ready("web-b", 81),
    ];
    let rows: [(&[Fact], _); 6] = [
        (&[unready("web-a")], some(&["web-b"])),
        (&[restarted("web-a")], some(&["web-b"])),
        (
            &[unready("web-a"), unready("web-b")],
            some(&["web-a", "web-b"]),
        ),
        (
            &[unready("web-a"), unready("web-b"), ready("web-a", 80)],
            some(&["web-a"]),
        ),
        (&[failed("web-a"), unready("web-b")], some(&["web-b"])),
        (&[failed("web-a"), failed("web-b")], some(&[])),
    ];
    for (facts, routed) in rows {
        assert_eq!(after(&[&two, facts].concat()), routed, "{facts:?}");
    }
}

#[test]
fn only_the_node_of_a_replica_speaks_for_it() {
    let mut world = told(&[placed("web-a", slot("web", 0), 1), ready("web-a", 80)]);
    let before = world.table();
    for fact in [
        ready("web-a", 6666),
        unready("web-a"),
        restarted("web-a"),
        failed("web-a"),
        stopped("web-a"),
    ] {
        world.fold(&node("n2"), fact);
        assert_eq!(world.table(), before);
    }
}

#[test]
fn what_drains_comes_back_no_more() {
    let facts = [
        placed("web-a", slot("web", 0), 1),
        ready("web-a", 80),
        draining("web-a"),
        unready("web-a"),
        ready("web-a", 80),
    ];
    assert_eq!(after(&facts), some(&[]));
    assert_eq!(told(&facts).core_deadlines(), ["web-a"]);
}

#[test]
fn a_worker_without_a_port_has_no_host_but_is_let_go_all_the_same() {
    let mut facts = vec![placed("web-a", slot("web", 0), 1), ready("web-a", 80)];
    if let Fact::ReplicaReady(ready) = &mut facts[1] {
        ready.address = None;
    }
    facts.push(draining("web-a"));
    assert_eq!(after(&facts), None);
    assert!(told(&facts).table().draining.contains_key(&key("web-a")));
}

#[test]
fn the_sequence_moves_only_with_the_table() {
    let mut world = told(&[placed("web-a", slot("web", 0), 1), ready("web-a", 80)]);
    let seq = world.table().seq;
    assert_eq!(seq, world.seq);
    for (writer, fact) in [
        (node("n1"), ready("web-a", 80)),
        (node("n1"), unready("web-a")),
        (Writer::Scheduler, placed("web-b", slot("web", 1), 1)),
    ] {
        world.fold(&writer, fact);
        assert_eq!(
            world.table().seq,
            seq,
            "one replica, ready or the last resort, is the same table"
        );
    }
    world.fold(&node("n1"), ready("web-a", 99));
    assert_eq!(world.table().seq, world.seq);
}

impl World {
    fn core_deadlines(&self) -> Vec<String> {
        use gantry_decider::Core;
        self.core
            .deadlines(&self.state)
            .into_iter()
            .map(|deadline| deadline.entity.id)
            .collect()
    }
}
