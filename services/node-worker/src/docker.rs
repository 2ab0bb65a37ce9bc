//! `Engine`: this machine's Docker engine. What is ours in it is known by labels; nothing else is
//! looked at or touched. Nothing is decided here.

mod creation;
mod exec;
mod pull;
mod sight;
mod steps;
mod words;

use std::collections::HashMap;
use std::future::ready;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bollard::errors::Error as DockerError;
use bollard::query_parameters::{EventsOptionsBuilder, ListContainersOptionsBuilder};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures::{Stream, StreamExt};
use gantry_events::{Millis, NodeId, ReplicaKey};
use tokio::sync::OnceCell;

pub use sight::Written;

use crate::files::Files;

/// Longest wait for an answer that should come at once.
const PROMPT: Duration = Duration::from_secs(20);

/// The engine did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It does not answer.
    #[error("the engine at {socket} does not answer: {cause}")]
    Silent {
        /// Its socket.
        socket: String,
        /// What the client said.
        cause: DockerError,
    },
    /// It said no.
    #[error("the engine said: {0}")]
    Said(DockerError),
    /// What a replica brings along cannot be written.
    #[error("the files of the replica cannot be written: {0}; free space on this machine's disk")]
    Files(io::Error),
}

impl EngineError {
    fn of(socket: &str, cause: DockerError) -> Self {
        match cause {
            DockerError::DockerResponseServerError { .. }
            | DockerError::DockerStreamError { .. } => Self::Said(cause),
            cause => Self::Silent {
                socket: socket.to_owned(),
                cause,
            },
        }
    }

    /// The HTTP status it answered with, if it did.
    fn status(&self) -> Option<u16> {
        match self {
            Self::Said(DockerError::DockerResponseServerError { status_code, .. }) => {
                Some(*status_code)
            }
            Self::Said(_) | Self::Silent { .. } | Self::Files(_) => None,
        }
    }
}

/// Whose containers are ours.
#[derive(Clone, Debug)]
pub struct Ours {
    /// Name of the cluster: the label `gantry.cluster`.
    pub cluster: String,
    /// The node: the label `gantry.node`.
    pub node: NodeId,
}

/// The engine behind a unix socket.
#[derive(Debug)]
pub struct Engine {
    socket: String,
    ours: Ours,
    files: Files,
    docker: OnceCell<Docker>,
    looks: AtomicU64,
}

impl Engine {
    /// The engine behind this socket, which finds `files` where this program does. It is first spoken
    /// to when something is asked of it.
    pub fn new(socket: &str, ours: Ours, files: Files) -> Self {
        Self {
            socket: socket.to_owned(),
            ours,
            files,
            docker: OnceCell::new(),
            looks: AtomicU64::new(1),
        }
    }

    /// A client that speaks the version the engine speaks; that is asked once.
    async fn docker(&self) -> Result<&Docker, EngineError> {
        self.docker
            .get_or_try_init(|| async {
                Docker::connect_with_unix(&self.socket, PROMPT.as_secs(), API_DEFAULT_VERSION)?
                    .negotiate_version()
                    .await
            })
            .await
            .map_err(|cause| EngineError::of(&self.socket, cause))
    }

    /// The same, for what may take `time` to be answered.
    async fn patient(&self, time: Millis) -> Result<Docker, EngineError> {
        Ok(self
            .docker()
            .await?
            .clone()
            .with_timeout(PROMPT + time.duration()))
    }

    fn wrong(&self) -> impl FnOnce(DockerError) -> EngineError + '_ {
        |cause| EngineError::of(&self.socket, cause)
    }

    /// Number of a look that begins now.
    fn look_begins(&self) -> u64 {
        self.looks.fetch_add(1, Ordering::Relaxed)
    }

    fn filter(&self) -> HashMap<&'static str, Vec<String>> {
        let (cluster, node) = (&self.ours.cluster, &self.ours.node);
        HashMap::from([(
            "label",
            vec![
                format!("gantry.cluster={cluster}"),
                format!("gantry.node={node}"),
            ],
        )])
    }

    /// Replicas whose process or container came to its end just now. Ends when the engine does, or says
    /// nothing for long; whoever listens looks by itself as well.
    pub async fn changes(
        &self,
    ) -> Result<impl Stream<Item = ReplicaKey> + Send + Unpin + use<>, EngineError> {
        let mut filter = self.filter();
        filter.insert("type", vec!["container".to_owned()]);
        filter.insert("event", ["die", "destroy"].map(str::to_owned).into());
        let options = EventsOptionsBuilder::default().filters(&filter).build();
        let events = self.docker().await?.clone().events(Some(options));
        Ok(Box::pin(
            events
                .take_while(|event| ready(event.is_ok()))
                .filter_map(|event| ready(event.ok().and_then(|event| sight::of_event(&event)))),
        ))
    }

    async fn ids(&self) -> Result<Vec<String>, EngineError> {
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&self.filter())
            .build();
        let found = self
            .docker()
            .await?
            .list_containers(Some(options))
            .await
            .map_err(self.wrong())?;
        Ok(found.into_iter().filter_map(|summary| summary.id).collect())
    }
}
