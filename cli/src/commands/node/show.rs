//! `gantry node show`: one node, and the replicas on it.

use gantry_events::{NodeId, Time};
use gantry_rest::{Client, ReadAt};
use gantry_views::{NodeDoc, ReplicaDoc};

use super::list::{mebi, tone};
use crate::args::Past;
use crate::commands::{ps, waits_for, word};
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::names::{Named, meant};
use crate::output::{Column, Field, Sheet, Tone, age};

/// Show a node.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// The node
    node: NodeId,
    #[command(flatten)]
    past: Past,
}

const COLUMNS: [Column; 6] = [
    Column::always("REPLICA"),
    Column::spare("PROJECT", 1),
    Column::always("STATE"),
    Column::spare("RELEASE", 3),
    Column::spare("SINCE", 2),
    Column::sentence("WHY"),
];

impl Show {
    /// Prints the node and what runs on it.
    ///
    /// # Errors
    /// It is not there; those of the reads.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let at = self.past.read(false);
        let doc = match answered(client.node(&self.node, &at)).await {
            Err(failure) => return Err(meant(&client, failure, &self.node, Named::Node).await),
            Ok(doc) => doc,
        };
        if !context.screen.is_for_people() {
            return context.screen.value(&doc);
        }
        let now = self.past.now(&client);
        facts(context, &doc, now)?;
        let replicas = replicas_on(&client, &self.node, &at).await?;
        if replicas.is_empty() {
            context.screen.note(Tone::Dim, "no replicas on it");
            return Ok(());
        }
        context.screen.line("")?;
        let rows = replicas.iter().map(|replica| row(replica, now));
        context.screen.sheet(Sheet::new(&COLUMNS, rows))
    }
}

fn facts(context: &Context, doc: &NodeDoc, now: Option<Time>) -> Result<(), Failure> {
    let state = context.screen.tint(tone(doc.state), &word(doc.state));
    let labels = doc
        .labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    let (taken, all) = (&doc.reserved, &doc.capacity);
    let rows = [
        (
            "node",
            format!("{}, {state} since {}", doc.id, age(doc.standing.since, now)),
        ),
        ("why", waits_for(&doc.standing).unwrap_or_default()),
        ("machine", format!("{} ({})", doc.machine, doc.machine_id)),
        (
            "address",
            doc.address.map(|ip| ip.to_string()).unwrap_or_default(),
        ),
        (
            "cpu",
            format!("{} of {} cores set aside", taken.cpu, all.cpu),
        ),
        (
            "memory",
            format!(
                "{} of {} MiB set aside",
                mebi(taken.memory.0),
                mebi(all.memory.0)
            ),
        ),
        ("labels", labels.collect::<Vec<_>>().join(", ")),
    ];
    let rows = rows.iter().filter(|(_, what)| !what.is_empty());
    for (name, what) in rows {
        let name = context.screen.tint(Tone::Dim, &format!("{name:<9}"));
        context.screen.line(format!("{name}  {what}"))?;
    }
    Ok(())
}

/// The replicas on a node, of all projects.
pub async fn replicas_on(
    client: &Client,
    node: &NodeId,
    at: &ReadAt,
) -> Result<Vec<ReplicaDoc>, Failure> {
    let mut all = replicas(client, at).await?;
    all.retain(|replica| replica.node == *node);
    Ok(all)
}

/// The replicas of all projects.
pub async fn replicas(client: &Client, at: &ReadAt) -> Result<Vec<ReplicaDoc>, Failure> {
    let mut all = Vec::new();
    for project in answered(client.projects(at)).await?.items {
        let of_project = answered(client.replicas(&project.id, None, at)).await?;
        all.extend(of_project.items);
    }
    Ok(all)
}

fn row(doc: &ReplicaDoc, now: Option<Time>) -> Vec<Field> {
    vec![
        Field::of(&doc.id),
        Field::of(&doc.project),
        Field::toned(ps::tone(doc.state), word(doc.state)),
        Field::of(doc.release),
        Field::of(age(doc.standing.since, now)),
        Field::maybe(waits_for(&doc.standing)),
    ]
}
