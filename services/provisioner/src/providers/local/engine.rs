//! The engine: one connection to it, each call with its deadline, and what can go wrong.

use std::path::PathBuf;
use std::time::Duration;

use bollard::errors::Error as Docker;
use tokio::sync::OnceCell;

use super::container::CLUSTER;
use crate::settings::ClusterId;

/// Longest wait for one answer of the engine. Starting a container takes a third of a second; an engine
/// whose disk is busy takes many.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The engine could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The engine said no, or cannot be reached.
    #[error("{doing} failed: {cause}{}", way_out(.cause))]
    Engine {
        /// What was being done.
        doing: String,
        /// What the engine or the connection said.
        cause: Docker,
    },
    /// The engine did not answer. What was asked may have been done.
    #[error("{doing} was not answered within {} s; see whether the engine is busy", ANSWER_WITHIN.as_secs())]
    Late {
        /// What was being done.
        doing: String,
    },
    /// Something of that name belongs to somebody else.
    #[error("{what} is not labelled {CLUSTER}={cluster}, so it is not ours; remove or rename it")]
    Foreign {
        /// The container or volume.
        what: String,
        /// Our cluster.
        cluster: ClusterId,
    },
    /// The name is taken by a container that is not there yet, or not any more.
    #[error("container {0} is being made or removed; it is looked at again")]
    Changing(String),
}

fn way_out(cause: &Docker) -> &'static str {
    let text = cause.to_string();
    if text.contains("No such image") {
        return "; run `make images`";
    }
    ""
}

/// The engine behind a socket.
#[derive(Debug)]
pub(super) struct Engine {
    socket: PathBuf,
    client: OnceCell<bollard::Docker>,
}

impl Engine {
    pub(super) fn new(socket: PathBuf) -> Self {
        Self {
            socket,
            client: OnceCell::new(),
        }
    }

    /// The connection, made when it is first asked for.
    pub(super) async fn client(&self) -> Result<&bollard::Docker, LocalError> {
        let connect = || async {
            let socket = self.socket.display().to_string();
            let doing = format!("connecting to the engine at {socket}");
            let client = bollard::Docker::connect_with_unix(
                &socket,
                ANSWER_WITHIN.as_secs(),
                bollard::API_DEFAULT_VERSION,
            );
            let client = client.map_err(|cause| LocalError::Engine {
                doing: doing.clone(),
                cause,
            })?;
            answer(&doing, client.negotiate_version()).await
        };
        self.client.get_or_try_init(connect).await
    }
}

/// One call, with its deadline.
pub(super) async fn answer<T>(
    doing: &str,
    call: impl Future<Output = Result<T, Docker>>,
) -> Result<T, LocalError> {
    let doing = || doing.to_owned();
    match tokio::time::timeout(ANSWER_WITHIN, call).await {
        Ok(answer) => answer.map_err(|cause| LocalError::Engine {
            doing: doing(),
            cause,
        }),
        Err(_) => Err(LocalError::Late { doing: doing() }),
    }
}

pub(super) fn status(error: &Docker) -> Option<u16> {
    match error {
        Docker::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}
