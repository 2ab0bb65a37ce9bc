//! `gantry ps`: the replicas, where each runs and what it waits for.

use gantry_events::{ServiceName, Time};
use gantry_views::{ReplicaDoc, ReplicaState};

use super::{waits_for, word};
use crate::args::{FileArg, Past};
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::names::{Named, meant};
use crate::output::{Column, Field, Sheet, Tone, age};

/// Show the replicas of a project, or of one service
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gantry ps             what runs, where, since when
  gantry ps web --all   those that ended as well, with why
  gantry ps --at 4711   as it was when the log had come so far; `gantry events` tells")]
pub struct Ps {
    /// Only those of this service
    service: Option<ServiceName>,
    /// Those that have ended, too
    #[arg(short, long)]
    all: bool,
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    past: Past,
}

const COLUMNS: [Column; 8] = [
    Column::always("ID"),
    Column::always("NODE"),
    Column::always("STATE"),
    Column::spare("RELEASE", 4),
    Column::spare("RESTARTS", 2),
    Column::spare("ADDRESS", 5),
    Column::spare("SINCE", 1),
    Column::sentence("WHY"),
];

impl Ps {
    /// Prints the replicas.
    ///
    /// # Errors
    /// Those of the read.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let project = context.project(&self.file)?;
        let client = context.client()?;
        let at = self.past.read(self.all);
        let list = answered(client.replicas(&project, self.service.as_ref(), &at)).await;
        let list = match (list, &self.service) {
            (Err(failure), Some(service)) => {
                return Err(meant(&client, failure, service, Named::Service(&project)).await);
            }
            (Err(failure), None) => {
                return Err(meant(&client, failure, &project, Named::Project).await);
            }
            (Ok(list), _) => list,
        };
        if list.items.is_empty() {
            let of = self
                .service
                .as_ref()
                .map(|service| format!("{service} of "));
            let none = format!("no replicas in {}{project}", of.unwrap_or_default());
            context.screen.note(Tone::Dim, &none);
        }
        let now = self.past.now(&client);
        context.screen.result(&list, || {
            let mut rows: Vec<_> = list.items.iter().collect();
            rows.sort_by_key(|doc| (&doc.service, doc.slot, doc.epoch));
            Sheet::new(&COLUMNS, rows.into_iter().map(|doc| row(doc, now)))
        })
    }
}

fn row(doc: &ReplicaDoc, now: Option<Time>) -> Vec<Field> {
    let restarts = (doc.restarts > 0).then_some(doc.restarts);
    vec![
        Field::of(&doc.id),
        Field::of(&doc.node),
        Field::toned(tone(doc.state), word(doc.state)),
        Field::of(doc.release),
        Field::maybe(restarts),
        Field::maybe(doc.address),
        Field::of(age(doc.standing.since, now)),
        Field::maybe(why(doc)),
    ]
}

/// What it waits for, or why it leaves, left or does not answer.
fn why(doc: &ReplicaDoc) -> Option<String> {
    let waits = waits_for(&doc.standing);
    let why = match (&doc.reason, waits) {
        (Some(reason), Some(waits)) => Some(format!("{reason}; {waits}")),
        (reason, waits) => reason.clone().or(waits),
    };
    let code = doc.last_exit.and_then(|exit| exit.code);
    let ended = doc.state == ReplicaState::Failed || doc.restarts > 0;
    match code.filter(|_| ended) {
        Some(code) => Some(match why {
            Some(why) => format!("{why} (exit code {code})"),
            None => format!("last ended with exit code {code}"),
        }),
        None => why,
    }
}

/// How a replica's state is to be taken.
pub fn tone(state: ReplicaState) -> Tone {
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
