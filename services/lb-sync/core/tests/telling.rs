//! When the balancer's word becomes a fact: at once where somebody may wait for it, else at a pace.

mod world;

use gantry_decider::Core;
use gantry_events::{LogId, Seq, TableStatus, Writer};
use gantry_lb_sync_core::{Live, Reading};
use uuid::Uuid;
use world::*;

fn one_routed() -> World {
    let mut world = World::begun();
    world.fold(&Writer::Scheduler, placed("web-a", slot("web", 0), 1));
    world.fold(&node("n1"), ready("web-a", 80));
    world.apply(&[]);
    world
}

#[test]
fn a_balancer_is_announced_before_it_is_given_a_table() {
    let mut world = World::unannounced();
    world.fold(&Writer::Scheduler, placed("web-a", slot("web", 0), 1));
    world.fold(&node("n1"), ready("web-a", 80));
    let wanted = |world: &World| world.core.wanted(&world.state, &world.observed, world.now);
    assert_eq!(wanted(&world), None);
    let said = world.say().unwrap();
    assert_eq!(
        (said.table, said.routed, said.released),
        (Seq(0), [].into(), [].into())
    );
    assert_eq!(world.next(), Default::default(), "it is announced once");
    let table = wanted(&world).unwrap();
    assert!(table.routes.contains_key("web.shop.localhost"));
}

#[test]
fn a_route_is_told_once_it_is_live() {
    let mut world = one_routed();
    let said = world.say().unwrap();
    assert_eq!(said.table, world.table().seq);
    assert_eq!(said.hosts, 1);
    assert_eq!(said.routed, [key("web-a")].into());
    assert_eq!(world.say(), None, "it is told once");
}

#[test]
fn a_release_is_told_at_once_and_the_rest_at_a_pace() {
    let mut world = one_routed();
    world.fold(&Writer::Scheduler, placed("web-b", slot("web", 0), 2));
    world.fold(&node("n1"), ready("web-b", 81));
    world.apply(&[]);
    assert!(world.say().unwrap().routed.contains(&key("web-b")));

    let drained = world.fold(&Writer::Scheduler, draining("web-a"));
    world.apply(&[]);
    assert_eq!(
        world.next().draft,
        None,
        "requests are still in flight, nobody waits for this table"
    );
    assert_eq!(world.next().wake_at, Some(at(200)));

    world.apply(&[&key("web-a")]);
    let said = world.say().unwrap();
    assert_eq!(
        (said.table, said.released),
        (drained, [key("web-a")].into())
    );

    world.fold(&Writer::Scheduler, stopping("web-a"));
    world.apply(&[]);
    assert_eq!(world.say(), None);
    world.now = at(200);
    assert_eq!(world.say().unwrap().released, [].into());
    assert_eq!(world.next(), Default::default());
}

#[test]
fn silence_and_strange_tables_say_nothing() {
    let mut world = one_routed();
    let table = world.table();
    let status = |log, seq| TableStatus {
        log,
        seq,
        released: [].into(),
        in_flight: [].into(),
    };
    assert_eq!(
        Live::of(&table, &status(LOG, Seq(1))),
        None,
        "an older table"
    );
    assert_eq!(
        Live::of(&table, &status(LogId(Uuid::nil()), table.seq)),
        None,
        "another log's"
    );
    world.read(Reading::Silent);
    assert_eq!(world.next(), Default::default());
}
