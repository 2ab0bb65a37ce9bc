//! `gantry events`: what happened, a sentence each; with `-f`, what happens, until Ctrl-C.

use gantry_events::OperationId;
use gantry_rest::{Client, CloudEvent, EventQuery};
use serde_json::Value;

use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::{Tone, cut, moment, plain};
use crate::patience::Patience;
use crate::tale::{self, ACCEPTED, Line};

/// Columns of a terminal from which on the whole date is shown.
const WIDE: usize = 100;
/// Most characters of the subject; ids are no longer, as a rule.
const ABOUT: usize = 22;

/// Show what happened; with -f, what happens
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gantry events -f                         all that happens from now on
  gantry events -p shop --type 'replica.*' what became of the replicas of shop
  gantry events --id web-7f3k2q -o json    all about one replica, in full")]
pub struct Events {
    /// Go on as new ones come; without --after, begin now
    #[arg(short, long)]
    follow: bool,
    /// After this place: an event's id, SEQ or SEQ.INDEX
    #[arg(long, value_name = "PLACE")]
    after: Option<String>,
    /// Of a project, or of cluster [default: --project, else all]
    #[arg(long)]
    scope: Option<String>,
    /// About entities of this kind: service, replica, node
    #[arg(long)]
    kind: Option<String>,
    /// About the entity of this id
    #[arg(long)]
    id: Option<String>,
    /// Of this type; replica.* for all that begin so
    #[arg(long = "type", value_name = "TYPE")]
    type_name: Option<String>,
    /// Of this operation
    #[arg(long)]
    operation: Option<OperationId>,
    /// Caused by this actor: user:mia, token:ci, service:scheduler, node:n1
    #[arg(long)]
    actor: Option<String>,
    /// Only so many of the last
    #[arg(long, short = 'n', value_name = "N", conflicts_with_all = ["follow", "after"])]
    tail: Option<usize>,
}

impl Events {
    /// Prints the events, oldest first.
    ///
    /// # Errors
    /// Those of the reads.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let mut query = self.query(context);
        if !self.follow {
            return self.pages(context, &client, query).await;
        }
        if query.after.is_none() {
            let now = answered(client.version()).await?;
            query.after = Some(now.seq.to_string());
        }
        tokio::select! {
            failed = stream(context, &client, query) => failed,
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    }

    fn query(&self, context: &Context) -> EventQuery {
        let project = context.common.project.as_ref().map(ToString::to_string);
        EventQuery {
            after: self.after.clone(),
            scope: self.scope.clone().or(project),
            kind: self.kind.clone(),
            id: self.id.clone(),
            type_name: self.type_name.clone(),
            operation: self.operation,
            actor: self.actor.clone(),
            ..EventQuery::default()
        }
    }

    async fn pages(
        &self,
        context: &Context,
        client: &Client,
        mut query: EventQuery,
    ) -> Result<(), Failure> {
        let mut last = std::collections::VecDeque::new();
        loop {
            let page = answered(client.events(&query)).await?;
            for event in page.items {
                match self.tail {
                    None => show(context, &event)?,
                    Some(most) => {
                        last.push_back(event);
                        last.drain(..last.len().saturating_sub(most));
                    }
                }
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        last.iter().try_for_each(|event| show(context, event))
    }
}

/// Where the stream breaks, it goes on after the last event.
async fn stream(context: &Context, client: &Client, mut query: EventQuery) -> Result<(), Failure> {
    let mut patience = Patience::new();
    loop {
        let broke = until_it_breaks(context, client, &mut query, &mut patience).await;
        patience.outlast(context, broke).await?;
    }
}

async fn until_it_breaks(
    context: &Context,
    client: &Client,
    query: &mut EventQuery,
    patience: &mut Patience,
) -> Result<(), Failure> {
    let mut stream = answered(client.follow_events(query)).await?;
    patience.is_answered(context);
    while let Some(event) = stream.next().await? {
        show(context, &event)?;
        query.after = Some(event.id);
    }
    Ok(())
}

fn show(context: &Context, event: &CloudEvent) -> Result<(), Failure> {
    let screen = &context.screen;
    if !screen.is_for_people() {
        return screen.item(event);
    }
    let (time, Line { tone, about, what }) = (moment(event.time), line(event));
    let place = format!("{}.{}", event.seq, event.index);
    let head = match screen.width() {
        Some(width) if width < WIDE => time.get(11..).unwrap_or(&time).to_owned(),
        Some(_) | None => format!("{place:<9} {time}"),
    };
    let about = format!("{:<ABOUT$}", cut(&about, ABOUT));
    let used = head.chars().count() + about.chars().count() + 4;
    let what = plain(&what);
    let what = match screen.width() {
        Some(width) => cut(&what, width.saturating_sub(used)),
        None => what,
    };
    let (head, what) = (screen.tint(Tone::Dim, &head), screen.tint(tone, &what));
    screen.line(format!("{head}  {about}  {what}").trim_end())
}

/// The event in a sentence. Of a type that this program does not know its values are told.
fn line(event: &CloudEvent) -> Line {
    if event.type_name == ACCEPTED {
        return accepted(event);
    }
    let mut line = tale::fact_of(event).map_or_else(|| unknown(event), |fact| tale::line(&fact));
    if event.subject.starts_with("operation/")
        && let Some(operation) = event.operation
    {
        line.what = format!("{} ({operation})", line.what);
    }
    line
}

/// `token:operator asks for service.scale: replicas=5 service=web`
fn accepted(event: &CloudEvent) -> Line {
    let kind = event.data.get("kind").and_then(Value::as_str);
    let asked = event.data.get("asked").map(told).unwrap_or_default();
    let asked = if asked.is_empty() {
        asked
    } else {
        format!(": {asked}")
    };
    Line {
        tone: Tone::Name(0),
        about: "operation".to_owned(),
        what: format!(
            "{} asks for {}{asked}",
            event.actor,
            kind.unwrap_or("something")
        ),
    }
}

fn unknown(event: &CloudEvent) -> Line {
    Line {
        tone: Tone::Dim,
        about: event.subject.clone(),
        what: format!("{} {}", event.type_name, told(&event.data)),
    }
}

/// The values on one line; what is nested, or as long as a file, stays with `-o json`.
fn told(data: &Value) -> String {
    let Some(map) = data.as_object() else {
        return String::new();
    };
    let said = map.iter().filter_map(|(key, value)| match value {
        Value::String(text) if text.len() <= 80 => Some(format!("{key}={text}")),
        Value::Number(number) => Some(format!("{key}={number}")),
        Value::Bool(flag) => Some(format!("{key}={flag}")),
        Value::String(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    });
    said.collect::<Vec<_>>().join(" ")
}
