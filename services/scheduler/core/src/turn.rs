//! Whose turn it is: the slots of a changing service that are worked at now, and how.
//!
//! A change works at the first few slots that are not done, as many as its policy lets be doubled or
//! missing at once. Those that serve nothing come first: nothing is lost by replacing them. A slot is
//! doubled (start-first) while the policy has a surplus left, else it makes way (stop-first).

use std::collections::BTreeMap;

use gantry_events::RolloutPolicy;

use crate::replica::Replica;
use crate::rollout::{Member, Rollout};

/// How a slot is worked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is empty.
    Fill,
    /// The new replica comes first, beside the old one.
    StartFirst,
    /// The old replica leaves first.
    StopFirst,
}

/// How far a change is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Course {
    /// Slots that are as they should be.
    pub done: u32,
    /// The lowest that is not.
    pub open: Option<u32>,
    /// Slots whose turn it is, as far as there is something to do about them.
    pub turns: BTreeMap<u32, Turn>,
}

pub(crate) fn course(rollout: &Rollout<'_>) -> Course {
    let Some(plan) = rollout.service.plan() else {
        return Course::default();
    };
    let slots: Vec<SlotLook> = (0..plan.replicas)
        .map(|ordinal| look(rollout, ordinal))
        .collect();
    let open: Vec<&SlotLook> = slots.iter().filter(|slot| !slot.is_done).collect();
    let lowest = open.first().map(|slot| slot.ordinal);
    let done = slots.len() - open.len();
    Course {
        done: u32::try_from(done).unwrap_or(u32::MAX),
        open: lowest,
        turns: turns(&plan.rollout, &slots, open),
    }
}

/// Whether a change came back to what still runs in the slot beside this newer replica: that stays, and
/// this is waited for no more.
pub(crate) fn is_overruled(rollout: &Rollout<'_>, replica: &Replica) -> bool {
    let mut slot = rollout.slot(replica.slot.ordinal).iter();
    let stays = |(_, older): &Member<'_>| {
        older.epoch < replica.epoch && older.is_ready() && rollout.is_right(older)
    };
    rollout.is_changing() && !rollout.is_right(replica) && slot.any(stays)
}

/// What matters of a slot here.
struct SlotLook {
    ordinal: u32,
    is_done: bool,
    /// Whether a replica of it answers.
    serves: bool,
    /// Whether traffic reaches one that does.
    is_reached: bool,
    /// Replicas that may fill it.
    holders: u32,
    /// Whether the newest of them is what it should be.
    is_right: bool,
}

fn look(rollout: &Rollout<'_>, ordinal: u32) -> SlotLook {
    let members = rollout.slot(ordinal).iter().copied();
    let holders: Vec<_> = members.filter(|(_, it)| rollout.may_hold(it)).collect();
    let ready = || holders.iter().filter(|(_, replica)| replica.is_ready());
    SlotLook {
        ordinal,
        is_done: rollout.is_done(ordinal),
        serves: ready().next().is_some(),
        is_reached: ready().any(|member| rollout.is_reachable(*member)),
        holders: u32::try_from(holders.len()).unwrap_or(u32::MAX),
        is_right: holders.last().is_some_and(|(_, it)| rollout.is_right(it)),
    }
}

fn turns(
    policy: &RolloutPolicy,
    slots: &[SlotLook],
    mut open: Vec<&SlotLook>,
) -> BTreeMap<u32, Turn> {
    // A policy that allows neither would never come to an end.
    let surge = if policy.unavailable == 0 {
        policy.surge.max(1)
    } else {
        policy.surge
    };
    let doubled: u32 = slots
        .iter()
        .map(|slot| slot.holders.saturating_sub(1))
        .sum();
    let missing = slots.iter().filter(|slot| !slot.is_reached).count();
    let mut surplus = surge.saturating_sub(doubled);
    let mut spare = policy
        .unavailable
        .saturating_sub(u32::try_from(missing).unwrap_or(u32::MAX));
    open.sort_by_key(|slot| (slot.serves, slot.ordinal));
    let at_once = usize::try_from(surge.saturating_add(policy.unavailable)).unwrap_or(usize::MAX);
    let mut turn = |slot: &SlotLook| {
        if slot.holders == 0 {
            return Some(Turn::Fill);
        }
        if slot.is_right {
            return None;
        }
        if surplus > 0 {
            // A slot that an earlier change has doubled comes to one replica first.
            if slot.holders > 1 {
                return None;
            }
            surplus -= 1;
            return Some(Turn::StartFirst);
        }
        if slot.serves {
            spare = spare.checked_sub(1)?;
        }
        Some(Turn::StopFirst)
    };
    let at_work = open.into_iter().take(at_once);
    at_work
        .filter_map(|slot| Some((slot.ordinal, turn(slot)?)))
        .collect()
}
