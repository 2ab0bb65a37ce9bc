//! Following an operation to its end: each step live, from the event stream, and, on a terminal, how far
//! all is in a line that changes.

use std::time::Duration;

use gantry_events::{Millis, Scope};
use gantry_rest::{Client, CloudEvent, EventQuery, Lines, ReadAt};
use gantry_views::{OperationDoc, ReplicaDoc, ReplicaState};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::commands::word;
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::{Tone, plain, span};
use crate::patience::Patience;
use crate::tale::{Line, Tale};

/// Time between two changes of the line that shows how far all is.
const BEAT: Duration = Duration::from_secs(1);
/// Beats without an event after which it is said what is waited for, where no line can change.
const SILENCE: u32 = 10;

/// Follows the stream of the operation's scope: what nodes say belongs to no operation. Where the
/// stream breaks, it goes on after the last event.
///
/// # Errors
/// Those of the reads, where trying again does not help.
pub async fn follow(
    context: &Context,
    operation: &OperationDoc,
    tale: &mut Tale,
) -> Result<OperationDoc, Failure> {
    let client = context.client()?;
    let mut watch = Watch {
        context,
        client: &client,
        operation,
        after: operation.seq.0.saturating_sub(1).to_string(),
        beat: beat(),
        beats: 0,
        heard: 0,
        said: 0,
    };
    let mut patience = Patience::new();
    loop {
        let told = match watch.open(tale).await {
            Ok(stream) => {
                patience.is_answered(context);
                watch.tell(stream, tale).await
            }
            Err(failure) => Err(failure),
        };
        let broke = match told {
            Ok(Some(ended)) => return Ok(ended),
            Ok(None) => Ok(()),
            Err(failure) => Err(failure),
        };
        patience.outlast(context, broke).await?;
    }
}

fn beat() -> Interval {
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat
}

struct Watch<'a> {
    context: &'a Context,
    client: &'a Client,
    operation: &'a OperationDoc,
    /// Id of the last event that was heard.
    after: String,
    beat: Interval,
    /// Beats so far.
    beats: u32,
    /// The beat at which the last event came.
    heard: u32,
    /// The beat at which something was last shown.
    said: u32,
}

impl Watch<'_> {
    /// What moves off a node is told in the scopes of its projects.
    async fn open(&self, tale: &Tale) -> Result<Lines<CloudEvent>, Failure> {
        let scope = (!tale.needs_all_scopes()).then(|| self.operation.scope.to_string());
        let query = EventQuery {
            after: Some(self.after.clone()),
            scope,
            ..EventQuery::default()
        };
        answered(self.client.follow_events(&query)).await
    }

    /// Tells events until the operation has ended; nothing where the stream ends before.
    async fn tell(
        &mut self,
        mut stream: Lines<CloudEvent>,
        tale: &mut Tale,
    ) -> Result<Option<OperationDoc>, Failure> {
        loop {
            let event = tokio::select! {
                event = stream.next() => event?,
                _ = self.beat.tick() => {
                    self.beats += 1;
                    if let Some(ended) = self.look(tale).await? {
                        return Ok(Some(ended));
                    }
                    continue;
                }
            };
            let Some(event) = event else {
                return Ok(None);
            };
            self.heard = self.beats;
            if let Some(line) = tale.hear(&event) {
                self.show(&line);
            }
            if tale.has_ended() {
                let at = ReadAt::after(event.seq);
                return answered(self.client.operation(self.operation.id, &at))
                    .await
                    .map(Some);
            }
            self.after = event.id;
        }
    }

    fn show(&mut self, line: &Line) {
        let text = format!("  {:<20}  {}", line.about, plain(&line.what));
        self.context.screen.note(line.tone, &text);
        self.said = self.beats;
    }

    /// Whoever waits should know for what: on a terminal each second, else after a silence. Gives the
    /// operation where it turns out to have ended.
    async fn look(&mut self, tale: &Tale) -> Result<Option<OperationDoc>, Failure> {
        let is_live = self.context.screen.is_live();
        if !is_live && self.beats - self.said < SILENCE {
            return Ok(None);
        }
        let now = answered(self.client.operation(self.operation.id, &ReadAt::default())).await?;
        if now.state.is_final() {
            // The stream is about to tell the end, and what led to it; unless nothing comes any more.
            return Ok((self.beats - self.heard >= SILENCE).then_some(now));
        }
        let what = self.waits_for(&now).await;
        if is_live {
            let passed = span(Millis::from_secs(u64::from(self.beats)));
            let parts = [tale.progress(), what, passed];
            let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            self.context
                .screen
                .live(&format!("  {}", plain(&parts.join(" · "))));
        } else if !what.is_empty() {
            self.context
                .screen
                .note(Tone::Dim, &format!("  {}", plain(&what)));
            self.said = self.beats;
        }
        Ok(None)
    }

    /// What the first replica that is not ready is at, else what the operation itself waits for.
    async fn waits_for(&self, now: &OperationDoc) -> String {
        if let Scope::Project(project) = &now.scope {
            let list = answered(self.client.replicas(project, None, &ReadAt::default())).await;
            let replicas = list.map(|list| list.items).unwrap_or_default();
            if let Some(late) = replicas.iter().find(|replica| is_coming(replica)) {
                return late_of(late);
            }
        }
        let what = now.standing.waiting_for.as_ref();
        what.map(|what| format!("waiting for {what}"))
            .unwrap_or_default()
    }
}

fn is_coming(replica: &ReplicaDoc) -> bool {
    matches!(
        replica.state,
        ReplicaState::Placed
            | ReplicaState::Pulling
            | ReplicaState::Creating
            | ReplicaState::Starting
            | ReplicaState::Unready
    )
}

fn late_of(replica: &ReplicaDoc) -> String {
    let state = word(replica.state);
    let head = format!("{} {state} on {}", replica.id, replica.node);
    match &replica.standing.waiting_for {
        Some(what) => format!("{head}, waits for {what}"),
        None => head,
    }
}
