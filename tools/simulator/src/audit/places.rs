//! Where replicas may run, as the log tells of it: nodes with the labels that their service requires, and no
//! more of them on one node than it allows.

use std::collections::BTreeMap;

use gantry_events::{Fact, NodeId, PlacePolicy, ProjectName, ReplicaPlaced, ServiceName};

use super::Word;
use super::slots::Slots;
use crate::checks::Broken;

type Name = (ProjectName, ServiceName);

/// All nodes with their labels, all services with their wishes.
#[derive(Debug, Default)]
pub struct Places {
    labels: BTreeMap<NodeId, BTreeMap<String, String>>,
    wishes: BTreeMap<Name, PlacePolicy>,
}

impl Places {
    /// The slots are those before this fact.
    pub(super) fn take(&mut self, word: &Word<'_>, slots: &Slots) -> Result<(), Broken> {
        match word.fact {
            Fact::MachineRequested(f) => {
                self.labels.insert(f.node.clone(), f.labels.clone());
            }
            Fact::ServiceConfigured(f) => {
                let name = (f.project.clone(), f.service.clone());
                self.wishes.insert(name, f.place.clone());
            }
            Fact::ReplicaPlaced(f) => return self.check(f, slots),
            // foreign: the rest tells nothing of where replicas may run
            _ => {}
        }
        Ok(())
    }

    /// Whether the node has the labels that the service requires.
    pub(super) fn allow(&self, service: &Name, node: &NodeId) -> bool {
        let wish = self.wishes.get(service);
        wish.is_none_or(|wish| self.lacking(wish, node).is_none())
    }

    /// A label that is required and that the node does not have.
    fn lacking<'a>(
        &self,
        wish: &'a PlacePolicy,
        node: &NodeId,
    ) -> Option<(&'a String, &'a String)> {
        let labels = self.labels.get(node);
        let mut required = wish.require.iter();
        required.find(|(label, value)| labels.and_then(|of| of.get(*label)) != Some(*value))
    }

    fn check(&self, placed: &ReplicaPlaced, slots: &Slots) -> Result<(), Broken> {
        let (project, service) = (&placed.project, &placed.slot.service);
        let Some(wish) = self.wishes.get(&(project.clone(), service.clone())) else {
            return Ok(());
        };
        if let Some((label, value)) = self.lacking(wish, &placed.node) {
            return Err(Broken(format!(
                "{} is placed on {}, which is not {label}={value}",
                placed.replica, placed.node
            )));
        }
        // The old replica of the same slot makes way for the new one.
        let others = slots.of(project, service).filter(|(_, copy)| {
            copy.node == placed.node && copy.slot != placed.slot && copy.holds()
        });
        let (count, most) = (others.count() as u32 + 1, wish.per_node.unwrap_or(u32::MAX));
        if count <= most {
            return Ok(());
        }
        Err(Broken(format!(
            "{} makes {count} of {project}/{service} on {}, and {most} may be there",
            placed.replica, placed.node
        )))
    }
}
