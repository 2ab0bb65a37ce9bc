//! `gantry why`: what made something as it is, cause by cause, back to what was asked for. Leaves to
//! `why/about` what a name stands for.

mod about;

use gantry_events::Time;
use gantry_rest::Why as Chain;
use gantry_views::why::{LONGEST, Link};

use self::about::About;
use crate::args::{FileArg, Past};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Column, Field, Sheet, Tone, lines, moment, plain, spoken};
use crate::tale::unfit_on;

/// Show why something is as it is: each cause, the oldest first, back to what was asked for
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gantry why web               why a service is as it is
  gantry why web-7f3k2q        why a replica is where it is
  gantry why r3                what became of a release
  gantry why n1                why a node takes no replicas
  gantry why pool/web          the pool, where a service has the same name
  gantry why web --at 4711     as it was when the log had come so far")]
pub struct Why {
    /// A service, replica, release, node, machine, pool, operation or project; or KIND/NAME
    #[arg(value_name = "NAME")]
    about: About,
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    past: Past,
}

const COLUMNS: [Column; 3] = [
    Column::always("TIME"),
    Column::spare("BY", 1),
    Column::sentence("WHAT"),
];

impl Why {
    /// Prints the causes, and how it is.
    ///
    /// # Errors
    /// Nothing has this name; those of the reads.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let project = if self.about.may_be_in_a_project() {
            context.project_if_any(&self.file)?
        } else {
            None
        };
        let client = context.client()?;
        let at = self.past.read(false);
        let chain = self.about.ask(&client, project.as_ref(), &at).await?;
        if !context.screen.is_for_people() {
            return context.screen.value(&chain);
        }
        if chain.links.len() >= LONGEST {
            let left_out = format!("only the last {LONGEST} causes are told");
            context.screen.note(Tone::Dim, &left_out);
        }
        let rows = chain.links.iter().rev().map(row);
        context.screen.sheet(Sheet::new(&COLUMNS, rows))?;
        context.screen.line("")?;
        let now = self.past.now(&client);
        let end = end(&chain, now);
        let broken = match context.screen.width() {
            Some(width) => lines(&end, width),
            None => vec![end],
        };
        broken.iter().try_for_each(|line| context.screen.line(line))
    }
}

/// The links name what they are about, and who caused them.
fn row(link: &Link) -> Vec<Field> {
    vec![
        Field::toned(Tone::Dim, moment(link.time)),
        Field::of(&link.actor),
        Field::toned(tone(link), what(link)),
    ]
}

/// What happened, and of a placement why the other nodes were not taken.
fn what(link: &Link) -> String {
    let explained = link.explanation.iter();
    let unfit = explained.flat_map(|explanation| &explanation.unfit);
    let unfit = unfit.map(|(node, why)| unfit_on(node, why));
    let said = [spoken(&link.says, link.time)].into_iter().chain(unfit);
    said.collect::<Vec<_>>().join("; ")
}

/// As the last part of the type of an event has it; one that this program does not know is plain.
fn tone(link: &Link) -> Tone {
    match link.type_name.split('.').nth(1).unwrap_or_default() {
        "failed" | "refused" | "lost" | "gone" => Tone::Bad,
        "ready" | "succeeded" | "finished" | "regained" | "returned" | "drained" => Tone::Good,
        "unready" | "unplaced" | "suspected" | "overdue" | "restarted" => Tone::Wait,
        _ => Tone::Plain,
    }
}

fn end(chain: &Chain, now: Option<Time>) -> String {
    let word = if now.is_some() { "now" } else { "then" };
    let near = now.or_else(|| chain.links.first().map(|link| link.time));
    let says = near.map_or_else(|| chain.says.clone(), |near| spoken(&chain.says, near));
    format!("{word}: {}", plain(&says))
}
