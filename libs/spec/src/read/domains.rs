//! The key `domains`: hosts, each of one service, and redirects that end at a host which answers.

use std::collections::BTreeMap;

use gantry_events::{Domain, Domains, HostName};

use crate::fault::{Fault, FaultCode, Faults};
use crate::foreign;
use crate::table::Table;
use crate::tree::{Content, Field};
use crate::value::{shown, text};
use crate::words;

/// The hosts of a file while it is read.
#[derive(Default)]
pub(super) struct Hosts<'t> {
    seen: BTreeMap<HostName, Seen<'t>>,
}

struct Seen<'t> {
    field: Field<'t>,
    redirect: Option<HostName>,
}

impl<'t> Hosts<'t> {
    /// The domains of one service.
    pub(super) fn read(&mut self, field: &Field<'t>, faults: &mut Faults) -> Domains {
        let Content::List(items) = &field.node.content else {
            let message = format!("a list of hosts is wanted, not {}", field.node.kind());
            let fault = field.fault(FaultCode::WrongType, message);
            faults.push(match foreign::domains(field.node) {
                Some(list) => fault.suggest(format!("write `{}`", shown(&list))),
                None => fault,
            });
            return Domains::new();
        };
        let mut domains = Domains::new();
        for (index, item) in items.iter().enumerate() {
            let field = field.item(index, item);
            let domain = domain(&field, faults);
            let domain = domain.and_then(|domain| faults.keep(self.take(field, domain)));
            domains.extend(domain);
        }
        domains
    }

    /// A host leads to one place only.
    fn take(&mut self, field: Field<'t>, domain: Domain) -> Result<Domain, Fault> {
        if let Some(first) = self.seen.get(&domain.host) {
            let line = first.field.node.spot.line;
            let message = format!(
                "{} stands here a second time, first at line {line}",
                domain.host
            );
            let fault = field.fault(FaultCode::DuplicateHost, message);
            return Err(fault.suggest("keep one of them; a host leads to one service"));
        }
        let redirect = domain.redirect.clone();
        let seen = Seen { field, redirect };
        self.seen.insert(domain.host.clone(), seen);
        Ok(domain)
    }

    /// What can be said only once all hosts are known.
    pub(super) fn judge(&self, faults: &mut Faults) {
        for (host, seen) in &self.seen {
            faults.keep(self.ends(host, seen));
            let message = format!(
                "{host} is served over plain HTTP: there are no certificates in this version"
            );
            faults.warn(seen.field.fault(FaultCode::NoCertificate, message));
        }
    }

    /// A redirect leads to a host that answers, or away from this file; so none leads in a circle.
    fn ends(&self, host: &HostName, seen: &Seen<'t>) -> Result<(), Fault> {
        let Some(to) = &seen.redirect else {
            return Ok(());
        };
        let redirect = seen.field.node.get("redirect");
        let spot = redirect.map_or(seen.field.node.spot, |node| node.spot);
        let fault = |message: String| {
            Fault::new(spot, &seen.field.pointer, FaultCode::Contradiction, message)
        };
        if to == host {
            let fault = fault(format!("{host} redirects to itself"));
            return Err(fault.suggest("name another host, or write the host alone"));
        }
        match self.seen.get(to).and_then(|next| next.redirect.as_ref()) {
            Some(on) => Err(fault(format!(
                "{host} redirects to {to}, which redirects on to {on}"
            ))
            .suggest("name the host that answers")),
            None => Ok(()),
        }
    }
}

fn domain(field: &Field, faults: &mut Faults) -> Option<Domain> {
    if !matches!(field.node.content, Content::Map(_)) {
        let host = faults.keep(own_host(field))?;
        return Some(Domain {
            host,
            redirect: None,
        });
    }
    let table = Table::open(field, &words::DOMAIN, faults)?;
    let host = table
        .require("host", faults)
        .and_then(|field| faults.keep(own_host(field)));
    let redirect = table.read("redirect", faults, host_name);
    // A redirect that cannot be read has its fault; without it the host would mean something else.
    let redirect = match (table.has("redirect"), redirect) {
        (true, None) => return None,
        (_, redirect) => redirect,
    };
    Some(Domain {
        host: host?,
        redirect,
    })
}

fn host_name(field: &Field) -> Result<HostName, Fault> {
    let written = text(field)?;
    written.parse().map_err(|error| {
        let fault = field.fault(FaultCode::BadHost, format!("{error}"));
        match foreign::host_in(written) {
            Some(host) => fault.suggest(format!("write `{host}`")),
            None => fault,
        }
    })
}

/// A host that a file may claim: not one of those by which every service answers.
fn own_host(field: &Field) -> Result<HostName, Fault> {
    let host = host_name(field)?;
    let labels: Vec<_> = host.as_str().split('.').collect();
    if let [service, project, "localhost"] = labels[..] {
        let message = format!(
            "{host} is the host by which the service {service} of the project {project} answers anyway"
        );
        let fault = field.fault(FaultCode::ReservedName, message);
        return Err(fault.suggest("remove it, or take another host"));
    }
    Ok(host)
}

/// Requests by a host need a port to go to.
pub(super) fn need_a_port(field: &Field) -> Result<(), Fault> {
    if field.node.items().is_empty() {
        return Ok(());
    }
    let fault = field.key_fault(
        FaultCode::Contradiction,
        "requests to these hosts have no port to go to",
    );
    Err(fault.suggest("write `port: 8080`, or remove `domains`"))
}
