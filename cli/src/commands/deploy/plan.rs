//! `Plan`: what a deploy or a rollback changes: shown, asked about, and what is said when it is done.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{ProjectName, ServiceName, host_of};
use gantry_rest::{Client, ReadAt, ServiceAnswer};
use gantry_spec::{Change, Project, Turnover, diff, turnover};

use crate::args::Ingress;
use crate::context::{Context, answered};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::Done;
use crate::output::{Answer, Tone, cut, plain};
use crate::tale::{Count, Goal};

/// Most characters of a value that are shown where nothing limits the width.
const LONGEST: usize = 160;

/// What a change of a project rests on, and what differs.
#[derive(Debug)]
pub struct Plan {
    /// What the project should be.
    pub project: Project,
    /// The services there are; none when the project is new.
    before: BTreeMap<ServiceName, ServiceAnswer>,
    changes: Vec<Change>,
    turnover: BTreeMap<ServiceName, Turnover>,
}

/// The services that are there to stay.
///
/// # Errors
/// Those of the read; that there is no such project yet is none.
pub async fn services(
    client: &Client,
    project: &ProjectName,
) -> Result<BTreeMap<ServiceName, ServiceAnswer>, Failure> {
    let list = match answered(client.services(project, &ReadAt::default())).await {
        Err(failure) if failure.is_not_found() => return Ok(BTreeMap::new()),
        list => list?,
    };
    let services = list.items.into_iter();
    let stay = services.filter(|service| service.status.state.is_wanted());
    Ok(stay.map(|service| (service.id.clone(), service)).collect())
}

/// What differs, and how many replicas that touches, in lines of at most this width.
pub fn difference(
    width: Option<usize>,
    changes: &[Change],
    turnover: &BTreeMap<ServiceName, Turnover>,
) -> Vec<(Tone, String)> {
    let most = width.unwrap_or(LONGEST);
    let mut all = Vec::new();
    for change in changes {
        let tone = match change {
            Change::Add { .. } => Tone::Good,
            Change::Remove { .. } => Tone::Bad,
            Change::Change { .. } => Tone::Wait,
        };
        let touched = turnover.get(change.service()).copied().unwrap_or_default();
        let text = change.to_string();
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        all.push((tone, cut(&format!("  {first:<24} {touched}"), most)));
        let rest = lines.map(|line| cut(&format!("  {}", plain(line)), most));
        all.extend(rest.map(|line| (Tone::Plain, line)));
    }
    all
}

impl Plan {
    /// What it takes to come from these services to that project. Scaling counts, so that a deploy sets
    /// what its file says.
    pub fn of(project: Project, before: BTreeMap<ServiceName, ServiceAnswer>) -> Self {
        let specs = before.iter();
        let specs = specs.filter_map(|(id, service)| Some((id.clone(), service.spec.clone()?)));
        let there = Project {
            services: specs.collect(),
            ..project.clone()
        };
        Self {
            changes: diff(Some(&there), &project),
            turnover: turnover(Some(&there), &project),
            project,
            before,
        }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether there is nothing yet.
    pub fn is_first(&self) -> bool {
        self.before.is_empty()
    }

    /// Shows what differs under this head, and how many replicas that touches.
    pub fn show(&self, context: &Context, head: &str) {
        let screen = &context.screen;
        screen.note(Tone::Plain, head);
        for (tone, line) in difference(screen.width(), &self.changes, &self.turnover) {
            screen.note(tone, &line);
        }
    }

    /// Asks whether that is meant. A removal needs a person's yes, or the flag: `--yes` alone says nothing
    /// about services that a file merely fails to mention.
    ///
    /// # Errors
    /// It is not meant, or nobody could be asked about a removal.
    pub fn agree(&self, context: &Context, what: &str, allow_remove: bool) -> Result<(), Failure> {
        let removed = self.removed();
        if removed.is_empty() || allow_remove {
            if self.is_empty() {
                return Ok(());
            }
            return context.agree(&format!("{what}?"), Answer::Yes);
        }
        if context.screen.asks() {
            return context.agree(&format!("{what} and remove {removed}?"), Answer::No);
        }
        Err(Failure::here(
            Exit::Refused,
            format!("{removed} would be removed, being no longer named; nothing was changed"),
            "add --allow-remove if that is meant, or put it back into the file",
        ))
    }

    /// Names of what goes, for a sentence; empty when nothing does.
    fn removed(&self) -> String {
        let removed = self.changes.iter().filter_map(|change| match change {
            Change::Remove { service } => Some(service.as_str()),
            Change::Add { .. } | Change::Change { .. } => None,
        });
        removed.collect::<Vec<_>>().join(", ")
    }

    /// What there is to count. A service that the plan does not touch is counted too, once it turns out
    /// that its image's tag stands for another image by now.
    pub fn goal(&self) -> Goal {
        let names: BTreeSet<_> = self
            .before
            .keys()
            .chain(self.project.services.keys())
            .collect();
        let services = names
            .into_iter()
            .map(|name| (name.clone(), self.count(name)));
        Goal {
            services: services.collect(),
            ..Goal::default()
        }
    }

    fn count(&self, name: &ServiceName) -> Count {
        let wanted = self
            .project
            .services
            .get(name)
            .map_or(0, |spec| spec.replicas.get());
        let touched = self.turnover.get(name).copied().unwrap_or_default();
        let comes = touched.replaced + touched.may_move + touched.added;
        Count {
            wanted: if comes > 0 { wanted } else { 0 },
            there: wanted.saturating_sub(comes),
            leaving: touched.removed,
        }
    }

    /// Says that it is done: where it answers, how long it took.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn conclude(
        &self,
        context: &Context,
        done: &Done,
        ingress: &Ingress,
    ) -> Result<(), Failure> {
        let release = done.operation.release;
        let release = release.map(|release| format!(": {} runs {release}", self.project.name));
        let sentence = format!("{}{}", done.sentence(), release.unwrap_or_default());
        context.screen.note(Tone::Good, &sentence);
        if !context.screen.is_for_people() {
            return context.screen.value(&done.operation);
        }
        for address in self.addresses(ingress) {
            context.screen.line(address)?;
        }
        Ok(())
    }

    /// Where each http service answers on the ingress.
    fn addresses(&self, ingress: &Ingress) -> Vec<String> {
        let serving = self.project.services.iter();
        let serving = serving.filter(|(_, spec)| spec.port.is_some());
        let hosts = serving.flat_map(|(service, spec)| {
            let own = host_of(&self.project.name, service);
            let domains = spec
                .domains
                .iter()
                .filter(|domain| domain.redirect.is_none());
            let domains = domains.map(|domain| domain.host.to_string());
            [own].into_iter().chain(domains).collect::<Vec<_>>()
        });
        hosts.map(|host| ingress.url(&host)).collect()
    }
}
