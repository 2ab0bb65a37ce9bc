//! `Patience`: how a stream that broke is taken up again: after ever longer pauses, with one line for
//! each time the api was away. Opening the stream is left to the verbs.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Tone;

/// The first pause.
pub const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause. An api that was killed is back within this time.
const LONGEST: Duration = Duration::from_secs(5);

/// When that much time is over.
pub fn from_now(limit: Duration) -> Instant {
    sleep(limit).deadline()
}

/// How long one stream has been away.
#[derive(Debug)]
pub struct Patience {
    pause: Duration,
    said: bool,
}

impl Patience {
    /// Nothing broke yet.
    pub fn new() -> Self {
        Self {
            pause: PAUSE,
            said: false,
        }
    }

    /// The stream is open: a new break is told anew.
    pub fn is_answered(&mut self, context: &Context) {
        if self.said {
            context.screen.note(Tone::Good, "  the api answers again");
        }
        *self = Self::new();
    }

    /// Says why the stream broke, unless that is said, and waits. A stream that ended without a word is
    /// no news: whether the api is away shows when it is asked again.
    ///
    /// # Errors
    /// The failure itself, where waiting does not help.
    pub async fn outlast(
        &mut self,
        context: &Context,
        broke: Result<(), Failure>,
    ) -> Result<(), Failure> {
        if let Err(failure) = broke {
            if !failure.may_pass() {
                return Err(failure);
            }
            if !self.said {
                let again = format!("  {failure}; trying again");
                context.screen.note(Tone::Wait, &again);
            }
            self.said = true;
        }
        sleep(self.pause).await;
        self.pause = self.pause.saturating_mul(2).min(LONGEST);
        Ok(())
    }
}
