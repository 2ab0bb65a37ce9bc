//! How a pull comes along. One that does not is given up after a while, so that a registry that has fallen silent
//! holds up no pull from another.

use std::collections::BTreeMap;

use bollard::errors::Error as DockerError;
use bollard::models::CreateImageInfo;
use futures::{Stream, StreamExt};
use gantry_events::Millis;
use tokio::time::timeout;

/// What the engine does to a layer before it asks the registry for it again; that is no progress.
const TRIES_AGAIN: &str = "Retrying";

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

/// Follows a pull to its end, or until nothing of it has moved for `patience`. Dropping the words has the engine
/// end it.
pub(super) async fn follow(
    words: impl Stream<Item = Result<CreateImageInfo, DockerError>>,
    patience: Millis,
) -> Result<(), PullError> {
    let mut words = std::pin::pin!(words);
    let mut seen = BTreeMap::new();
    loop {
        let moves = async {
            while let Some(word) = words.next().await {
                if is_progress(&mut seen, word?) {
                    return Ok(true);
                }
            }
            Ok::<bool, DockerError>(false)
        };
        match timeout(patience.duration(), moves).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => return Ok(()),
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => return Err(PullError::StandsStill(patience)),
        }
    }
}

/// What was last said of each layer.
type Seen = BTreeMap<Option<String>, (Option<String>, Option<i64>)>;

fn is_progress(seen: &mut Seen, word: CreateImageInfo) -> bool {
    let again = |status: &String| status.starts_with(TRIES_AGAIN);
    if word.status.as_ref().is_some_and(again) {
        return false;
    }
    let now = (word.status, word.progress_detail.and_then(|it| it.current));
    seen.insert(word.id, now.clone()) != Some(now)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

    use bollard::models::ProgressDetail;
    use futures::stream::{self, pending};

    use super::*;

    const SOON: Millis = Millis(200);

    fn word(status: &str, current: i64) -> Result<CreateImageInfo, DockerError> {
        Ok(CreateImageInfo {
            id: Some("layer".to_owned()),
            status: Some(status.to_owned()),
            progress_detail: Some(ProgressDetail {
                current: Some(current),
                total: Some(10),
            }),
            ..CreateImageInfo::default()
        })
    }

    /// Says one of these each time a good part of the patience is over.
    fn slowly(
        words: Vec<(&'static str, i64)>,
    ) -> impl Stream<Item = Result<CreateImageInfo, DockerError>> {
        stream::iter(words).then(|(status, current)| async move {
            tokio::time::sleep(SOON.duration() * 3 / 5).await;
            word(status, current)
        })
    }

    #[tokio::test]
    async fn a_pull_that_moves_may_take_as_long_as_it_likes() {
        let words = (1..6).map(|part| ("Downloading", part)).collect();
        follow(slowly(words), SOON).await.unwrap();
    }

    #[tokio::test]
    async fn a_pull_that_stands_still_is_given_up_whatever_the_engine_says_meanwhile() {
        let silent = stream::iter([word("Downloading", 1)]).chain(pending());
        let same = slowly(vec![("Downloading", 1); 5]).chain(pending());
        let tries = ["Retrying in 3 seconds", "Retrying in 2 seconds"].map(|word| (word, 0));
        let trying = slowly([tries; 3].concat()).chain(pending());
        for given_up in [
            follow(silent, SOON).await,
            follow(same, SOON).await,
            follow(trying, SOON).await,
        ] {
            let error = given_up.unwrap_err();
            assert!(matches!(error, PullError::StandsStill(_)), "{error}");
        }
    }

    #[tokio::test]
    async fn what_the_registry_says_ends_it_at_once() {
        let refused = DockerError::DockerStreamError {
            error: "manifest unknown".to_owned(),
        };
        let error = follow(stream::iter([Err(refused)]), SOON)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("manifest unknown"), "{error}");
    }
}
