//! `gantry init`: writes a first file for the current folder, or one that says what a Compose file says.

mod template;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use gantry_spec::{Converted, Fault, ProjectName, from_compose};
use serde_json::{Value, json};

use crate::args::FileArg;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, count};
use crate::file::File;
use crate::output::Tone;

/// Write a first gantry.yaml for this folder
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gantry init                         the smallest file, with comments
  gantry init --from compose.yaml     what a Compose file says, and what could not be carried over

It overwrites nothing.")]
pub struct Init {
    #[command(flatten)]
    file: FileArg,
    /// A Compose file to convert
    #[arg(long, value_name = "COMPOSE.YAML")]
    from: Option<PathBuf>,
}

/// Names that Compose looks for by itself.
const COMPOSE: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
];

impl Init {
    /// Writes the file.
    ///
    /// # Errors
    /// There is one already, it cannot be written, or what should be converted cannot be read.
    pub fn run(&self, context: &Context) -> Result<(), Failure> {
        let project = match &context.common.project {
            Some(project) => project.clone(),
            None => template::project_here(),
        };
        match &self.from {
            Some(path) => self.convert(context, &File::read(path)?, &project),
            None => self.first(context, &project),
        }
    }

    fn first(&self, context: &Context, project: &ProjectName) -> Result<(), Failure> {
        self.write(&template::smallest(project, template::exposed_port()))?;
        if let Some(compose) = COMPOSE.iter().find(|name| PathBuf::from(name).exists()) {
            let hint = format!(
                "there is a {compose} too: `gantry init --from {compose} -f OTHER.yaml` converts it"
            );
            context.screen.note(Tone::Dim, &hint);
        }
        self.conclude(context, project, &[], "edit it, then")
    }

    fn convert(
        &self,
        context: &Context,
        compose: &File,
        project: &ProjectName,
    ) -> Result<(), Failure> {
        let named = context.common.project.as_ref();
        let converted = from_compose(&compose.text, named, project);
        let Converted {
            text,
            project,
            dropped,
        } = converted.map_err(|faults| compose.faults(faults))?;
        self.write(&text)?;
        for fault in &dropped {
            context.screen.note(Tone::Wait, &compose.show(fault));
        }
        if !dropped.is_empty() {
            let count = count(dropped.len(), "thing");
            let told = format!(
                "{count} of {} could not be carried over, each shown above",
                compose.name
            );
            context.screen.note(Tone::Plain, &told);
        }
        let next = match gantry_spec::parse(&text) {
            Ok(_) => "look it through, then",
            Err(_) => "mend what `gantry validate` shows, then",
        };
        self.conclude(context, &project, &dropped, next)
    }

    /// Writes the file where there is none.
    fn write(&self, text: &str) -> Result<(), Failure> {
        let path = &self.file.path;
        if path.as_os_str() == "-" {
            return Err(Failure::bad_input(
                "a file cannot be written to standard input",
                "name one with -f",
            ));
        }
        let new = OpenOptions::new().write(true).create_new(true).open(path);
        let written = new.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Failure::here(
                Exit::Refused,
                format!("{} is there already; nothing was written", path.display()),
                "remove it, or name another file with -f",
            ),
            _ => Failure::here(
                Exit::Failed,
                format!("{} cannot be written: {error}", path.display()),
                "name another file with -f",
            ),
        })
    }

    fn conclude(
        &self,
        context: &Context,
        project: &ProjectName,
        dropped: &[Fault],
        next: &str,
    ) -> Result<(), Failure> {
        let path = self.file.path.display().to_string();
        if !context.screen.is_for_people() {
            let dropped = Value::from(dropped.iter().map(|fault| json!(fault)).collect::<Vec<_>>());
            let made = json!({"file": path, "project": project, "not_carried": dropped});
            return context.screen.value(&made);
        }
        context
            .screen
            .line(format!("{path} is written: project {project}"))?;
        context
            .screen
            .note(Tone::Dim, &format!("{next} `gantry deploy`"));
        Ok(())
    }
}
