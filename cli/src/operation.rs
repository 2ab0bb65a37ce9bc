//! Making a write, and following its operation to the end: each step live, from the event stream.

use std::future::Future;
use std::time::Duration;

use gantry_events::{Millis, Scope};
use gantry_rest::{Client, ClientError, CloudEvent, EventQuery, Lines, ReadAt};
use gantry_views::{OperationDoc, OperationState};
use tokio::time::{interval, timeout};

use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::{Tone, plain};
use crate::patience::{PAUSE, Patience};
use crate::tale::{Goal, Line, Tale};

/// How often a write is made whose answer did not come. Its key makes it one operation. An api that was
/// killed is back within 5 s.
const TRIES: u32 = 6;
/// Time without an event after which the operation itself is asked what it waits for.
const SILENCE: Duration = Duration::from_secs(10);

/// Makes a write, again where no answer came; `ask` passes the same key each time.
///
/// # Errors
/// Those of the last try.
pub async fn write<F>(ask: impl Fn() -> F) -> Result<OperationDoc, Failure>
where
    F: Future<Output = Result<OperationDoc, ClientError>>,
{
    let mut pause = interval(PAUSE);
    pause.tick().await;
    for _ in 1..TRIES {
        match answered(ask()).await {
            Err(failure) if failure.may_pass() => {
                pause.tick().await;
            }
            answer => return answer,
        }
    }
    answered(ask()).await
}

/// The operation at its end, and the time it took where that is known.
#[derive(Debug)]
pub struct Done {
    /// The operation.
    pub operation: OperationDoc,
    /// From its acceptance to its end.
    pub took: Option<Millis>,
}

/// Shows each step of the operation until it has succeeded.
///
/// # Errors
/// It failed or was overtaken; the wait ended, by time or by Ctrl-C, and it goes on.
pub async fn to_its_end(
    context: &Context,
    operation: OperationDoc,
    goal: Goal,
) -> Result<Done, Failure> {
    let limit = context.common.timeout;
    let still = |why: String| Failure::StillRunning {
        why,
        operation: Box::new(operation.clone()),
    };
    let mut tale = Tale::new(operation.id, goal);
    let ended = tokio::select! {
        ended = timeout(limit.duration(), follow(context, &operation, &mut tale)) => {
            ended.map_err(|_| still(format!("not over after {limit}")))??
        }
        _ = tokio::signal::ctrl_c() => return Err(still("no longer watched".to_owned())),
    };
    match ended.state {
        OperationState::Succeeded => Ok(Done {
            operation: ended,
            took: tale.took(),
        }),
        OperationState::Queued
        | OperationState::Running
        | OperationState::Failed
        | OperationState::Superseded => Err(Failure::Ended(Box::new(ended), tale.last_words())),
    }
}

/// Follows the stream of the operation's scope: what nodes say belongs to no operation. Where the
/// stream breaks, it goes on after the last event.
async fn follow(
    context: &Context,
    operation: &OperationDoc,
    tale: &mut Tale,
) -> Result<OperationDoc, Failure> {
    let client = context.client()?;
    let mut watch = Watch {
        client: &client,
        after: operation.seq.0.saturating_sub(1).to_string(),
        scope: &operation.scope,
    };
    let mut patience = Patience::new();
    loop {
        let told = match watch.open().await {
            Ok(stream) => {
                patience.is_answered(context);
                watch.tell(context, stream, tale, operation).await
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

struct Watch<'a> {
    client: &'a Client,
    /// Id of the last event that was heard.
    after: String,
    scope: &'a Scope,
}

impl Watch<'_> {
    async fn open(&self) -> Result<Lines<CloudEvent>, Failure> {
        let query = EventQuery {
            after: Some(self.after.clone()),
            scope: Some(self.scope.to_string()),
            ..EventQuery::default()
        };
        answered(self.client.follow_events(&query)).await
    }

    /// Tells events until the operation has ended; nothing where the stream ends before.
    async fn tell(
        &mut self,
        context: &Context,
        mut stream: Lines<CloudEvent>,
        tale: &mut Tale,
        operation: &OperationDoc,
    ) -> Result<Option<OperationDoc>, Failure> {
        loop {
            let Ok(next) = timeout(SILENCE, stream.next()).await else {
                if let Some(ended) = self.look(context, operation).await? {
                    return Ok(Some(ended));
                }
                continue;
            };
            let Some(event) = next? else {
                return Ok(None);
            };
            if let Some(line) = tale.hear(&event) {
                show(context, &line);
            }
            if tale.has_ended() {
                let at = ReadAt::after(event.seq);
                return answered(self.client.operation(operation.id, &at))
                    .await
                    .map(Some);
            }
            self.after = event.id;
        }
    }

    /// Asks the operation itself: whoever waits should know for what.
    async fn look(
        &self,
        context: &Context,
        operation: &OperationDoc,
    ) -> Result<Option<OperationDoc>, Failure> {
        let now = answered(self.client.operation(operation.id, &ReadAt::default())).await?;
        if now.state.is_final() {
            return Ok(Some(now));
        }
        if let Some(what) = &now.standing.waiting_for {
            let what = format!("  waiting for {}", plain(what));
            context.screen.note(Tone::Dim, &what);
        }
        Ok(None)
    }
}

fn show(context: &Context, line: &Line) {
    let text = format!("  {:<20}  {}", line.about, plain(&line.what));
    context.screen.note(line.tone, &text);
}

/// Waits for the end where that is wanted, and prints the operation.
///
/// # Errors
/// Those of [`to_its_end`].
pub async fn finish(context: &Context, accepted: OperationDoc, goal: Goal) -> Result<(), Failure> {
    if !context.common.waits() {
        return leave(context, &accepted);
    }
    let done = to_its_end(context, accepted, goal).await?;
    context.screen.note(Tone::Good, &done.sentence());
    if context.screen.is_for_people() {
        return Ok(());
    }
    context.screen.value(&done.operation)
}

/// Names the operation that goes on unwatched.
///
/// # Errors
/// Standard output cannot be written.
pub fn leave(context: &Context, accepted: &OperationDoc) -> Result<(), Failure> {
    if !context.screen.is_for_people() {
        return context.screen.value(accepted);
    }
    let note = "accepted, not waited for; its operation:";
    context.screen.note(Tone::Dim, note);
    context.screen.line(accepted.id.to_string())
}

impl Done {
    /// `done in 6.2 s`, or that there was nothing to do.
    pub fn sentence(&self) -> String {
        if self.operation.changed == Some(false) {
            return "nothing to change: all is as asked for".to_owned();
        }
        let took = self.took.map(|took| {
            let tenths = took.0.div_ceil(100);
            format!(" in {}.{} s", tenths / 10, tenths % 10)
        });
        format!("done{}", took.unwrap_or_default())
    }
}
