//! How facts about services change what is routed: the hosts they claim, and their end.

use gantry_events::{Domains, Seq, ServiceConfigured, ServiceEnded, ServiceRemoved};

use crate::fold::change;
use crate::state::{Claim, Service, State};

/// A release set the service's domains. A claim that stands stays as old as it is.
pub(crate) fn configure(state: &mut State, seq: Seq, configured: &ServiceConfigured) {
    let (project, service) = (&configured.project, &configured.service);
    let known = state
        .projects
        .get(project)
        .and_then(|content| content.services.get(service));
    let claimed = known.map_or_else(
        || configured.domains.is_empty(),
        |known| {
            claims(known).eq(configured
                .domains
                .iter()
                .map(|domain| (&domain.host, &domain.redirect)))
        },
    );
    // Most releases change no domain, and then there is nothing to compare.
    if claimed {
        return;
    }
    change(state, seq, |state| {
        let content = state.projects.entry(project.clone()).or_default();
        let service = content.services.entry(service.clone()).or_default();
        claim(service, seq, &configured.domains);
    });
}

fn claims(
    service: &Service,
) -> impl Iterator<Item = (&gantry_events::HostName, &Option<gantry_events::HostName>)> {
    service
        .domains
        .iter()
        .map(|(host, claim)| (host, &claim.redirect))
}

fn claim(service: &mut Service, seq: Seq, domains: &Domains) {
    let before = std::mem::take(&mut service.domains);
    for domain in domains {
        let since = before.get(&domain.host).map_or(seq, |claim| claim.since);
        let redirect = domain.redirect.clone();
        service
            .domains
            .insert(domain.host.clone(), Claim { since, redirect });
    }
}

/// The service should be no more: its domains are free at once, its replicas leave one by one.
pub(crate) fn remove(state: &mut State, seq: Seq, removed: &ServiceRemoved) {
    change(state, seq, |state| {
        let content = state.projects.get_mut(&removed.project);
        if let Some(service) =
            content.and_then(|content| content.services.get_mut(&removed.service))
        {
            service.domains.clear();
        }
    });
}

/// The service is no more.
pub(crate) fn end(state: &mut State, seq: Seq, ended: &ServiceEnded) {
    change(state, seq, |state| {
        let Some(content) = state.projects.get_mut(&ended.project) else {
            return;
        };
        content.home.retain(|_, name| *name != ended.service);
        content.services.remove(&ended.service);
        if content.services.is_empty() {
            state.projects.remove(&ended.project);
        }
    });
}
