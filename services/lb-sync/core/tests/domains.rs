//! Which service a host leads to, as facts claim and free it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod world;

use gantry_events::{Fact, Leads, Writer};
use world::*;

const HOST: &str = "shop.example.com";
const WEB: &str = "web.shop.localhost";
const API: &str = "api.shop.localhost";

fn told(facts: &[Fact]) -> World {
    let mut world = World::begun();
    for fact in facts {
        world.fold(&writer_of(fact), fact.clone());
    }
    world
}

fn leads(facts: &[Fact]) -> Option<Leads> {
    told(facts)
        .table()
        .domains
        .get(&HOST.parse().unwrap())
        .cloned()
}

fn to(host: &str) -> Option<Leads> {
    Some(Leads::Route(host.to_owned()))
}

fn away(host: &str) -> Option<Leads> {
    Some(Leads::Redirect(host.parse().unwrap()))
}

#[test]
fn a_domain_leads_to_its_service_from_its_release_to_its_removal() {
    let plain = configured("web", &[(HOST, None)]);
    let moved = configured("web", &[(HOST, Some("www.example.com"))]);
    let without = configured("web", &[]);
    let rows: [(&[Fact], Option<Leads>); 7] = [
        (&[], None),
        (std::slice::from_ref(&plain), to(WEB)),
        (&[plain.clone(), moved.clone()], away("www.example.com")),
        (&[plain.clone(), moved, plain.clone()], to(WEB)),
        (&[plain.clone(), without], None),
        (&[plain.clone(), removed("web")], None),
        (&[plain.clone(), ended("web")], None),
    ];
    for (facts, expected) in rows {
        assert_eq!(leads(facts), expected, "{facts:?}");
    }
}

#[test]
fn of_two_claims_the_older_holds_and_the_other_follows_it() {
    let (web, api) = (
        configured("web", &[(HOST, None)]),
        configured("api", &[(HOST, None)]),
    );
    let rows: [(&[Fact], Option<Leads>); 5] = [
        (&[web.clone(), api.clone()], to(WEB)),
        (&[api.clone(), web.clone()], to(API)),
        (&[web.clone(), api.clone(), web.clone()], to(WEB)),
        (&[web.clone(), api.clone(), removed("web")], to(API)),
        (&[web.clone(), api.clone(), removed("web"), web], to(API)),
    ];
    for (facts, expected) in rows {
        assert_eq!(leads(facts), expected, "{facts:?}");
    }
}

#[test]
fn claims_made_in_one_commit_are_told_apart_by_name() {
    let mut world = World::begun();
    let claims = ["web", "api"].map(|service| configured(service, &[(HOST, None)]));
    world.fold_at_once(&Writer::Scheduler, claims.to_vec());
    let held = world.table().domains[&HOST.parse().unwrap()].clone();
    assert_eq!(Some(held), to(API));
}

#[test]
fn a_host_that_is_claimed_is_known_before_its_first_replica_is() {
    let facts = [configured("web", &[(HOST, None)])];
    assert_eq!(told(&facts).routed(WEB), Some(vec![]));
    let ready = [placed("web-a", slot("web", 0), 1), ready("web-a", 80)];
    let world = told(&[&facts[..], &ready].concat());
    assert_eq!(world.routed(WEB), Some(vec!["web-a".to_owned()]));
}

#[test]
fn the_sequence_moves_only_with_what_a_host_leads_to() {
    let mut world = World::begun();
    for (fact, moves) in [
        (configured("web", &[]), false),
        (configured("web", &[(HOST, None)]), true),
        (configured("web", &[(HOST, None)]), false),
        (configured("web", &[(HOST, Some("www.example.com"))]), true),
        (removed("web"), true),
        (removed("web"), false),
    ] {
        world.fold(&writer_of(&fact), fact.clone());
        assert_eq!(world.table().seq == world.seq, moves, "{fact:?}");
    }
}
