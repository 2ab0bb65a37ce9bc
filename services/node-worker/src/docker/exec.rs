//! Programs run in a replica's container to ask how it is: each with an end, whatever it does.

use bollard::container::LogOutput;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::{ExecConfig, ExecInspectResponse};
use futures::StreamExt;
use gantry_events::Millis;
use gantry_node_worker_core::ContainerId;
use tokio::time::timeout;

use super::{Engine, EngineError};
use crate::processes;

/// Most bytes of a line that are kept of what a program writes.
const LINE: usize = 200;

impl Engine {
    /// Runs a program in a container, and says in a sentence why the answer is bad: its exit code or
    /// that it did not end in time, and the last line it wrote. One that did not end is ended.
    pub async fn ask_program(
        &self,
        container: &ContainerId,
        command: &[String],
        within: Millis,
    ) -> Result<(), String> {
        let program = command.first().map_or("", String::as_str);
        let mut last = LastLine::default();
        let id = match timeout(within.duration(), self.create_exec(container, command)).await {
            Ok(created) => created.map_err(|error| error.to_string())?,
            Err(_) => {
                return Err(format!(
                    "the engine did not run `{program}` within {within}"
                ));
            }
        };
        let ran = timeout(within.duration(), self.run_exec(&id, &mut last)).await;
        if let Ok(Err(error)) = ran {
            return Err(error.to_string());
        }
        let seen = self
            .inspect_exec(&id)
            .await
            .map_err(|error| error.to_string())?;
        match seen.exit_code {
            Some(0) => Ok(()),
            Some(code) => Err(format!("`{program}` ended with exit code {code}{last}")),
            None => {
                end(container, &seen);
                Err(format!("`{program}` did not end within {within}{last}"))
            }
        }
    }

    /// Ends what an earlier worker left running of this very command.
    pub async fn end_left_programs(
        &self,
        container: &ContainerId,
        command: &[String],
    ) -> Result<(), EngineError> {
        let docker = self.docker().await?;
        let found = docker
            .inspect_container(&container.0, None)
            .await
            .map_err(self.wrong())?;
        for id in found.exec_ids.unwrap_or_default() {
            let seen = self.inspect_exec(&id).await?;
            if seen.running == Some(true) && runs(&seen, command) {
                end(container, &seen);
            }
        }
        Ok(())
    }

    async fn create_exec(
        &self,
        container: &ContainerId,
        command: &[String],
    ) -> Result<String, EngineError> {
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command.to_vec()),
            ..ExecConfig::default()
        };
        let docker = self.docker().await?;
        let created = docker.create_exec(&container.0, config).await;
        Ok(created.map_err(self.wrong())?.id)
    }

    async fn run_exec(&self, id: &str, last: &mut LastLine) -> Result<(), EngineError> {
        let docker = self.docker().await?;
        let started = docker.start_exec(id, None::<StartExecOptions>).await;
        if let StartExecResults::Attached { mut output, .. } = started.map_err(self.wrong())? {
            while let Some(frame) = output.next().await {
                last.write(frame.map_err(self.wrong())?);
            }
        }
        Ok(())
    }

    async fn inspect_exec(&self, id: &str) -> Result<ExecInspectResponse, EngineError> {
        let docker = self.docker().await?;
        docker.inspect_exec(id).await.map_err(self.wrong())
    }
}

fn end(container: &ContainerId, exec: &ExecInspectResponse) {
    let pid = exec.pid.and_then(|pid| i32::try_from(pid).ok());
    if let Some(pid) = pid {
        processes::end_with_children(pid, &container.0);
    }
}

fn runs(exec: &ExecInspectResponse, command: &[String]) -> bool {
    let config = exec.process_config.as_ref();
    config.is_some_and(|config| {
        let program = config.entrypoint.as_deref().into_iter();
        let rest = config.arguments.iter().flatten().map(String::as_str);
        program.chain(rest).eq(command.iter().map(String::as_str))
    })
}

/// The last line with ink of what a program writes.
#[derive(Default)]
struct LastLine {
    line: Vec<u8>,
    is_over: bool,
}

impl LastLine {
    fn write(&mut self, frame: LogOutput) {
        for byte in frame.into_bytes() {
            match byte {
                b'\n' | b'\r' => self.is_over = true,
                byte => self.push(byte),
            }
        }
    }

    fn push(&mut self, byte: u8) {
        if self.is_over {
            self.is_over = false;
            self.line.clear();
        }
        if self.line.len() < LINE {
            self.line.push(byte);
        }
    }
}

impl std::fmt::Display for LastLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = String::from_utf8_lossy(&self.line);
        match line.trim() {
            "" => Ok(()),
            line => write!(f, ": {line}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_a_program_writes_the_last_line_is_told_once_it_has_one() {
        let mut last = LastLine::default();
        assert_eq!(last.to_string(), "");
        for text in ["connecting\nno ", "response\n", "\n"] {
            let message = text.into();
            last.write(LogOutput::StdOut { message });
        }
        assert_eq!(last.to_string(), ": no response");
    }
}
