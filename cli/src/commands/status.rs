//! `gantry status`: a project at a glance: each service, how many of its replicas are ready, what it
//! waits for and where it answers.

use gantry_events::Time;
use gantry_rest::{ReadAt, ServiceAnswer};
use gantry_views::ServiceState;

use super::word;
use crate::args::FileArg;
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::{Column, Field, Sheet, Tone, age};

/// Show a project.
#[derive(Debug, clap::Args)]
pub struct Status {
    #[command(flatten)]
    file: FileArg,
}

const COLUMNS: [Column; 7] = [
    Column::always("SERVICE"),
    Column::always("READY"),
    Column::always("STATE"),
    Column::spare("RELEASE", 2),
    Column::spare("SINCE", 1),
    Column::spare("HOST", 3),
    Column::wrapped("WAITING FOR"),
];

impl Status {
    /// Prints the services.
    ///
    /// # Errors
    /// Those of the reads.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let project = context.project(&self.file)?;
        let client = context.client()?;
        let head = answered(client.project(&project, &ReadAt::default())).await?;
        let list = answered(client.services(&project, &ReadAt::default())).await?;
        let now = client.date();
        if context.screen.is_for_people() {
            context.screen.line(format!(
                "{project}, release {}, {}\n",
                head.release,
                sum(&list.items)
            ))?;
        }
        context.screen.result(&list, || {
            Sheet::new(&COLUMNS, list.items.iter().map(|service| row(service, now)))
        })
    }
}

fn sum(services: &[ServiceAnswer]) -> String {
    let counts = || services.iter().map(|service| service.status.replicas);
    let (ready, wanted) = (counts().map(|c| c.ready), counts().map(|c| c.wanted));
    format!(
        "{} of {} replicas ready",
        ready.sum::<u32>(),
        wanted.sum::<u32>()
    )
}

fn row(service: &ServiceAnswer, now: Option<Time>) -> Vec<Field> {
    let status = &service.status;
    let why = status.standing.waiting_for.as_ref();
    let why = why.or(status.unplaced.as_ref().map(|gap| &gap.because));
    let why = why.or(status.problem.as_ref().map(|problem| &problem.detail));
    vec![
        Field::of(&service.id),
        Field::toned(
            ready_tone(service),
            format!("{}/{}", status.replicas.ready, status.replicas.wanted),
        ),
        Field::toned(state_tone(service), word(status.state)),
        Field::of(service.release),
        Field::of(age(status.standing.since, now)),
        Field::of(status.hosts.join(" ")),
        Field::maybe(why),
    ]
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
        ServiceState::Active if service.status.problem.is_some() => Tone::Bad,
        ServiceState::Active => Tone::Good,
        ServiceState::Changing | ServiceState::Removing => Tone::Wait,
        ServiceState::Removed => Tone::Dim,
    }
}
