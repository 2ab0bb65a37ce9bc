//! Services as the scheduler tells of them: how each may change, and whether it keeps to that.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{
    Commit, Digest, Event, Fact, OperationId, ProjectName, ReplicaDraining, ReplicaId, ReplicaKey,
    ReplicaPlaced, RetireReason, RolloutPolicy, Scope, ServiceConfigured, ServiceName,
};

use super::Word;
use super::nodes::Nodes;
use super::places::Places;
use super::slots::{Copy, Slots, Stage};
use crate::checks::Broken;

type Name = (ProjectName, ServiceName);

/// Where replicas run: nodes, and which service may be on which.
type Ground<'a> = (&'a Nodes, &'a Places);

/// What a service should be, and what its change has done so far.
#[derive(Debug)]
struct Aim {
    spec: Digest,
    round: u32,
    /// The round of its project's last success: the way back leads there.
    good_round: u32,
    replicas: u32,
    policy: RolloutPolicy,
    /// Slots that made way since the change began, and are not filled again.
    without: BTreeSet<u32>,
    /// New replicas beside old ones since the change began.
    beside: BTreeSet<ReplicaKey>,
}

/// All services.
#[derive(Debug, Default)]
pub struct Services {
    aims: BTreeMap<Name, Aim>,
    restarts: BTreeMap<OperationId, (Name, u32)>,
}

impl Services {
    pub(super) fn take(&mut self, word: &Word<'_>, slots: &Slots) -> Result<(), Broken> {
        match word.fact {
            Fact::ServiceConfigured(f) => self.configure(f, goes_back(word.commit)),
            Fact::ServiceScaled(f) => {
                self.change(&f.project, &f.service, |aim| aim.replicas = f.replicas);
            }
            Fact::ServiceRestarted(f) => {
                self.change(&f.project, &f.service, |aim| aim.round = f.round);
                if let Some(operation) = word.commit.operation {
                    let name = (f.project.clone(), f.service.clone());
                    self.restarts.insert(operation, (name, f.round));
                }
            }
            Fact::ServiceRemoved(f) => self.change(&f.project, &f.service, |aim| aim.replicas = 0),
            Fact::ServiceEnded(f) => {
                self.aims.remove(&(f.project.clone(), f.service.clone()));
            }
            Fact::RolloutStarted(f) => self.change(&f.project, &f.service, |aim| {
                aim.without.clear();
                aim.beside.clear();
            }),
            Fact::ReplicaPlaced(f) => self.place(f, slots),
            Fact::OperationSucceeded(f) => {
                self.settle(&f.scope);
                return self.check_restart(f.operation, slots);
            }
            // foreign: the rest tells nothing of what services should be
            _ => {}
        }
        Ok(())
    }

    /// What a whole commit did to services is as their policies allow.
    pub(super) fn check_commit(
        &mut self,
        commit: &Commit,
        slots: &Slots,
        ground: Ground<'_>,
    ) -> Result<(), Broken> {
        for event in &commit.events {
            match &event.fact {
                Fact::ReplicaDraining(draining) => {
                    self.check_drain(commit, draining, slots, ground)?;
                }
                Fact::ReplicaPlaced(placed) => self.check_surge(placed, slots)?,
                // foreign: nothing else starts or takes away
                _ => {}
            }
        }
        Ok(())
    }

    fn settle(&mut self, scope: &Scope) {
        for ((project, _), aim) in &mut self.aims {
            if *scope == Scope::Project(project.clone()) {
                aim.good_round = aim.round;
            }
        }
    }

    fn configure(&mut self, said: &ServiceConfigured, goes_back: bool) {
        let name = (said.project.clone(), said.service.clone());
        let before = self.aims.remove(&name);
        let rounds = before.map_or((0, 0), |aim| (aim.round, aim.good_round));
        let aim = Aim {
            spec: said.spec,
            round: if goes_back { rounds.1 } else { rounds.0 },
            good_round: rounds.1,
            replicas: said.replicas,
            policy: said.rollout.clone(),
            without: BTreeSet::new(),
            beside: BTreeSet::new(),
        };
        self.aims.insert(name, aim);
    }

    fn place(&mut self, placed: &ReplicaPlaced, slots: &Slots) {
        let slot = &placed.slot;
        let mut others = slots.of(&placed.project, &slot.service);
        let is_beside = others.any(|(_, copy)| copy.slot == *slot && copy.holds());
        let key = key(&placed.project, &placed.replica);
        self.change(&placed.project, &slot.service, |aim| {
            if is_beside {
                aim.beside.insert(key);
            }
        });
    }

    /// New replicas stand beside old ones in as many slots as the policy says; where nothing changes, and
    /// a node is emptied, in one. One whose old one was lost or failed meanwhile takes its place, and counts no
    /// more.
    fn check_surge(&mut self, placed: &ReplicaPlaced, slots: &Slots) -> Result<(), Broken> {
        let name = (placed.project.clone(), placed.slot.service.clone());
        let Some(aim) = self.aims.get_mut(&name) else {
            return Ok(());
        };
        aim.beside.retain(|key| is_beside(key, slots));
        let (most, count) = (aim.policy.surge.max(1) as usize, aim.beside.len());
        if count <= most {
            return Ok(());
        }
        Err(Broken(format!(
            "{}/{} has {count} new replicas beside old ones, and may have {most}",
            name.0, name.1
        )))
    }

    fn check_drain(
        &mut self,
        commit: &Commit,
        said: &ReplicaDraining,
        slots: &Slots,
        ground: Ground<'_>,
    ) -> Result<(), Broken> {
        let key = key(&said.project, &said.replica);
        let Some(slot) = slots.slot(&key) else {
            return Ok(());
        };
        let name = (said.project.clone(), slot.service.clone());
        let Some(aim) = self.aims.get_mut(&name) else {
            return Ok(());
        };
        // What serves nothing may make way beyond that: nothing is lost by it.
        let serves = slots.copy(&key).is_some_and(|copy| {
            !copy.doubtful && copy.ready.is_some_and(|ready| ready <= commit.as_of)
        });
        if said.why == RetireReason::MakesWay && serves {
            let answers = |ordinal: &u32| {
                let mut copies = slots.of(&name.0, &name.1);
                copies.any(|(_, one)| one.slot.ordinal == *ordinal && one.stage == Stage::Ready)
            };
            aim.without.retain(|ordinal| !answers(ordinal));
            aim.without.insert(slot.ordinal);
            let (count, most) = (aim.without.len(), aim.policy.unavailable as usize);
            if count > most {
                return Err(Broken(format!(
                    "{count} slots of {}/{} made way, and {most} may",
                    name.0, name.1
                )));
            }
        }
        check_need(commit, said, aim, slots, ground)
    }

    fn check_restart(&self, operation: OperationId, slots: &Slots) -> Result<(), Broken> {
        let Some(((project, service), round)) = self.restarts.get(&operation) else {
            return Ok(());
        };
        let mut copies = slots.of(project, service);
        let old = copies.find(|(_, copy)| copy.holds() && copy.round < *round && !copy.doubtful);
        match old {
            Some((key, _)) => Err(Broken(format!(
                "{project}/{service} was restarted, and {key} runs as before"
            ))),
            None => Ok(()),
        }
    }

    fn change(
        &mut self,
        project: &ProjectName,
        service: &ServiceName,
        change: impl FnOnce(&mut Aim),
    ) {
        let name = (project.clone(), service.clone());
        if let Some(aim) = self.aims.get_mut(&name) {
            change(aim);
        }
    }
}

/// Whether the replica is coming while an older one fills its slot.
fn is_beside(key: &ReplicaKey, slots: &Slots) -> bool {
    let coming = |copy: &&Copy| copy.stage == Stage::Coming && !copy.lost;
    slots.copy(key).filter(coming).is_some_and(|copy| {
        let mut others = slots.of(&key.project, &copy.slot.service);
        others.any(|(_, old)| old.slot == copy.slot && old.placed < copy.placed && old.holds())
    })
}

/// Whether the commit takes a release back that failed.
fn goes_back(commit: &Commit) -> bool {
    let fails = |event: &Event| matches!(event.fact, Fact::RolloutFailed(_));
    commit.events.iter().any(fails)
}

/// What runs as it should, where it may, is not taken away, unless another of its kind took its place.
fn check_need(
    commit: &Commit,
    said: &ReplicaDraining,
    aim: &Aim,
    slots: &Slots,
    (nodes, places): Ground<'_>,
) -> Result<(), Broken> {
    let key = key(&said.project, &said.replica);
    let Some(copy) = slots.copy(&key) else {
        return Ok(());
    };
    let heir = match &said.why {
        RetireReason::Replaced { by } => slots.copy(&self::key(&said.project, by)),
        RetireReason::Abandoned | RetireReason::MakesWay => None,
        RetireReason::ScaledDown | RetireReason::Removed | RetireReason::Returned => return Ok(()),
    };
    let is_right = |spec: Digest, round: u32| (spec, round) == (aim.spec, aim.round);
    let is_needed = is_right(copy.spec, copy.round)
        && copy.ready.is_some_and(|ready| ready <= commit.as_of)
        && copy.slot.ordinal < aim.replicas
        && !copy.doubtful
        && nodes.takes(&copy.node)
        && places.allow(
            &(key.project.clone(), copy.slot.service.clone()),
            &copy.node,
        );
    let is_succeeded = heir.is_some_and(|heir| is_right(heir.spec, heir.round));
    if is_needed && !is_succeeded {
        return Err(Broken(format!(
            "{key} runs what it should, and is taken away: {:?}",
            said.why
        )));
    }
    Ok(())
}

fn key(project: &ProjectName, replica: &ReplicaId) -> ReplicaKey {
    ReplicaKey {
        project: project.clone(),
        replica: replica.clone(),
    }
}
