//! A scheduler that ends every command as soon as it is stored.

use futures::StreamExt;
use gantry_bus::{Append, AppendOutcome, Log};
use gantry_events::{
    Command, CommandBatch, Commit, Digest, Event, LogSubject, OperationUnchanged, Place, Scope,
    Seq, Time, Writer,
};

use crate::world::*;

/// From now on every command for the scheduler ends at once, without a change.
pub async fn decide_at_once(world: &World) {
    let log = world.server.log(&Writer::Scheduler).await;
    let (marker, id) = (world.server.marker(), world.server.secrets.log);
    let subject = LogSubject::Facts(Writer::Scheduler);
    tokio::spawn(async move {
        let (mut expects, mut prev) = (Seq(0), None);
        let mut stored = log.follow(Seq(0));
        while let Some(Ok(stored)) = stored.next().await {
            if stored.subject != "cmd.scheduler" {
                continue;
            }
            let batch: CommandBatch = serde_json::from_slice(&stored.payload).unwrap();
            for (index, command) in (0..).zip(batch.commands) {
                let place = Place {
                    seq: stored.seq,
                    index,
                };
                let payload = serde_json::to_vec(&unchanged(&command, place, prev)).unwrap();
                prev = Some(Digest::of(&payload));
                let append = Append {
                    subject: subject.clone(),
                    mark: marker.mark(id, &subject.to_string(), &payload),
                    payload,
                    expects,
                };
                let AppendOutcome::Stored(seq) = log.append(&append).await else {
                    panic!("not stored");
                };
                expects = seq;
            }
        }
    });
}

/// The end of a command that changes nothing.
fn unchanged(command: &Command, place: Place, prev: Option<Digest>) -> Commit {
    let fact = OperationUnchanged {
        operation: command.operation,
        scope: Scope::Project(shop()),
    };
    Commit {
        actor: Writer::Scheduler.actor(),
        operation: Some(command.operation),
        answers: Some(place),
        cause: None,
        as_of: Seq(0),
        core: "test/1".to_owned(),
        time: Time::from_unix_millis(1_700_000_001_000),
        traceparent: None,
        prev,
        evidence: Vec::new(),
        events: vec![Event { fact: fact.into() }],
    }
}
