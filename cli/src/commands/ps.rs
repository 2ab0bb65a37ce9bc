//! `gantry ps`: the replicas, where each runs and what it waits for.

use gantry_events::{ServiceName, Time};
use gantry_rest::ReadAt;
use gantry_views::{ReplicaDoc, ReplicaState};

use super::word;
use crate::args::FileArg;
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::{Column, Field, Sheet, Tone, age};

/// Show replicas.
#[derive(Debug, clap::Args)]
pub struct Ps {
    /// Only those of this service
    service: Option<ServiceName>,
    /// Those that have ended, too
    #[arg(short, long)]
    all: bool,
    #[command(flatten)]
    file: FileArg,
}

const COLUMNS: [Column; 9] = [
    Column::always("ID"),
    Column::spare("SERVICE", 5),
    Column::always("NODE"),
    Column::always("STATE"),
    Column::spare("RELEASE", 4),
    Column::spare("RESTARTS", 2),
    Column::spare("ADDRESS", 3),
    Column::spare("SINCE", 1),
    Column::wrapped("WAITING FOR"),
];

impl Ps {
    /// Prints the replicas.
    ///
    /// # Errors
    /// Those of the read.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let project = context.project(&self.file)?;
        let client = context.client()?;
        let at = ReadAt {
            all: self.all,
            ..ReadAt::default()
        };
        let list = answered(client.replicas(&project, self.service.as_ref(), &at)).await?;
        if list.items.is_empty() {
            let none = format!("no replicas in {project}");
            context.screen.note(Tone::Dim, &none);
        }
        let now = client.date();
        context.screen.result(&list, || {
            Sheet::new(&COLUMNS, list.items.iter().map(|doc| row(doc, now)))
        })
    }
}

fn row(doc: &ReplicaDoc, now: Option<Time>) -> Vec<Field> {
    vec![
        Field::of(&doc.id),
        Field::of(&doc.service),
        Field::of(&doc.node),
        Field::toned(tone(doc.state), word(doc.state)),
        Field::of(doc.release),
        Field::of(doc.restarts),
        Field::maybe(doc.address),
        Field::of(age(doc.standing.since, now)),
        Field::maybe(doc.standing.waiting_for.as_ref().or(doc.reason.as_ref())),
    ]
}

fn tone(state: ReplicaState) -> Tone {
    match state {
        ReplicaState::Ready => Tone::Good,
        ReplicaState::Failed | ReplicaState::Lost => Tone::Bad,
        ReplicaState::Stopped | ReplicaState::Sleeping => Tone::Dim,
        ReplicaState::Placed
        | ReplicaState::Pulling
        | ReplicaState::Creating
        | ReplicaState::Starting
        | ReplicaState::Unready
        | ReplicaState::Draining
        | ReplicaState::Stopping => Tone::Wait,
    }
}
