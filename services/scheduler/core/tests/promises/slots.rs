//! How many replicas a slot has, and how many slots a change may double or leave without one at once.

use std::collections::BTreeMap;

use gantry_events::*;
use gantry_scheduler_core::{Project, Replica, Service, Standing};

use crate::watch::Step;

type Slots<'a> = BTreeMap<u32, Vec<(&'a ReplicaId, &'a Replica)>>;

pub fn check(step: &Step<'_>) {
    for (name, project) in &step.after.projects {
        for (id, service) in &project.services {
            let slots = slots(project, id);
            no_slot_is_filled_by_more_than_two(step, (name, id), &slots);
            no_more_are_doubled_than_the_policy_lets(step, (name, id, service), &slots);
            no_more_are_taken_away_than_the_policy_lets(step, (name, id, service), &slots);
        }
    }
}

/// Replicas that stay, by slot, in the order of their epochs.
fn slots<'a>(project: &'a Project, service: &ServiceName) -> Slots<'a> {
    let mut slots: Slots<'_> = BTreeMap::new();
    let of_service = project
        .replicas
        .iter()
        .filter(|(_, it)| it.slot.service == *service);
    for (id, replica) in of_service.filter(|(_, it)| it.is_holder()) {
        slots
            .entry(replica.slot.ordinal)
            .or_default()
            .push((id, replica));
    }
    for slot in slots.values_mut() {
        slot.sort_by_key(|(_, replica)| replica.epoch);
    }
    slots
}

/// What is placed joins one other at most. Only those that return with their node may be further ones.
fn no_slot_is_filled_by_more_than_two(
    step: &Step<'_>,
    service: (&ProjectName, &ServiceName),
    slots: &Slots<'_>,
) {
    for fact in step.facts {
        if let Fact::ReplicaPlaced(it) = fact
            && (&it.project, &it.slot.service) == service
        {
            let slot = &slots[&it.slot.ordinal];
            assert!(
                slot.len() <= 2,
                "slot {} is filled by {slot:?}",
                it.slot.ordinal
            );
        }
    }
}

fn no_more_are_doubled_than_the_policy_lets(
    step: &Step<'_>,
    (project, id, service): (&ProjectName, &ServiceName, &Service),
    slots: &Slots<'_>,
) {
    let doubles = |fact: &&Fact| match fact {
        Fact::ReplicaPlaced(it) => {
            let slot = slots.get(&it.slot.ordinal);
            (&it.project, &it.slot.service) == (project, id) && slot.is_some_and(|it| it.len() > 1)
        }
        _ => false,
    };
    if !step.facts.iter().any(doubles) {
        return;
    }
    let policy = service.policy();
    let most = match service.standing {
        Standing::Changing { .. } if policy.unavailable == 0 => policy.surge.max(1),
        Standing::Changing { .. } => policy.surge,
        Standing::Steady | Standing::GaveUp => 1,
    };
    let doubled: usize = slots.values().map(|slot| slot.len() - 1).sum();
    assert!(
        doubled <= usize::try_from(most).unwrap(),
        "{doubled} slots of {id} are doubled by {:?}, {most} may be: {slots:?}",
        step.facts
    );
}

fn no_more_are_taken_away_than_the_policy_lets(
    step: &Step<'_>,
    (project, id, service): (&ProjectName, &ServiceName, &Service),
    slots: &Slots<'_>,
) {
    let is_changing = matches!(service.standing, Standing::Changing { .. });
    let serves = |replica: &ReplicaId| {
        let key = ReplicaKey {
            project: project.clone(),
            replica: replica.clone(),
        };
        step.routes(&key)
    };
    // Outside of a change a table that lacks the old replica has the new one.
    let is_served = |ordinal: u32| {
        slots.get(&ordinal).is_some_and(|slot| {
            slot.iter()
                .any(|(id, it)| it.is_ready() && (!is_changing || serves(id)))
        })
    };
    let takes = |fact: &&&Fact| match fact {
        Fact::ReplicaDraining(it) if it.project == *project => {
            let before = step.before.projects[project].replicas.get(&it.replica);
            before.is_some_and(|replica| {
                replica.slot.service == *id
                    && replica.slot.ordinal < service.replicas()
                    && replica.is_ready()
                    && serves(&it.replica)
                    && !is_served(replica.slot.ordinal)
            })
        }
        _ => false,
    };
    let taken: Vec<_> = step.facts.iter().filter(takes).collect();
    if taken.is_empty() {
        return;
    }
    let missing = (0..service.replicas()).filter(|it| !is_served(*it)).count();
    let most = service.policy().unavailable;
    assert!(
        missing <= usize::try_from(most).unwrap(),
        "{missing} slots of {id} are without a replica that serves by {taken:?}, {most} may be: {slots:?}"
    );
}
