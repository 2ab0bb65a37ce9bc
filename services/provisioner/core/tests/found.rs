//! What is made of what a provider was found to have: machines that vanished, and what is left to be done.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod cast;

use cast::*;
use gantry_events::Millis;
use gantry_provisioner_core::{Aim, Deed, Found, Reading, deeds};

#[test]
fn a_machine_that_vanished_is_gone_and_another_takes_its_place() {
    let (mut stage, _) = ready(2);
    stage.reading(absent("m1"));
    assert_eq!(
        lines(&stage.settle()),
        ["machine.gone m1", "machine.requested m3"]
    );
    assert_eq!(arrive(&mut stage, &[3]), ["machine.ready m3"]);
}

#[test]
fn who_looked_before_a_machine_was_made_does_not_think_it_vanished() {
    let mut stage = stage();
    stage.command(pool("local", "local", 1));
    let before = stage.seq();
    stage.reading(seen("m1", true));
    assert_eq!(lines(&stage.settle()), ["machine.created m1"]);
    // Another instance looked in time, and hears of it only now.
    stage.restart();
    stage.pass(Millis(10)).reading(absent_as_of("m1", before));
    assert!(stage.settle().is_empty());
    let now = stage.seq();
    stage.reading(absent_as_of("m1", now));
    assert_eq!(
        lines(&stage.settle()),
        ["machine.gone m1", "machine.requested m2"]
    );
}

#[test]
fn a_machine_that_vanishes_before_it_was_said_to_be_made_is_not_made_again_under_its_name() {
    let mut stage = stage();
    stage.command(pool("local", "local", 1));
    assert_eq!(stage.wanted().machines[&m("m1")].aim, Aim::Made);
    stage.reading(seen("m1", true));
    let before = stage.seq();
    stage.reading(absent_as_of("m1", before));
    assert_eq!(stage.wanted().machines[&m("m1")].aim, Aim::Up);
    assert_eq!(lines(&stage.settle()), ["machine.created m1"]);
    stage.reading(absent("m1"));
    assert_eq!(
        lines(&stage.settle()),
        ["machine.gone m1", "machine.requested m2"]
    );
}

#[test]
fn who_looked_before_a_machine_was_to_be_removed_does_not_think_it_is() {
    let (mut stage, _) = ready(1);
    stage.command(scale("local", 0));
    drain(&mut stage, "n1");
    let before = stage.seq();
    stage.settle();
    stage.reading(absent_as_of("m1", before));
    assert!(stage.settle().is_empty());
}

#[test]
fn machines_that_vanish_again_and_again_are_replaced_later_and_later() {
    let (mut stage, _) = ready(1);
    let mut waits = Vec::new();
    for number in 1..6 {
        let id = format!("m{number}");
        stage.reading(seen(&id, true));
        stage.settle();
        stage.reading(absent(&id));
        let gone = stage.now;
        while !stage
            .state
            .machines
            .contains_key(&m(&format!("m{}", number + 1)))
        {
            stage.settle_for(Millis(500));
        }
        waits.push(stage.now.since(gone).0);
    }
    assert_eq!(waits, [500, 1000, 2000, 4000, 8000]);
}

#[test]
fn a_leaving_machine_that_vanishes_is_gone_and_not_replaced() {
    let (mut stage, _) = ready(2);
    stage.command(scale("local", 1));
    stage.reading(absent("m2"));
    assert_eq!(
        lines(&stage.settle()),
        ["machine.gone m2", "operation.succeeded"]
    );
}

#[test]
fn what_the_provider_owes_is_wanted_minus_found_both_ways() {
    let (mut stage, _) = ready(2);
    stage.command(scale("local", 3));
    let wanted = stage.wanted();
    type Row<'a> = (&'a [(&'a str, Found)], &'a [(&'a str, &'a str)]);
    let rows: [Row<'_>; 6] = [
        (
            &[("m1", Found::Running), ("m2", Found::Running)],
            &[("m3", "make")],
        ),
        (
            &[("m1", Found::Stopped), ("m3", Found::Remains)],
            &[("m1", "start"), ("m3", "make")],
        ),
        (
            &[("m2", Found::Remains), ("m3", Found::Stopped)],
            &[("m3", "make")],
        ),
        (&[("m3", Found::Running)], &[]),
        // Asked for by somebody who knows more of the log.
        (&[("m3", Found::Running), ("m4", Found::Running)], &[]),
        (&[("m3", Found::Running), ("other", Found::Running)], &[]),
    ];
    for (found, owed) in rows {
        let found = found.iter().map(|(id, found)| (m(id), *found)).collect();
        let deeds = deeds(&wanted, &found);
        let names: Vec<_> = deeds
            .iter()
            .map(|(id, deed)| (id.as_str(), deed.name()))
            .collect();
        assert_eq!(names, owed);
    }
}

#[test]
fn what_is_left_of_a_machine_that_is_final_is_removed() {
    let (mut stage, _) = ready(2);
    stage.reading(absent("m1"));
    stage.settle();
    let found = [(m("m1"), Found::Remains), (m("m2"), Found::Running)].into();
    let owed = deeds(&stage.wanted(), &found);
    assert!(owed.contains(&(m("m1"), Deed::Remove)), "{owed:?}");
}

#[test]
fn a_machine_of_a_provider_that_is_not_known_here_is_left_alone() {
    let mut stage = stage();
    pool_of_another_provider(&mut stage);
    let found = [(m("m1"), Found::Running)].into();
    assert_eq!(deeds(&stage.wanted(), &found), []);
}

#[test]
fn what_was_seen_of_a_machine_that_is_final_is_forgotten() {
    let (mut stage, _) = ready(2);
    stage.reading(absent("m1"));
    stage.settle();
    let wanted = stage.wanted().machines.into_keys().collect();
    stage.reading(Reading::Wanted(wanted));
    let seen: Vec<_> = stage.observed.machines().map(|id| id.as_str()).collect();
    assert_eq!(seen, ["m2"]);
}
