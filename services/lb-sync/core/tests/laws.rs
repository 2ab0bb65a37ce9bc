//! What holds after any facts in any order.

mod world;

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{Fact, Leads, ReplicaKey, RouteTable, Slot, Writer};
use proptest::prelude::*;
use world::*;

/// Twelve replicas: two services, two slots each, three epochs a slot.
fn replicas() -> Vec<(String, Slot, u32)> {
    let mut all = Vec::new();
    for service in ["api", "web"] {
        for ordinal in 0..2 {
            for epoch in 1..=3 {
                all.push((
                    format!("{service}-s{ordinal}e{epoch}"),
                    slot(service, ordinal),
                    epoch,
                ));
            }
        }
    }
    all
}

/// Each epoch has a node of its own.
fn fact(which: usize, kind: u8, port: u16) -> (Writer, Fact) {
    let (id, slot, epoch) = replicas().swap_remove(which);
    let on = format!("n{epoch}");
    let from_node = |fact| (node(&on), fact);
    let from_scheduler = |fact| (Writer::Scheduler, fact);
    match kind {
        0 | 1 => from_scheduler(placed_on(&on, &id, (slot, epoch))),
        2..=4 => from_node(ready(&id, port)),
        5 => from_node(unready(&id)),
        6 => from_node(restarted(&id)),
        7 => from_node(failed(&id)),
        8 => from_node(stopped(&id)),
        9 => from_scheduler(draining(&id)),
        10 => from_scheduler(stopping(&id)),
        11 => from_scheduler(ended(slot.service.as_str())),
        12 => from_scheduler(suspected(&on)),
        13 => from_scheduler(node_lost(&on)),
        14 => from_scheduler(returned(&on)),
        15 => from_scheduler(lost(&id, &on)),
        16 => from_scheduler(regained(&id, &on)),
        17 => (Writer::Provisioner, gone(&on)),
        18 => from_scheduler(configured(slot.service.as_str(), claims(port))),
        _ => from_scheduler(removed(slot.service.as_str())),
    }
}

/// Both services claim one host at times, and one is sent on at times.
fn claims(port: u16) -> &'static [(&'static str, Option<&'static str>)] {
    match port {
        80 => &[("a.example.com", None)],
        _ => &[
            ("a.example.com", Some("b.example.com")),
            ("b.example.com", None),
        ],
    }
}

fn facts() -> impl Strategy<Value = Vec<(Writer, Fact)>> {
    let one = (0..12_usize, 0..20_u8, 80..82_u16);
    prop::collection::vec(
        one.prop_map(|(which, kind, port)| fact(which, kind, port)),
        1..120,
    )
}

fn routed(table: &RouteTable) -> BTreeSet<&ReplicaKey> {
    table
        .routes
        .values()
        .flat_map(|route| route.backends.keys())
        .collect()
}

fn check(before: &RouteTable, after: &World, fact: &Fact) {
    let table = after.table();
    let slots: BTreeMap<String, Slot> = replicas()
        .into_iter()
        .map(|(id, slot, _)| (id, slot))
        .collect();
    let mut taken = BTreeSet::new();
    for key in routed(&table) {
        assert!(
            taken.insert(slots[key.replica.as_str()].clone()),
            "two are routed for a slot: {table:?}"
        );
        assert!(
            !table.draining.contains_key(key),
            "{key} is routed and drains"
        );
    }
    let is_doubt = matches!(
        fact,
        Fact::ReplicaUnready(_)
            | Fact::ReplicaRestarted(_)
            | Fact::NodeSuspected(_)
            | Fact::NodeLost(_)
            | Fact::ReplicaLost(_)
    );
    if is_doubt {
        for (host, route) in &before.routes {
            let emptied = !route.backends.is_empty() && table.routes[host].backends.is_empty();
            assert!(!emptied, "{host} went from some to none");
        }
    }
    for leads in table.domains.values() {
        if let Leads::Route(host) = leads {
            assert!(table.routes.contains_key(host), "{host} has no route");
        }
    }
    let same = (&before.routes, &before.domains, &before.draining)
        == (&table.routes, &table.domains, &table.draining);
    assert_eq!(table.seq, if same { before.seq } else { after.seq });
}

proptest! {
    #[test]
    fn never_two_for_a_slot_never_none_by_doubt_never_a_new_sequence_for_nothing(facts in facts()) {
        let mut world = World::begun();
        for (writer, fact) in &facts {
            let before = world.table();
            world.fold(writer, fact.clone());
            check(&before, &world, fact);
        }
    }

    #[test]
    fn telling_comes_to_rest(facts in facts()) {
        let mut world = World::begun();
        for (writer, fact) in &facts {
            world.fold(writer, fact.clone());
            world.apply(&[]);
            let said = world.say();
            prop_assert!(world.next().draft.is_none());
            let rests = said.is_some() || world.next().wake_at.is_none_or(|at| at > world.now);
            prop_assert!(rests);
        }
    }
}

proptest! {
    // Replaying at every cut is quadratic work.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn twice_delivered_is_once_done_and_replay_is_the_same(facts in facts()) {
        let mut once = World::begun();
        for (writer, fact) in &facts {
            once.fold(writer, fact.clone());
            let mut twice = once.clone();
            twice.fold(writer, fact.clone());
            prop_assert_eq!(&twice.state.projects, &once.state.projects);
        }
        gantry_testkit::laws::replay_is_the_same(&once.core, &once.state, &once.told);
    }
}
