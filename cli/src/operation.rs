//! Making a write, and what is said when its operation has ended. Following it is left to `watch`.

use std::future::Future;

use gantry_events::Millis;
use gantry_rest::ClientError;
use gantry_views::{OperationDoc, OperationState};
use tokio::time::{interval, timeout_at};

use crate::context::{Context, answered};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Tone;
use crate::patience::PAUSE;
use crate::tale::{Goal, Tale};
use crate::watch;

/// How often a write is made whose answer did not come. Its key makes it one operation. An api that was
/// killed is back within 5 s.
const TRIES: u32 = 6;

/// Makes a write, again where no answer came and there is time; `ask` passes the same key each time.
///
/// # Errors
/// Those of the last try.
pub async fn write<F>(context: &Context, ask: impl Fn() -> F) -> Result<OperationDoc, Failure>
where
    F: Future<Output = Result<OperationDoc, ClientError>>,
{
    let mut last = None;
    let tried = timeout_at(context.until(), tries(ask, &mut last)).await;
    tried.unwrap_or_else(|_| Err(last.unwrap_or_else(|| unanswered(context.common.timeout))))
}

async fn tries<F>(ask: impl Fn() -> F, last: &mut Option<Failure>) -> Result<OperationDoc, Failure>
where
    F: Future<Output = Result<OperationDoc, ClientError>>,
{
    let mut pause = interval(PAUSE);
    pause.tick().await;
    for _ in 1..TRIES {
        match answered(ask()).await {
            Err(failure) if failure.may_pass() => *last = Some(failure),
            answer => return answer,
        }
        pause.tick().await;
    }
    answered(ask()).await
}

fn unanswered(limit: Millis) -> Failure {
    Failure::here(
        Exit::NotReachable,
        format!("no answer within {limit}; whether it was accepted is not known"),
        "see with `gantry events` once the api answers, or ask for the same again",
    )
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
        ended = timeout_at(context.until(), watch::follow(context, &operation, &mut tale)) => {
            ended.map_err(|_| still(format!("not over after {limit}")))
        }
        _ = tokio::signal::ctrl_c() => Err(still("no longer watched".to_owned())),
    };
    context.screen.clear();
    let ended = ended??;
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

/// Waits for the end where that is wanted, and prints the operation. `next` is what one may want to do
/// then.
///
/// # Errors
/// Those of [`to_its_end`].
pub async fn finish(
    context: &Context,
    accepted: OperationDoc,
    goal: Goal,
    next: &str,
) -> Result<(), Failure> {
    if !context.common.waits() {
        return leave(context, &accepted);
    }
    let done = to_its_end(context, accepted, goal).await?;
    context.screen.note(Tone::Good, &done.sentence());
    if !next.is_empty() && done.has_changed() {
        context.screen.note(Tone::Dim, next);
    }
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
    /// Whether there was something to do, and so something to look at or to undo.
    pub fn has_changed(&self) -> bool {
        self.operation.changed != Some(false)
    }

    /// `done in 6.2 s`, or that there was nothing to do.
    pub fn sentence(&self) -> String {
        if !self.has_changed() {
            return "nothing to change: all is as asked for".to_owned();
        }
        let took = self.took.map(|took| {
            let tenths = took.0.div_ceil(100);
            format!(" in {}.{} s", tenths / 10, tenths % 10)
        });
        format!("done{}", took.unwrap_or_default())
    }
}
