//! What can be written after `gantry`, as types. The environment is read here, by the names that
//! each option shows.

mod past;

pub use past::Past;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use gantry_events::{EnvironmentName, Millis, ParseNameError, ProjectName};

use crate::commands;
use crate::failure::Failure;

/// Deploys load-balanced services from one file.
#[derive(Debug, Parser)]
#[command(
    name = "gantry",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub struct Args {
    /// What every verb takes.
    #[command(flatten)]
    pub common: Common,
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is asked for.
#[derive(Debug, Subcommand)]
#[allow(
    missing_docs,
    reason = "each verb is documented at its type, which is also its help"
)]
pub enum Verb {
    Init(commands::init::Init),
    Validate(commands::validate::Validate),
    Config(commands::config::Config),
    Plan(commands::plan::Plan),
    Deploy(commands::deploy::Deploy),
    Status(commands::status::Status),
    Ps(commands::ps::Ps),
    Logs(commands::logs::Logs),
    Events(commands::events::Events),
    Why(commands::why::Why),
    Scale(commands::scale::Scale),
    Restart(commands::restart::Restart),
    Releases(commands::releases::Releases),
    Rollback(commands::rollback::Rollback),
    Rm(commands::rm::Rm),
    #[command(subcommand)]
    Node(commands::node::Node),
    #[command(subcommand)]
    Pool(commands::pool::Pool),
    #[command(subcommand)]
    Image(commands::image::Image),
    Schema(commands::schema::Schema),
    Completion(commands::completion::Completion),
    Version(commands::version::Version),
}

/// Options that every verb takes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Project [default: the file's]
    #[arg(short, long, global = true, value_name = "NAME")]
    pub project: Option<ProjectName>,
    /// Environment of the file: the project PROJECT-NAME
    #[arg(long = "env", global = true, value_name = "NAME")]
    pub environment: Option<EnvironmentName>,
    /// Form of what is printed; json is the api's own
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "table|json|yaml",
        hide_possible_values = true
    )]
    pub output: Format,
    /// Wait until what was asked for has ended (the default)
    #[arg(long, global = true, overrides_with = "no_wait")]
    wait: bool,
    /// Return once what was asked for is accepted
    #[arg(long, global = true, overrides_with = "wait")]
    no_wait: bool,
    /// How long to wait, as 90s or 10m
    #[arg(long, global = true, value_name = "TIME", default_value = "10m", value_parser = time)]
    pub timeout: Millis,
    /// Address of the api
    #[arg(
        long,
        global = true,
        env = "GANTRY_URL",
        default_value = "http://127.0.0.1:7070"
    )]
    pub url: String,
    /// Bearer token
    #[arg(long, global = true, env = "GANTRY_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Show results and errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Ask nothing
    #[arg(short, long, global = true)]
    pub yes: bool,
}

impl Common {
    /// The project that is named, as the environment that is named has it.
    ///
    /// # Errors
    /// The two together are too long for a name.
    pub fn named_project(&self) -> Result<Option<ProjectName>, Failure> {
        let (Some(project), Some(environment)) = (&self.project, &self.environment) else {
            return Ok(self.project.clone());
        };
        let name = format!("{project}-{environment}").parse();
        name.map(Some).map_err(|error: ParseNameError| {
            Failure::bad_input(error.to_string(), "name a shorter project with -p")
        })
    }

    /// Whether to wait for the end.
    pub fn waits(&self) -> bool {
        self.wait || !self.no_wait
    }
}

/// Form of what is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// As the api has it.
    Json,
    /// The same as YAML.
    Yaml,
}

impl Format {
    /// The form that these words ask for, even where they cannot all be read.
    pub fn among(words: impl Iterator<Item = String>) -> Self {
        let mut words = words.take_while(|word| word != "--");
        let mut form = Self::default();
        while let Some(word) = words.next() {
            let said = match word.as_str() {
                "-o" | "--output" => words.next(),
                word => word
                    .strip_prefix("--output=")
                    .or_else(|| word.strip_prefix("-o"))
                    .map(|said| said.trim_start_matches('=').to_owned()),
            };
            let said = said.and_then(|said| Self::from_str(&said, false).ok());
            form = said.unwrap_or(form);
        }
        form
    }
}

/// The file that is taken where none is named.
pub const FILE: &str = "gantry.yaml";

/// The file, for verbs that read it.
#[derive(Clone, Debug, clap::Args)]
pub struct FileArg {
    /// The project's file, or - for standard input
    #[arg(
        short = 'f',
        long = "file",
        value_name = "FILE",
        default_value = FILE
    )]
    pub path: PathBuf,
}

impl FileArg {
    /// Whether the file was not named, and the one that is taken then is not there.
    pub fn is_missing(&self) -> bool {
        self.path.as_os_str() == FILE && !self.path.exists()
    }
}

/// Where the ingress answers, for the addresses that are shown.
#[derive(Clone, Debug, clap::Args)]
pub struct Ingress {
    /// Port of the HTTP ingress, for the addresses that are shown
    #[arg(
        long,
        env = "GANTRY_HTTP_PORT",
        default_value_t = 8080,
        value_name = "PORT"
    )]
    http_port: u16,
}

impl Ingress {
    /// The address of a host on it.
    pub fn url(&self, host: &str) -> String {
        match self.http_port {
            80 => format!("http://{host}"),
            port => format!("http://{host}:{port}"),
        }
    }
}

fn time(text: &str) -> Result<Millis, gantry_spec::ParseUnitError> {
    gantry_spec::parse_duration(text)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn no_two_options_have_one_name() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_last_word_on_waiting_counts() {
        let waits = |options: &[&str]| {
            let words = ["gantry", "version"].iter().chain(options);
            Args::try_parse_from(words).unwrap().common.waits()
        };
        assert!(waits(&[]));
        assert!(!waits(&["--no-wait"]));
        assert!(waits(&["--no-wait", "--wait"]));
        assert!(!waits(&["--wait", "--no-wait"]));
    }
}
