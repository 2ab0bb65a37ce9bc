//! `gantry status`: a project at a glance: each service, how many of its replicas are ready, where it
//! answers, what is wrong and since when; the machines in a line. Without a project: all of them.

mod cluster;
mod wrong;

use gantry_events::{ProjectName, Time};
use gantry_rest::{Client, List, ReadAt, ServiceAnswer};
use gantry_views::{ProjectDoc, ServiceState};

use super::word;
use crate::args::{FileArg, Ingress, Past};
use crate::context::{Context, answered};
use crate::failure::{Failure, count};
use crate::names::{Named, meant};
use crate::output::{Column, Field, Sheet, Tone, age};

/// Show a project at a glance: what runs, where it answers, what is wrong
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gantry status           of the project whose file is here; without one, of all projects
  gantry status -p shop
  gantry status --at 4711 as it was when the log had come so far")]
pub struct Status {
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    past: Past,
    #[command(flatten)]
    ingress: Ingress,
}

const COLUMNS: [Column; 6] = [
    Column::always("SERVICE"),
    Column::always("READY"),
    Column::always("STATE"),
    Column::spare("RELEASE", 6),
    Column::spare("SINCE", 1),
    Column::sentence("ADDRESS"),
];

const PROJECTS: [Column; 4] = [
    Column::always("PROJECT"),
    Column::always("READY"),
    Column::spare("RELEASE", 1),
    Column::sentence("WRONG"),
];

impl Status {
    /// Prints the services of the project, or all projects.
    ///
    /// # Errors
    /// Those of the reads.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let at = self.past.read(false);
        match context.project_if_any(&self.file)? {
            Some(project) => self.of_project(context, &client, &project, &at).await,
            None => self.of_all(context, &client, &at).await,
        }
    }

    async fn of_project(
        &self,
        context: &Context,
        client: &Client,
        project: &ProjectName,
        at: &ReadAt,
    ) -> Result<(), Failure> {
        let head = match answered(client.project(project, at)).await {
            Err(failure) => return Err(meant(client, failure, project, Named::Project).await),
            Ok(head) => head,
        };
        let list = answered(client.services(project, at)).await?;
        if !context.screen.is_for_people() {
            return context.screen.value(&list);
        }
        let now = self.past.now(client);
        context.screen.line(title(&head, &list))?;
        context.screen.line("")?;
        let rows = list.items.iter().map(|service| self.row(service, now));
        context.screen.sheet(Sheet::new(&COLUMNS, rows))?;
        wrong::show(context, client, (project, &self.past), &list.items).await?;
        cluster::show(context, client, at).await
    }

    fn row(&self, service: &ServiceAnswer, now: Option<Time>) -> Vec<Field> {
        let status = &service.status;
        let replicas = status.replicas;
        let addresses = status.hosts.iter().map(|host| self.ingress.url(host));
        let addresses: Vec<_> = addresses.collect();
        vec![
            Field::of(&service.id),
            Field::toned(
                ready_tone(service),
                format!("{}/{}", replicas.ready, replicas.wanted),
            ),
            Field::toned(state_tone(service), word(status.state)),
            Field::of(service.release),
            Field::of(age(status.standing.since, now)),
            Field::of(addresses.join(" ")),
        ]
    }

    async fn of_all(&self, context: &Context, client: &Client, at: &ReadAt) -> Result<(), Failure> {
        let list = answered(client.projects(at)).await?;
        if !context.screen.is_for_people() {
            return context.screen.value(&list);
        }
        if list.items.is_empty() {
            let none = "no projects yet: write a gantry.yaml (`gantry init`), then `gantry deploy`";
            context.screen.note(Tone::Dim, none);
        }
        let mut rows = Vec::new();
        for project in &list.items {
            let services = answered(client.services(&project.id, at)).await?.items;
            rows.push(project_row(project, &services));
        }
        context.screen.sheet(Sheet::new(&PROJECTS, rows))?;
        cluster::show(context, client, at).await
    }
}

fn title(head: &ProjectDoc, list: &List<ServiceAnswer>) -> String {
    let (ready, wanted) = sum(&list.items);
    format!(
        "{}, release {}, {ready} of {wanted} replicas ready",
        head.id, head.release
    )
}

fn project_row(project: &ProjectDoc, services: &[ServiceAnswer]) -> Vec<Field> {
    let (ready, wanted) = sum(services);
    let tone = if ready < wanted {
        Tone::Wait
    } else {
        Tone::Good
    };
    let failed = services
        .iter()
        .filter(|service| service.status.problem.is_some());
    let failed: Vec<_> = failed.map(|service| service.id.as_str()).collect();
    let wrong = (!failed.is_empty()).then(|| {
        format!(
            "the last change failed of {}: gantry status -p {}",
            failed.join(", "),
            project.id
        )
    });
    vec![
        Field::of(&project.id),
        Field::toned(tone, format!("{ready}/{wanted}")),
        Field::of(project.release),
        Field::maybe(wrong),
    ]
}

fn sum(services: &[ServiceAnswer]) -> (u32, u32) {
    let counts = || services.iter().map(|service| service.status.replicas);
    (
        counts().map(|c| c.ready).sum(),
        counts().map(|c| c.wanted).sum(),
    )
}

fn ready_tone(service: &ServiceAnswer) -> Tone {
    let replicas = service.status.replicas;
    match replicas.ready {
        ready if ready >= replicas.wanted => Tone::Good,
        0 => Tone::Bad,
        _ => Tone::Wait,
    }
}

fn state_tone(service: &ServiceAnswer) -> Tone {
    match service.status.state {
        ServiceState::Active | ServiceState::Degraded => ready_tone(service),
        ServiceState::Changing | ServiceState::Removing => Tone::Wait,
        ServiceState::Removed => Tone::Dim,
    }
}

/// `3 replicas`, for who asks before something goes.
pub fn replicas_of(services: &[ServiceAnswer]) -> String {
    let present = services
        .iter()
        .map(|service| service.status.replicas.present);
    count(present.sum::<u32>() as usize, "replica")
}
