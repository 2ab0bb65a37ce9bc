//! Hosts as the log tells of them: each leads to one service.

use std::collections::BTreeMap;

use gantry_events::{Domains, Fact, HostName, ProjectName, ServiceName};

use super::Word;
use crate::checks::Broken;

type Name = (ProjectName, ServiceName);

/// The domains of all services.
#[derive(Debug, Default)]
pub struct Hosts(BTreeMap<Name, Domains>);

impl Hosts {
    pub(super) fn take(&mut self, word: &Word<'_>) {
        match word.fact {
            Fact::ServiceConfigured(f) => {
                let name = (f.project.clone(), f.service.clone());
                self.0.insert(name, f.domains.clone());
            }
            Fact::ServiceRemoved(f) => drop(self.0.remove(&(f.project.clone(), f.service.clone()))),
            // foreign: the rest tells nothing of hosts
            _ => {}
        }
    }

    /// After a whole commit, which may give a host from one service to another.
    pub(super) fn check(&self) -> Result<(), Broken> {
        let mut owners: BTreeMap<&HostName, &Name> = BTreeMap::new();
        for (name, domains) in &self.0 {
            for domain in domains {
                if let Some(other) = owners.insert(&domain.host, name) {
                    return Err(Broken(format!(
                        "{} leads to {}/{} and to {}/{}",
                        domain.host, other.0, other.1, name.0, name.1
                    )));
                }
            }
        }
        Ok(())
    }
}
