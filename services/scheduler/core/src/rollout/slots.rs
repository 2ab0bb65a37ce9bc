//! What each slot of a service lacks, and which of its replicas should leave.

use gantry_events::{ReplicaId, RetireReason};

use super::{Member, Rollout};
use crate::misplaced;
use crate::replica::Replica;
use crate::returned;
use crate::service::{Standing, Version};
use crate::turn::Turn;

/// A slot that should be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fill {
    pub ordinal: u32,
    pub version: Version,
}

impl<'a> Rollout<'a> {
    /// Slots that should be filled, whether or not it is time to do so.
    pub fn fills(&self) -> Vec<Fill> {
        let Some(aim) = self.service.version() else {
            return Vec::new();
        };
        let moving = misplaced::moving(self);
        let fill = |ordinal| {
            let version = self.version_for(ordinal, aim, moving == Some(ordinal))?;
            Some(Fill {
                ordinal,
                version: version.clone(),
            })
        };
        (0..self.service.replicas()).filter_map(fill).collect()
    }

    /// What the slot lacks, if it lacks something. An empty slot whose turn has not come is healed with
    /// what is known to work there.
    fn version_for(&self, ordinal: u32, aim: &'a Version, moves: bool) -> Option<&'a Version> {
        let makes_way =
            |(_, replica): &Member<'_>| replica.leaves() == Some(&RetireReason::MakesWay);
        if self.slot(ordinal).iter().any(makes_way) || returned::is_refilled(self, ordinal) {
            return None;
        }
        let proven = self.service.proven(ordinal);
        let turn = self.course.turns.get(&ordinal);
        match (&self.service.standing, self.newest(ordinal)) {
            (Standing::Steady, None) => Some(aim),
            (Standing::GaveUp, None) => proven,
            (Standing::Changing { .. }, None) if turn.is_some() => Some(aim),
            (Standing::Changing { .. }, None) => proven.or(Some(aim)),
            (Standing::Changing { .. }, Some(_)) => {
                (turn == Some(&Turn::StartFirst)).then_some(aim)
            }
            (Standing::Steady | Standing::GaveUp, Some((_, newest))) => {
                moves.then_some(&newest.version)
            }
        }
    }

    /// Replicas that should leave, and why.
    pub fn leavers(&self) -> Vec<(&'a ReplicaId, RetireReason)> {
        let wanted = self.service.replicas();
        let beyond = match self.service.plan() {
            Some(_) => RetireReason::ScaledDown,
            None => RetireReason::Removed,
        };
        let leavers = |(ordinal, slot): (&u32, &Vec<Member<'a>>)| -> Vec<_> {
            let mut leavers = returned::leavers(self, *ordinal);
            if *ordinal < wanted {
                leavers.extend(self.outdone(*ordinal));
                return leavers;
            }
            let holders = slot.iter().filter(|(_, replica)| replica.is_holder());
            leavers.extend(holders.map(|(id, _)| (*id, beyond.clone())));
            leavers
        };
        self.slots.iter().flat_map(leavers).collect()
    }

    /// Replicas of one slot that a newer one has replaced, that make way for one, or that nobody waits
    /// for any more.
    fn outdone(&self, ordinal: u32) -> Vec<(&'a ReplicaId, RetireReason)> {
        // One that leaves itself takes no other's place.
        let mut newest_first = self.slot(ordinal).iter().rev();
        let newest_ready =
            newest_first.find(|(_, replica)| replica.is_ready() && self.may_hold(replica));
        // The order of the log alone keeps traffic flowing: a table that lacks the old one has the new
        // one. Waiting for the new route guards a change; nothing else has a deadline to wait with.
        let heir = newest_ready.filter(|heir| !self.is_changing() || self.is_reachable(**heir));
        let makes_way = self.course.turns.get(&ordinal) == Some(&Turn::StopFirst);
        let reason = |replica: &Replica| {
            if !self.may_hold(replica) {
                return Some(RetireReason::Abandoned);
            }
            heir.filter(|(_, heir)| replica.epoch < heir.epoch)
                .map(|(by, _)| RetireReason::Replaced { by: (*by).clone() })
                .or_else(|| makes_way.then_some(RetireReason::MakesWay))
        };
        self.slot(ordinal)
            .iter()
            .filter(|(_, replica)| replica.is_holder())
            .filter_map(|(id, replica)| Some((*id, reason(replica)?)))
            .collect()
    }
}
