//! Steps carried out on the engine. Each may be repeated, and says how it ended.

use bollard::query_parameters::{
    CreateContainerOptionsBuilder, CreateImageOptionsBuilder, RemoveContainerOptionsBuilder,
    StopContainerOptionsBuilder,
};
use futures::TryStreamExt;
use gantry_events::{Millis, ReplicaKey};
use gantry_node_worker_core::{Action, ContainerId, Creation, Outcome};
use gantry_spec::ImageRef;

use super::{Engine, EngineError, creation};

/// Longest time without a word while an image is pulled.
const PULL_SILENCE: Millis = Millis::from_secs(300);

/// Words of an engine or registry by which an image cannot be had, however often it is asked for.
const NO_SUCH_IMAGE: [&str; 6] = [
    "manifest unknown",
    "name unknown",
    "repository name not known",
    "no matching manifest",
    "invalid reference format",
    "denied",
];

/// Words by which a process can never be started in this container.
const NO_SUCH_PROGRAM: [&str; 5] = [
    "executable file not found",
    "no such file or directory",
    "permission denied",
    "exec format error",
    "no command specified",
];

/// Words by which the port of the machine is somebody else's.
const PORT_TAKEN: [&str; 2] = ["port is already allocated", "address already in use"];

fn says(error: &EngineError, words: &[&str]) -> bool {
    let said = error.to_string().to_lowercase();
    words.iter().any(|word| said.contains(word))
}

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
            Action::ReadTail { container } => Ok(Outcome::Tail(self.tail(&container.0).await)),
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
        let docker = self.patient(PULL_SILENCE).await?;
        let pulled = docker
            .create_image(Some(options), None, None)
            .try_for_each(|_| async { Ok(()) })
            .await;
        match pulled.map_err(self.wrong()) {
            Ok(()) => Ok(Outcome::Pulled),
            Err(error) if says(&error, &NO_SUCH_IMAGE) => Ok(never(&error)),
            Err(error) => Err(error),
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
        let body = creation::body(&self.ours, replica, creation);
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
            Err(error) if says(&error, &PORT_TAKEN) => {
                self.remove(container).await?;
                Ok(later(&error))
            }
            Err(error) if says(&error, &NO_SUCH_PROGRAM) => Ok(never(&error)),
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
