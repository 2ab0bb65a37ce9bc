//! `gantry events`: what happened; with `-f`, what happens, until Ctrl-C.

use gantry_events::OperationId;
use gantry_rest::{Client, CloudEvent, EventQuery};
use serde_json::Value;

use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::{Tone, moment, plain};
use crate::patience::Patience;

/// Show events.
#[derive(Debug, clap::Args)]
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
            return pages(context, &client, query).await;
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
            ..EventQuery::default()
        }
    }
}

async fn pages(context: &Context, client: &Client, mut query: EventQuery) -> Result<(), Failure> {
    loop {
        let page = answered(client.events(&query)).await?;
        for event in &page.items {
            show(context, event)?;
        }
        let Some(next) = page.next else {
            return Ok(());
        };
        query.after = Some(next);
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
    let place = format!("{}.{}", event.seq, event.index);
    let head = format!("{place:<8} {} ", moment(event.time));
    let what = format!("{:<26} {:<22} ", event.type_name, event.subject);
    let rest = plain(&told(&event.data));
    let used = head.len() + what.len();
    let room = screen
        .width()
        .map_or(usize::MAX, |width| width.saturating_sub(used));
    let rest: String = rest.chars().take(room).collect();
    let head = screen.tint(Tone::Dim, &head);
    let rest = screen.tint(Tone::Dim, rest.trim_end());
    screen.line(format!("{head}{what}{rest}").trim_end())
}

/// The values of an event on one line; what is nested stays with `-o json`.
fn told(data: &Value) -> String {
    let Some(map) = data.as_object() else {
        return String::new();
    };
    let said = map.iter().filter_map(|(key, value)| match value {
        Value::String(text) => Some(format!("{key}={text}")),
        Value::Number(number) => Some(format!("{key}={number}")),
        Value::Bool(flag) => Some(format!("{key}={flag}")),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    });
    said.collect::<Vec<_>>().join(" ")
}
