//! How a pull comes along. One that does not is given up after a while, so that a registry that has fallen silent
//! holds up no pull from another.

use std::collections::BTreeMap;
use std::future::pending;

use bollard::errors::Error as DockerError;
use bollard::models::CreateImageInfo;
use futures::{Stream, StreamExt};
use gantry_events::Millis;
use tokio::time::timeout;

/// What the engine does to a layer before it asks the registry for it again; that is no progress.
const TRIES_AGAIN: &str = "Retrying";

/// What the engine says once of a layer that others keep from being downloaded: it takes three at a time, of all images.
const WAITS: &str = "Waiting";

/// What the engine says of a layer that asks nothing more of the registry.
const COME: [&str; 3] = ["Already exists", "Download complete", "Pull complete"];

/// How a word about the image begins that looks like one about a layer.
const WHOLE: &str = "Pulling from";

/// Silences in a row after which a turn is waited for no more: the engine does not say when it comes, so it may be
/// the registry that is silent.
const TURNS: u64 = 15;

/// A pull did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum PullError {
    /// The engine or the registry said so.
    #[error("{0}")]
    Said(#[from] DockerError),
    /// Nothing moved any more.
    #[error(
        "the image came no further for {0}; see whether its registry answers, it is asked again"
    )]
    StandsStill(Millis),
}

/// Follows a pull to its end, or until nothing of it has moved for `patience`; one that only waits for its turn is
/// given `TURNS` times as long. Dropping the words has the engine end it.
pub(super) async fn follow(
    words: impl Stream<Item = Result<CreateImageInfo, DockerError>>,
    patience: Millis,
) -> Result<(), PullError> {
    let silence = || async move {
        let _over = timeout(patience.duration(), pending::<()>()).await;
    };
    follow_by(words, patience, silence).await
}

/// The same, by a clock that ends each silence after `patience`.
async fn follow_by<Silence: Future<Output = ()>>(
    words: impl Stream<Item = Result<CreateImageInfo, DockerError>>,
    patience: Millis,
    silence: impl Fn() -> Silence,
) -> Result<(), PullError> {
    let mut words = std::pin::pin!(words);
    let mut layers = Layers::default();
    let mut silences = 0;
    loop {
        tokio::select! {
            biased;
            moved = layers.move_by(words.as_mut()) => {
                if !moved? {
                    return Ok(());
                }
                silences = 0;
            }
            () = silence() => {
                silences += 1;
                if silences == TURNS || !layers.wait_for_their_turn() {
                    return Err(PullError::StandsStill(Millis(patience.0 * silences)));
                }
            }
        }
    }
}

/// What was last said of each layer.
#[derive(Default)]
struct Layers {
    seen: BTreeMap<Option<String>, (Option<String>, Option<i64>)>,
    /// Those that are still to come, and whether the engine has not begun with them.
    to_come: BTreeMap<String, bool>,
}

impl Layers {
    /// Hears words up to the next that is progress; false once there are no more.
    async fn move_by(
        &mut self,
        mut words: impl Stream<Item = Result<CreateImageInfo, DockerError>> + Unpin,
    ) -> Result<bool, DockerError> {
        while let Some(word) = words.next().await {
            if self.hear(word?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the word is progress.
    fn hear(&mut self, word: CreateImageInfo) -> bool {
        if let (Some(id), Some(status)) = (&word.id, &word.status) {
            self.note(id, status);
        }
        let again = |status: &String| status.starts_with(TRIES_AGAIN);
        if word.status.as_ref().is_some_and(again) {
            return false;
        }
        let now = (word.status, word.progress_detail.and_then(|it| it.current));
        self.seen.insert(word.id, now.clone()) != Some(now)
    }

    fn note(&mut self, id: &str, status: &str) {
        if COME.contains(&status) {
            self.to_come.remove(id);
        } else if !status.starts_with(WHOLE) {
            self.to_come.insert(id.to_owned(), status == WAITS);
        }
    }

    /// Whether all that is still to come is held up by pulls that the engine began earlier.
    fn wait_for_their_turn(&self) -> bool {
        !self.to_come.is_empty() && self.to_come.values().all(|waits| *waits)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test ends at the first surprise"
    )]

    use std::cell::Cell;
    use std::future::poll_fn;
    use std::task::{Context, Poll, Waker};

    use bollard::models::ProgressDetail;
    use futures::stream::{self, pending};

    use super::*;

    const PATIENCE: Millis = Millis(200);

    /// A clock moved by hand, in milliseconds.
    #[derive(Default)]
    struct Clock(Cell<u64>);

    impl Clock {
        /// Over that much later.
        fn sleep(&self, time: u64) -> impl Future<Output = ()> + '_ {
            let until = self.0.get() + time;
            poll_fn(move |_| {
                if self.0.get() < until {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            })
        }

        /// Follows what the engine says, time passing whenever nobody has anything to do.
        fn follow(&self, words: impl Stream<Item = Said>) -> Result<(), PullError> {
            let silence = || self.sleep(PATIENCE.0);
            let mut pull = std::pin::pin!(follow_by(words, PATIENCE, silence));
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..10_000 {
                if let Poll::Ready(end) = pull.as_mut().poll(&mut context) {
                    return end;
                }
                self.0.set(self.0.get() + 10);
            }
            panic!("the pull comes to no end");
        }

        /// Says one of these each time a good part of the patience is over.
        fn slowly(&self, words: &[Word]) -> impl Stream<Item = Said> {
            stream::iter(words.to_vec()).then(move |word| async move {
                self.sleep(PATIENCE.0 * 3 / 5).await;
                said(word)
            })
        }
    }

    type Said = Result<CreateImageInfo, DockerError>;

    /// Layer, status, bytes so far.
    type Word = (&'static str, &'static str, i64);

    fn said((layer, status, current): Word) -> Said {
        Ok(CreateImageInfo {
            id: Some(layer.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: Some(ProgressDetail {
                current: Some(current),
                total: Some(10),
            }),
            ..CreateImageInfo::default()
        })
    }

    #[test]
    fn a_pull_that_moves_may_take_as_long_as_it_likes() {
        let clock = Clock::default();
        let words: Vec<Word> = (1..50).map(|part| ("a", "Downloading", part)).collect();
        clock.follow(clock.slowly(&words)).unwrap();
    }

    #[test]
    fn a_pull_that_stands_still_is_given_up_whatever_the_engine_says_meanwhile() {
        for words in [
            vec![("a", "Downloading", 1)],
            vec![("a", "Downloading", 1); 50],
            [
                ("a", "Retrying in 3 seconds", 0),
                ("a", "Retrying in 2 seconds", 0),
            ]
            .repeat(50),
            vec![("1", "Pulling from shop/web", 0)],
            vec![("a", "Waiting", 0), ("b", "Downloading", 1)],
            vec![("a", "Waiting", 0), ("a", "Retrying in 3 seconds", 0)],
            vec![("a", "Waiting", 0), ("a", "Download complete", 0)],
        ] {
            let clock = Clock::default();
            let error = clock
                .follow(clock.slowly(&words).chain(pending()))
                .unwrap_err();
            assert!(matches!(error, PullError::StandsStill(PATIENCE)), "{error}");
        }
    }

    #[test]
    fn a_pull_whose_layers_all_wait_for_other_pulls_is_given_more_time_but_not_for_ever() {
        let queued = [
            ("1", "Pulling from shop/web", 0),
            ("a", "Already exists", 0),
            ("b", "Pulling fs layer", 0),
            ("b", "Waiting", 0),
        ];
        let clock = Clock::default();
        let turn =
            stream::once(clock.sleep(PATIENCE.0 * 10)).map(|()| said(("b", "Downloading", 1)));
        clock.follow(clock.slowly(&queued).chain(turn)).unwrap();
        let clock = Clock::default();
        let error = clock
            .follow(clock.slowly(&queued).chain(pending()))
            .unwrap_err();
        assert!(error.to_string().contains("no further for 3s"), "{error}");
    }

    #[test]
    fn what_the_registry_says_ends_it_at_once() {
        let refused = DockerError::DockerStreamError {
            error: "manifest unknown".to_owned(),
        };
        let error = Clock::default()
            .follow(stream::iter([Err(refused)]))
            .unwrap_err();
        assert!(error.to_string().contains("manifest unknown"), "{error}");
    }
}
