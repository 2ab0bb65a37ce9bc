//! What holds of the state between any two entries' folds.

use std::collections::BTreeMap;

use gantry_events::{NodeId, ProjectName};

use crate::{Aim, Node, Project, Standing, State};

/// Something that should always hold and does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(String);

impl State {
    /// Checks what holds between any two entries' folds:
    /// every replica's node, service, slot and spec are known; a slot has one replica an epoch and
    /// none above its highest, and a replica that was given up is its newest; a steady service has
    /// shown each of its slots to work; what a project may go back to has its specs; files are kept for
    /// those alone who need them.
    pub fn check(&self) -> Result<(), Broken> {
        for (name, project) in &self.projects {
            project.check_replicas(name, &self.nodes)?;
            project.check_services(name)?;
            project.check_good(name)?;
        }
        let needed = self.needed_contents();
        match self.contents.keys().find(|digest| !needed.contains(digest)) {
            Some(digest) => Err(Broken(format!("the file {digest} is kept for nobody"))),
            None => Ok(()),
        }
    }
}

impl Project {
    fn check_replicas(
        &self,
        name: &ProjectName,
        nodes: &BTreeMap<NodeId, Node>,
    ) -> Result<(), Broken> {
        let mut filled = BTreeMap::new();
        for (id, replica) in &self.replicas {
            let broken = |what: &str| Err(Broken(format!("{name}/{id}: {what}")));
            let slot = self
                .services
                .get(&replica.slot.service)
                .and_then(|service| service.slots.get(&replica.slot.ordinal));
            if !nodes.contains_key(&replica.node) {
                return broken("its node is not known");
            }
            if !self.specs.contains_key(&replica.version.spec) {
                return broken("its spec is not known");
            }
            if slot.is_none_or(|slot| slot.epoch < replica.epoch) {
                return broken("its slot does not know its epoch");
            }
            if filled
                .insert((&replica.slot, replica.epoch), replica)
                .is_some()
            {
                return broken("another replica has its slot and epoch");
            }
        }
        let newest: BTreeMap<_, _> = filled
            .iter()
            .map(|((slot, epoch), _)| (*slot, *epoch))
            .collect();
        let stale = filled.iter().find(|((slot, epoch), replica)| {
            replica.is_failed() && newest.get(slot) != Some(epoch)
        });
        match stale {
            Some(((slot, epoch), _)) => Err(Broken(format!(
                "{name}/{}.{}: the failed replica of epoch {epoch} is kept beside a newer one",
                slot.service, slot.ordinal
            ))),
            None => Ok(()),
        }
    }

    fn check_services(&self, name: &ProjectName) -> Result<(), Broken> {
        for (id, service) in &self.services {
            let broken = |what: String| Err(Broken(format!("{name}/{id}: {what}")));
            let Aim::Run(plan) = &service.aim else {
                continue;
            };
            if !self.specs.contains_key(&plan.version.spec) {
                return broken("its spec is not known".to_owned());
            }
            if service.standing != Standing::Steady {
                continue;
            }
            let unproven = (0..plan.replicas).find(|ordinal| service.proven(*ordinal).is_none());
            if let Some(ordinal) = unproven {
                return broken(format!("it is steady, but slot {ordinal} was never ready"));
            }
        }
        Ok(())
    }

    fn check_good(&self, name: &ProjectName) -> Result<(), Broken> {
        let mut plans = self.good.iter().flat_map(|good| &good.services);
        match plans.find(|(_, plan)| !self.specs.contains_key(&plan.version.spec)) {
            Some((service, _)) => Err(Broken(format!(
                "{name}/{service}: the spec it would go back to is not known"
            ))),
            None => Ok(()),
        }
    }
}
