//! Steps carried out on the engine. Each may be repeated, and says how it ended.

use bollard::query_parameters::{
    CreateContainerOptionsBuilder, CreateImageOptionsBuilder, RemoveContainerOptionsBuilder,
    StopContainerOptionsBuilder,
};
use gantry_events::{Millis, ReplicaKey};
use gantry_node_worker_core::{Action, ContainerId, Creation, Outcome};
use gantry_spec::ImageRef;

use super::pull::{self, PullError};
use super::words::{can_never_run, has_no_such_image, is_port_taken};
use super::{Engine, EngineError, creation};
use crate::output;

/// Longest time in which nothing of an image comes while it is pulled. Long enough for the largest layer to be
/// written on a disk that is busy: what is given up begins anew.
const PULL_PATIENCE: Millis = Millis::from_secs(120);

fn later(error: &EngineError) -> Outcome {
    Outcome::Retry {
        because: error.to_string(),
    }
}

fn never(error: &EngineError) -> Outcome {
    Outcome::Refuse {
        because: error.to_string(),
    }
}

impl Engine {
    /// Carries out one step of one replica.
    pub async fn carry_out(&self, replica: &ReplicaKey, action: &Action) -> Outcome {
        let done = match action {
            Action::Pull { image } => self.pull(image).await,
            Action::Create(creation) => self.create(replica, creation).await,
            Action::Start { container } => self.start(container).await,
            Action::Stop { container, grace } => self.stop(container, *grace).await,
            Action::Remove { container } => self.remove(container).await,
            Action::ReadTail { .. } => Ok(self.tail(replica).await),
        };
        done.unwrap_or_else(|error| later(&error))
    }

    async fn pull(&self, image: &ImageRef) -> Result<Outcome, EngineError> {
        if self.has(image).await? {
            return Ok(Outcome::Pulled);
        }
        let options = CreateImageOptionsBuilder::default()
            .from_image(image.as_str())
            .build();
        let docker = self.patient(PULL_PATIENCE).await?;
        let words = docker.create_image(Some(options), None, None);
        match pull::follow(words, PULL_PATIENCE).await {
            Ok(()) => Ok(Outcome::Pulled),
            Err(error @ PullError::StandsStill(_)) => Ok(Outcome::Retry {
                because: error.to_string(),
            }),
            Err(PullError::Said(cause)) => match self.wrong()(cause) {
                error if has_no_such_image(&error) => Ok(never(&error)),
                error => Err(error),
            },
        }
    }

    async fn has(&self, image: &ImageRef) -> Result<bool, EngineError> {
        match self
            .docker()
            .await?
            .inspect_image(image.as_str())
            .await
            .map_err(self.wrong())
        {
            Ok(_) => Ok(true),
            Err(error) if error.status() == Some(404) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn create(
        &self,
        replica: &ReplicaKey,
        creation: &Creation,
    ) -> Result<Outcome, EngineError> {
        let name = creation::name(replica);
        match self.make(&name, replica, creation).await {
            Ok(()) => self.sight(&name).await,
            Err(error) if error.status() == Some(409) => self.taken(&name, replica, &error).await,
            // The image was removed after it had been pulled.
            Err(error) if error.status() == Some(404) => {
                match self.pull(&creation.spec.image).await? {
                    Outcome::Pulled => {
                        self.make(&name, replica, creation).await?;
                        self.sight(&name).await
                    }
                    other => Ok(other),
                }
            }
            Err(error) if error.status() == Some(400) => Ok(never(&error)),
            Err(error) => Err(error),
        }
    }

    async fn make(
        &self,
        name: &str,
        replica: &ReplicaKey,
        creation: &Creation,
    ) -> Result<(), EngineError> {
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        let files = self.files.put(replica, &creation.spec);
        let files = files.map_err(EngineError::Files)?;
        let body = creation::body(&self.ours, replica, creation, &files);
        self.docker()
            .await?
            .create_container(Some(options), body)
            .await
            .map_err(self.wrong())
            .map(|_| ())
    }

    /// The name is taken: by an earlier try of ours, or by somebody else.
    async fn taken(
        &self,
        name: &str,
        replica: &ReplicaKey,
        error: &EngineError,
    ) -> Result<Outcome, EngineError> {
        match self.inspect(name).await? {
            Some((key, _)) if key == *replica => self.sight(name).await,
            Some(_) | None => Ok(never(error)),
        }
    }

    async fn start(&self, container: &ContainerId) -> Result<Outcome, EngineError> {
        match self
            .docker()
            .await?
            .start_container(&container.0, None)
            .await
            .map_err(self.wrong())
        {
            Ok(()) => self.sight(&container.0).await,
            Err(error) if error.status() == Some(404) => self.sight(&container.0).await,
            // A container keeps its port for life, so another port needs another container.
            Err(error) if is_port_taken(&error) => {
                self.remove(container).await?;
                Ok(later(&error))
            }
            Err(error) if can_never_run(&error) => Ok(never(&error)),
            Err(error) => Err(error),
        }
    }

    async fn stop(&self, container: &ContainerId, grace: Millis) -> Result<Outcome, EngineError> {
        let seconds = i32::try_from(grace.0.div_ceil(1000)).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::default().t(seconds).build();
        let docker = self.patient(grace).await?;
        match docker
            .stop_container(&container.0, Some(options))
            .await
            .map_err(self.wrong())
        {
            Ok(()) => self.sight(&container.0).await,
            Err(error) if matches!(error.status(), Some(304 | 404)) => {
                self.sight(&container.0).await
            }
            Err(error) => Err(error),
        }
    }

    async fn tail(&self, replica: &ReplicaKey) -> Outcome {
        match self.written(replica).await {
            Ok(written) => Outcome::Tail(written.as_ref().map(output::tail).unwrap_or_default()),
            Err(error) => Outcome::Unread {
                because: error.to_string(),
            },
        }
    }

    async fn remove(&self, container: &ContainerId) -> Result<Outcome, EngineError> {
        let options = RemoveContainerOptionsBuilder::default().v(true).build();
        match self
            .docker()
            .await?
            .remove_container(&container.0, Some(options))
            .await
            .map_err(self.wrong())
        {
            Ok(()) => self.sight(&container.0).await,
            Err(error) if error.status() == Some(404) => self.sight(&container.0).await,
            Err(error) => Err(error),
        }
    }
}
