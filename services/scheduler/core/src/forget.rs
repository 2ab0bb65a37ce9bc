//! What is forgotten once nothing needs it any more, so that the state grows with what runs and not
//! with what has run.

use std::collections::BTreeSet;

use gantry_events::{Digest, ReplicaId, ServiceName};

use crate::Replica;
use crate::project::Project;

impl Project {
    /// Forgets a replica that is no more.
    pub(crate) fn forget(&mut self, replica: &ReplicaId) {
        if let Some(replica) = self.replicas.remove(replica) {
            self.forget_slots(&replica.slot.service);
            self.forget_specs();
        }
    }

    /// Forgets failed replicas whose slot has a newer one.
    pub(crate) fn forget_stale_failures(&mut self) {
        let stale: Vec<ReplicaId> = self
            .replicas
            .iter()
            .filter(|(_, old)| {
                old.is_failed()
                    && self
                        .replicas
                        .values()
                        .any(|other| other.slot == old.slot && other.epoch > old.epoch)
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in stale {
            self.replicas.remove(&id);
        }
    }

    /// Forgets slots of the service that it should not have and that are empty, and that those fit
    /// nowhere.
    pub(crate) fn forget_slots(&mut self, service: &ServiceName) {
        let Some(aimed) = self.services.get_mut(service) else {
            return;
        };
        let wanted = aimed.replicas();
        aimed.unplaced.take_if(|gap| gap.ordinal >= wanted);
        let of_service = |replica: &Replica| replica.slot.service == *service;
        self.replicas.retain(|_, replica| {
            !(of_service(replica) && replica.is_failed() && replica.slot.ordinal >= wanted)
        });
        let filled: BTreeSet<u32> = self
            .replicas
            .values()
            .filter(|replica| of_service(replica))
            .map(|replica| replica.slot.ordinal)
            .collect();
        let floor = &mut self.epoch_floor;
        aimed.slots.retain(|ordinal, slot| {
            let stays = *ordinal < wanted || filled.contains(ordinal);
            if !stays {
                *floor = (*floor).max(slot.epoch);
            }
            stays
        });
    }

    /// Forgets specs that nothing names any more.
    pub(crate) fn forget_specs(&mut self) {
        let of_services = self.services.values().flat_map(|service| {
            let proven = service
                .slots
                .values()
                .filter_map(|slot| slot.proven.as_ref());
            service
                .version()
                .into_iter()
                .chain(proven)
                .map(|version| version.spec)
        });
        let of_replicas = self.replicas.values().map(|replica| replica.version.spec);
        let good = self.good.iter().flat_map(|good| good.services.values());
        let of_good = good.map(|plan| plan.version.spec);
        let named: BTreeSet<Digest> = of_services.chain(of_replicas).chain(of_good).collect();
        self.specs.retain(|digest, _| named.contains(digest));
    }
}
