//! What the words of an engine mean: which of its errors last, whatever is tried. What follows from one is `steps`.

use super::EngineError;

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

/// Whether the image cannot be had.
pub(super) fn has_no_such_image(error: &EngineError) -> bool {
    says(error, &NO_SUCH_IMAGE)
}

/// Whether the port of the machine is somebody else's.
pub(super) fn is_port_taken(error: &EngineError) -> bool {
    says(error, &PORT_TAKEN)
}

/// Whether the container's process can never be started.
pub(super) fn can_never_run(error: &EngineError) -> bool {
    let no_program = says(error, &RUNTIME) && says(error, &[EXEC]) && says(error, &NO_SUCH_PROGRAM);
    no_program || says(error, &["no command specified", NO_PLACE_FOR_FILE])
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
        let no_image = |message| has_no_such_image(&said(message));
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
