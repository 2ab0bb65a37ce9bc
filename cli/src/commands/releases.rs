//! `gantry releases`: what was released, when, by whom, what it changed, and which one runs.

use gantry_events::Time;
use gantry_views::ReleaseDoc;

use crate::args::{FileArg, Past};
use crate::context::{Context, answered};
use crate::failure::{Failure, count};
use crate::lineage::{Fate, Lineage, Made};
use crate::names::{Named, meant};
use crate::output::{Column, Field, Sheet, Tone, age};

/// List the releases of a project: number, when, by whom, what changed, what became of it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gantry releases            the last ten; the marked one runs
  gantry releases --last 50")]
pub struct Releases {
    /// So many of the last
    #[arg(long, short = 'n', default_value_t = 10, value_name = "N")]
    last: usize,
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    past: Past,
}

const COLUMNS: [Column; 6] = [
    Column::always(""),
    Column::always("RELEASE"),
    Column::always("STATE"),
    Column::spare("WHEN", 1),
    Column::spare("BY", 2),
    Column::sentence("CHANGED"),
];

impl Releases {
    /// Prints the releases, the newest first.
    ///
    /// # Errors
    /// Those of the reads.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let project = context.project(&self.file)?;
        let client = context.client()?;
        let at = self.past.read(false);
        let list = match answered(client.releases(&project, &at)).await {
            Err(failure) => return Err(meant(&client, failure, &project, Named::Project).await),
            Ok(list) => list,
        };
        if !context.screen.is_for_people() {
            return context.screen.value(&list);
        }
        let left_out = list.items.len().saturating_sub(self.last);
        let all = newest_first(list.items);
        let lineage = Lineage::read(&client, &project, &all, self.last).await?;
        let current = lineage.current();
        let now = self.past.now(&client);
        let rows = lineage.made().iter().map(|made| {
            let is_current = current.is_some_and(|current| current.doc.release == made.doc.release);
            row(made, is_current, now)
        });
        context.screen.sheet(Sheet::new(&COLUMNS, rows))?;
        if left_out > 0 {
            let more = format!(
                "and {} before: --last {}",
                count(left_out, "release"),
                left_out + self.last
            );
            context.screen.note(Tone::Dim, &more);
        }
        Ok(())
    }
}

/// As the api lists them, the newest is the last.
pub fn newest_first(mut releases: Vec<ReleaseDoc>) -> Vec<ReleaseDoc> {
    releases.sort_by_key(|doc| std::cmp::Reverse(doc.release));
    releases
}

fn row(made: &Made, is_current: bool, now: Option<Time>) -> Vec<Field> {
    let tone = match made.fate {
        Fate::Good if is_current => Tone::Good,
        Fate::Good => Tone::Plain,
        Fate::Running => Tone::Wait,
        Fate::Failed => Tone::Bad,
        Fate::Overtaken => Tone::Dim,
    };
    let state = if is_current {
        "current"
    } else {
        made.fate.word()
    };
    vec![
        Field::toned(Tone::Good, if is_current { "*" } else { "" }),
        Field::of(made.doc.release),
        Field::toned(tone, state),
        Field::of(when(made.doc.created, now)),
        Field::of(&made.by),
        Field::of(&made.changed),
    ]
}

fn when(since: Time, now: Option<Time>) -> String {
    let shown = age(since, now);
    if now.is_some() {
        format!("{shown} ago")
    } else {
        shown
    }
}
