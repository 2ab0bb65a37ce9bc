//! Hosts: each leads to one service.

use std::collections::BTreeMap;

use gantry_events::{Problem, ProblemCode, ProjectName, ServiceName, host_of};

use crate::service::Plan;
use crate::state::State;

/// Whose a host is.
type Owner<'a> = (&'a ProjectName, &'a ServiceName);

/// Whether no service of another project, and no other of the file, answers under a host that the file
/// names. What another project may have to go back to counts as well.
pub(crate) fn are_free(state: &State, file: &gantry_spec::Project) -> Result<(), Problem> {
    let mut hosts = taken(state, &file.name);
    for service in file.services.keys() {
        hosts.insert(host_of(&file.name, service), (&file.name, service));
    }
    for (name, service) in &file.services {
        for domain in &service.domains {
            let host = domain.host.as_str();
            let before = hosts.insert(host.to_owned(), (&file.name, name));
            if let Some(owner) = before.filter(|owner| *owner != (&file.name, name)) {
                return Err(domain_taken(host, owner));
            }
        }
    }
    Ok(())
}

/// Every host that a service of another project answers under, or may again.
fn taken<'a>(state: &'a State, but: &ProjectName) -> BTreeMap<String, Owner<'a>> {
    let mut hosts = BTreeMap::new();
    for (name, project) in state.projects.iter().filter(|(name, _)| *name != but) {
        let good = project.good.iter().flat_map(|good| &good.services);
        for (service, plan) in good.chain(project.plans()) {
            add(&mut hosts, (name, service), plan);
        }
    }
    hosts
}

fn add<'a>(hosts: &mut BTreeMap<String, Owner<'a>>, owner: Owner<'a>, plan: &Plan) {
    hosts.insert(host_of(owner.0, owner.1), owner);
    for domain in &plan.domains {
        hosts.insert(domain.host.as_str().to_owned(), owner);
    }
}

/// The host is another service's.
fn domain_taken(host: &str, (project, service): Owner<'_>) -> Problem {
    let detail = format!(
        "{host} leads to the service {service} of the project {project}; take it from there first, or use another"
    );
    Problem::new(ProblemCode::DomainTaken, detail)
}
