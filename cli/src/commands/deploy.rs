//! `gantry deploy`: makes the project as the file says: shows what differs, asks, puts the file, and
//! tells each step until it answers.

use std::collections::BTreeMap;

use gantry_events::{ProjectName, ServiceName};
use gantry_rest::{Client, ReadAt, ServiceAnswer, Write};
use gantry_spec::{Change, Project, diff};
use gantry_views::{OperationDoc, ServiceState};

use crate::args::FileArg;
use crate::context::{Context, answered};
use crate::exit::Exit;
use crate::failure::{Failure, count};
use crate::file::File;
use crate::operation::{self, Done};
use crate::output::{Answer, Tone, plain};
use crate::tale::{Count, Goal};

/// Make the project as the file says.
#[derive(Debug, clap::Args)]
pub struct Deploy {
    #[command(flatten)]
    file: FileArg,
    /// Remove services that the file no longer names, without being asked
    #[arg(long)]
    allow_remove: bool,
    /// Port of the HTTP ingress, for the addresses that are shown
    #[arg(
        long,
        env = "GANTRY_HTTP_PORT",
        default_value_t = 8080,
        value_name = "PORT"
    )]
    http_port: u16,
}

/// What a deploy rests on.
struct Plan {
    project: Project,
    /// What is sent: the file as it is written, unless the project has another name.
    text: String,
    /// The services there are; none when the project is new.
    before: BTreeMap<ServiceName, ServiceAnswer>,
    changes: Vec<Change>,
}

impl Deploy {
    /// Deploys the file.
    ///
    /// # Errors
    /// The file has faults; a service would go and nobody said it may; those of the write and its
    /// operation.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let plan = self.plan(context, &client).await?;
        plan.show(context);
        self.agree(context, &plan)?;
        let key = Write::new();
        let ask = || client.put_config(&plan.project.name, plan.text.clone(), &key);
        let accepted = operation::write(ask).await?;
        if !context.common.waits() {
            return operation::leave(context, &accepted);
        }
        let done = operation::to_its_end(context, accepted, plan.goal()).await?;
        self.conclude(context, &plan, &done)
    }

    async fn plan(&self, context: &Context, client: &Client) -> Result<Plan, Failure> {
        let file = File::read(&self.file.path)?;
        let parsed = file.parsed()?;
        for warning in &parsed.warnings {
            context.screen.note(Tone::Wait, &file.show(warning));
        }
        let (project, text) = named(parsed.project, file.text, context.common.project.as_ref());
        let before = services(client, &project.name).await?;
        let changes = diff(Some(&as_file(&project.name, &before)), &project);
        Ok(Plan {
            project,
            text,
            before,
            changes,
        })
    }

    /// A removal needs a person's yes, or the flag: `--yes` alone says nothing about services that the
    /// file merely fails to mention.
    fn agree(&self, context: &Context, plan: &Plan) -> Result<(), Failure> {
        let removed = plan.removed();
        if removed.is_empty() || self.allow_remove {
            if plan.changes.is_empty() {
                return Ok(());
            }
            return context.agree(&format!("Deploy {}?", plan.project.name), Answer::Yes);
        }
        if context.screen.asks() {
            let question = format!("Deploy {} and remove {removed}?", plan.project.name);
            return context.agree(&question, Answer::No);
        }
        Err(Failure::here(
            Exit::Refused,
            format!(
                "the file does not name {removed}, which would be removed; nothing was changed"
            ),
            "add --allow-remove if that is meant, or put it back into the file",
        ))
    }

    fn conclude(&self, context: &Context, plan: &Plan, done: &Done) -> Result<(), Failure> {
        let operation = &done.operation;
        let release = operation
            .release
            .map(|release| format!(": release {release}"));
        let sentence = format!("{}{}", done.sentence(), release.unwrap_or_default());
        context.screen.note(Tone::Good, &sentence);
        if !context.screen.is_for_people() {
            return context.screen.value(operation);
        }
        for address in self.addresses(&plan.project) {
            context.screen.line(address)?;
        }
        if let Some(undo) = plan.undo(operation) {
            context.screen.note(Tone::Dim, &format!("to undo: {undo}"));
        }
        Ok(())
    }

    /// Where each http service answers on the ingress.
    fn addresses(&self, project: &Project) -> Vec<String> {
        let serving = project
            .services
            .iter()
            .filter(|(_, spec)| spec.port.is_some());
        let addresses = serving.map(|(service, _)| {
            let (project, port) = (&project.name, self.http_port);
            format!("http://{service}.{project}.localhost:{port}")
        });
        addresses.collect()
    }
}

impl Plan {
    fn show(&self, context: &Context) {
        let head = match self.changes.as_slice() {
            [] => format!("{}: the file says what is there", self.project.name),
            changes => format!("{}: {}", self.project.name, count(changes.len(), "change")),
        };
        context.screen.note(Tone::Plain, &head);
        for change in &self.changes {
            let tone = match change {
                Change::Add { .. } => Tone::Good,
                Change::Remove { .. } => Tone::Bad,
                Change::Change { .. } => Tone::Wait,
            };
            for line in change.to_string().lines() {
                context.screen.note(tone, &format!("  {}", plain(line)));
            }
        }
    }

    /// Names of what goes, for a sentence; empty when nothing does.
    fn removed(&self) -> String {
        let removed = self.changes.iter().filter_map(|change| match change {
            Change::Remove { service } => Some(service.as_str()),
            Change::Add { .. } | Change::Change { .. } => None,
        });
        removed.collect::<Vec<_>>().join(", ")
    }

    /// Replicas that stay are there already; of a service that changes none does.
    fn goal(&self) -> Goal {
        let services = self.project.services.iter().map(|(name, spec)| {
            let wanted = spec.replicas.get();
            let there = match self.before.get(name) {
                Some(before) if self.only_scales(name) => before.status.replicas.ready.min(wanted),
                Some(_) | None => 0,
            };
            (name.clone(), Count { wanted, there })
        });
        Goal {
            services: services.collect(),
            ..Goal::default()
        }
    }

    fn only_scales(&self, name: &ServiceName) -> bool {
        let count = format!("/services/{name}/replicas");
        self.changes.iter().any(|change| match change {
            Change::Change { service, fields } => {
                service == name && fields.iter().all(|field| field.pointer == count)
            }
            Change::Add { .. } | Change::Remove { .. } => false,
        })
    }

    /// The way back, in verbs that there are.
    fn undo(&self, operation: &OperationDoc) -> Option<String> {
        if operation.changed == Some(false) {
            return None;
        }
        let name = &self.project.name;
        if !self.before.is_empty() {
            return Some(format!("deploy the earlier file of {name} again"));
        }
        let removals = self.project.services.keys();
        let removals = removals.map(|service| format!("gantry rm {service} -p {name}"));
        let removals: Vec<_> = removals.collect();
        (!removals.is_empty()).then(|| removals.join("; "))
    }
}

/// The project under the name that is asked for, and the text that says so.
fn named(project: Project, text: String, name: Option<&ProjectName>) -> (Project, String) {
    match name {
        Some(name) if *name != project.name => {
            let project = Project {
                name: name.clone(),
                ..project
            };
            let text = project.canonical();
            (project, text)
        }
        Some(_) | None => (project, text),
    }
}

/// The services that are there to stay.
async fn services(
    client: &Client,
    project: &ProjectName,
) -> Result<BTreeMap<ServiceName, ServiceAnswer>, Failure> {
    let list = match answered(client.services(project, &ReadAt::default())).await {
        Err(Failure::Api(e)) if e.problem().is_some_and(|problem| problem.status == 404) => {
            return Ok(BTreeMap::new());
        }
        list => list?,
    };
    let stay = list.items.into_iter().filter(|service| {
        matches!(
            service.status.state,
            ServiceState::Active | ServiceState::Changing
        )
    });
    Ok(stay.map(|service| (service.id.clone(), service)).collect())
}

/// What is there, as a file would say it: scaling counts, so that a deploy sets what its file says.
fn as_file(name: &ProjectName, services: &BTreeMap<ServiceName, ServiceAnswer>) -> Project {
    let specs = services.iter();
    let specs = specs.filter_map(|(id, service)| Some((id.clone(), service.spec.clone()?)));
    Project {
        name: name.clone(),
        services: specs.collect(),
    }
}
