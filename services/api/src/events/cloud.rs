//! A message of the log as CloudEvents: one for each fact, `operation.accepted` for each command.

use gantry_bus::Stored;
use gantry_events::{Command, CommandBatch, Commit, Event, LogId, LogSubject, Place, Seq, Writer};
use gantry_rest::CloudEvent;
use serde_json::{Value, json};

/// The type under which commands appear.
const ACCEPTED: &str = "operation.accepted.v1";

/// The events of a message that is known to be valid.
pub(crate) fn events_of(log: LogId, stored: &Stored) -> Vec<CloudEvent> {
    match stored.subject.parse() {
        Ok(LogSubject::Commands(_)) => {
            let batch: Option<CommandBatch> = serde_json::from_slice(&stored.payload).ok();
            let commands = batch.into_iter().flat_map(|batch| batch.commands);
            let numbered = (0..).zip(commands);
            numbered
                .map(|(index, command)| accepted(log, place(stored.seq, index), &command))
                .collect()
        }
        Ok(LogSubject::Facts(writer)) => {
            let Ok(commit) = serde_json::from_slice::<Commit>(&stored.payload) else {
                return Vec::new();
            };
            let numbered = (0..).zip(&commit.events);
            numbered
                .map(|(index, event)| {
                    fact(log, place(stored.seq, index), &writer, (&commit, event))
                })
                .collect()
        }
        Err(_) => Vec::new(),
    }
}

fn place(seq: Seq, index: u32) -> Place {
    Place { seq, index }
}

fn accepted(log: LogId, place: Place, command: &Command) -> CloudEvent {
    CloudEvent {
        specversion: "1.0".to_owned(),
        id: format!("{log}:{place}"),
        source: source(&Writer::Api),
        type_name: ACCEPTED.to_owned(),
        subject: format!("operation/{}", command.operation),
        time: command.time,
        seq: place.seq,
        index: place.index,
        actor: command.actor.clone(),
        operation: Some(command.operation),
        cause: None,
        traceparent: command.traceparent.clone(),
        scope: command.intent.scope(),
        data: json!({"kind": kind(command), "asked": data(&command.intent)}),
    }
}

fn fact(
    log: LogId,
    place: Place,
    writer: &Writer,
    (commit, event): (&Commit, &Event),
) -> CloudEvent {
    CloudEvent {
        specversion: "1.0".to_owned(),
        id: format!("{log}:{place}"),
        source: source(writer),
        type_name: event.fact.type_name().to_owned(),
        subject: event.subject().to_string(),
        time: commit.time,
        seq: place.seq,
        index: place.index,
        actor: commit.actor.clone(),
        operation: commit.operation,
        cause: commit.cause,
        traceparent: commit.traceparent.clone(),
        scope: event.scope(),
        data: data(&event.fact),
    }
}

/// The kind of operation, as its document has it: the type without its version.
fn kind(command: &Command) -> &'static str {
    let name = command.intent.type_name();
    name.rsplit_once(".v").map_or(name, |(kind, _)| kind)
}

/// Facts and intents are written as their type and their data; the type has a place of its own here.
fn data(said: &impl serde::Serialize) -> Value {
    let whole = serde_json::to_value(said).unwrap_or_default();
    match whole {
        Value::Object(mut whole) => whole.remove("data").unwrap_or_default(),
        other => other,
    }
}

fn source(writer: &Writer) -> String {
    match writer {
        Writer::Node(node) => format!("node/{node}"),
        Writer::Balancer(balancer) => format!("balancer/{balancer}"),
        Writer::Init | Writer::Api | Writer::Scheduler | Writer::Provisioner => {
            writer.kind().as_str().to_owned()
        }
    }
}
