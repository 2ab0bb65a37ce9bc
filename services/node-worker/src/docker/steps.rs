//! Steps carried out on the engine. Each may be repeated, and says how it ended.

use bollard::query_parameters::{
    CreateContainerOptionsBuilder, CreateImageOptionsBuilder, RemoveContainerOptionsBuilder,
    StopContainerOptionsBuilder,
};
use gantry_events::{Millis, ReplicaKey};
use gantry_node_worker_core::{Action, ContainerId, Creation, Outcome};
use gantry_spec::ImageRef;

use super::pull::{self, PullError};
use super::{Engine, EngineError, creation};
use crate::output;

/// Longest time in which nothing of an image comes while it is pulled. Long enough for the largest layer to be
/// written on a disk that is busy: what is given up begins anew.
const PULL_PATIENCE: Millis = Millis::from_secs(120);

/// Words of an engine or registry by which an image cannot be had, however often it is asked for.
const NO_SUCH_IMAGE: [&str; 7] = [
    "manifest unknown",
    "name unknown",
    "repository name not known",
    "no matching manifest",
    "invalid reference format",
    "pull access denied",
    "requested access to the resource is denied",
];

/// Words by which the runtime says that it got as far as starting the process of a container. Without
/// them the same causes may be the engine's own, and pass: a socket or a runtime that is not there
/// while it restarts.
const RUNTIME: [&str; 2] = [
    "unable to start container process",
    "starting container process caused",
];

/// The word by which the runtime names the program that it could not run.
const EXEC: &str = "exec: ";

/// Words by which a program can never be run in this container.
const NO_SUCH_PROGRAM: [&str; 5] = [
    "executable file not found",
    "no such file or directory",
    "is a directory",
    "permission denied",
    "exec format error",
];

/// Words by which a file cannot stand where the image has a folder.
const NO_PLACE_FOR_FILE: &str = "are you trying to mount a directory onto a file";

/// Words by which the port of the machine is somebody else's.
const PORT_TAKEN: [&str; 2] = ["port is already allocated", "address already in use"];

/// Whether the engine itself said one of these words. What a silent one did not say means nothing.
fn says(error: &EngineError, words: &[&str]) -> bool {
    match error {
        EngineError::Said(cause) => {
            let said = cause.to_string().to_lowercase();
            words.iter().any(|word| said.contains(word))
        }
        EngineError::Silent { .. } | EngineError::Files(_) => false,
    }
}

fn can_never_run(error: &EngineError) -> bool {
    let no_program = says(error, &RUNTIME) && says(error, &[EXEC]) && says(error, &NO_SUCH_PROGRAM);
    no_program || says(error, &["no command specified", NO_PLACE_FOR_FILE])
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
            Action::ReadTail { .. } => self.tail(replica).await,
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
                error if says(&error, &NO_SUCH_IMAGE) => Ok(never(&error)),
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
            Err(error) if says(&error, &PORT_TAKEN) => {
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

    async fn tail(&self, replica: &ReplicaKey) -> Result<Outcome, EngineError> {
        let written = self.written(replica).await?;
        Ok(Outcome::Tail(
            written.as_ref().map(output::tail).unwrap_or_default(),
        ))
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

#[cfg(test)]
mod tests {
    use bollard::errors::Error as DockerError;

    use super::*;

    fn said(message: &str) -> EngineError {
        EngineError::Said(DockerError::DockerResponseServerError {
            status_code: 500,
            message: message.to_owned(),
        })
    }

    #[test]
    fn a_program_that_the_runtime_cannot_run_is_final() {
        for message in [
            r#"failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "no-such": executable file not found in $PATH: unknown"#,
            r#"OCI runtime create failed: runc create failed: unable to start container process: exec: "/etc/passwd": permission denied: unknown"#,
            r#"OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "/x": stat /x: no such file or directory: unknown"#,
            "no command specified",
        ] {
            assert!(can_never_run(&said(message)), "{message}");
        }
    }

    #[test]
    fn an_engine_that_restarts_or_lacks_its_runtime_fails_nobody() {
        for message in [
            "connection error: desc = \"transport: error while dialing: dial unix /run/containerd/containerd.sock: connect: no such file or directory\"",
            "dial unix /run/containerd/containerd.sock: connect: permission denied",
            r#"failed to start shim: start failed: exec: "containerd-shim-runc-v2": executable file not found in $PATH"#,
            r#"OCI runtime create failed: unable to retrieve OCI runtime error (open /run/log.json: no such file or directory): exec: "runc": executable file not found in $PATH: unknown"#,
            "OCI runtime create failed: runc create failed: unable to start container process: unable to apply cgroup configuration: open /sys/fs/cgroup/x: no such file or directory",
        ] {
            assert!(!can_never_run(&said(message)), "{message}");
        }
    }

    #[test]
    fn a_registry_that_denies_an_image_is_final_and_a_denial_of_something_else_is_not() {
        let no_image = |message| says(&said(message), &NO_SUCH_IMAGE);
        assert!(no_image(
            "pull access denied for shop/web, repository does not exist or may require 'docker login'"
        ));
        assert!(no_image(
            "denied: requested access to the resource is denied"
        ));
        assert!(no_image(
            "manifest for web:9 not found: manifest unknown: manifest unknown"
        ));
        assert!(!no_image(
            "mkdir /var/lib/docker/tmp/download: permission denied"
        ));
    }
}
