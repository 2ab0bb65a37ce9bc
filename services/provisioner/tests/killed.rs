//! The saga killed before and after every append and every call of its provider, by enumeration, on a
//! pretended provider: whoever comes after goes on as if nothing had happened.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod fuse;
mod others;
mod pretend;

use fuse::Fuse;
use gantry_bus::ControlKey;
use gantry_events::{CreatePool, Intent, LogId, RemovePool, ScalePool};
use others::{Others, Wish};
use pretend::World;
use uuid::Uuid;

const LOG: LogId = LogId(Uuid::from_u128(7));

/// A pool is made, grows, shrinks, loses a machine, and goes.
fn wishes() -> Vec<Wish> {
    let scale = |size| {
        let pool = "local".parse().unwrap();
        Wish::Ask(Intent::ScalePool(ScalePool { pool, size }))
    };
    vec![
        Wish::Ask(Intent::CreatePool(CreatePool {
            pool: "local".parse().unwrap(),
            provider: "local".to_owned(),
            size: 1,
            labels: Default::default(),
        })),
        scale(3),
        scale(2),
        Wish::Vanish("m1".parse().unwrap()),
        Wish::Ask(Intent::RemovePool(RemovePool {
            pool: "local".parse().unwrap(),
        })),
    ]
}

fn world(fuse: Fuse) -> World {
    let key = || ControlKey::new([3; 32]);
    World::new(LOG, key(), Others::new(LOG, key(), wishes()), fuse)
}

/// What the provisioner said, in no order: a restart may have it say two things the other way round.
fn said(world: &World) -> Vec<&'static str> {
    let mut said = world.others.said.clone();
    said.sort_unstable();
    said
}

#[test]
fn killed_at_any_point_it_says_the_same_and_neither_leaks_nor_doubles() {
    let mut clean = world(Fuse::default());
    clean.live().unwrap();
    let (points, expected) = (clean.fuse.passed(), said(&clean));
    assert!(points.len() > 100, "{} points", points.len());
    for (number, point) in points.iter().enumerate() {
        let mut world = world(Fuse::at(number));
        assert!(world.live().is_err(), "{number}: {point} is passed again");
        world.fuse.replace();
        world.live().unwrap();
        assert_eq!(said(&world), expected, "killed at {number}: {point}");
        assert!(world.provider.is_empty(), "killed at {number}: {point}");
        let doubled = world.provider.made.iter().find(|(_, times)| **times > 1);
        assert_eq!(doubled, None, "killed at {number}: {point}");
    }
}
