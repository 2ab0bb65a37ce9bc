//! What can be written after `gantry`, as types. The environment is read here, by the names that
//! each option shows.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use gantry_events::{Millis, ProjectName};

use crate::commands;

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
pub enum Verb {
    /// Check the file, telling all its faults at once
    Validate(commands::validate::Validate),
    /// Make the project as the file says, showing each step
    Deploy(commands::deploy::Deploy),
    /// Show the services of a project and how far each is
    Status(commands::status::Status),
    /// Show the replicas of a project, or of one service
    Ps(commands::ps::Ps),
    /// Set how many replicas services have, until the next deploy
    Scale(commands::scale::Scale),
    /// Remove a service and its replicas
    Rm(commands::rm::Rm),
    /// Show what replicas wrote
    Logs(commands::logs::Logs),
    /// Show what happened, and with -f what happens
    Events(commands::events::Events),
    /// Nodes of the cluster
    #[command(subcommand)]
    Node(commands::node::Node),
    /// Pools of machines
    #[command(subcommand)]
    Pool(commands::pool::Pool),
    /// Images in the system's own registry
    #[command(subcommand)]
    Image(commands::image::Image),
    /// Show the versions of this program and of the api
    Version(commands::version::Version),
}

/// Options that every verb takes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Project [default: the file's]
    #[arg(short, long, global = true, value_name = "NAME")]
    pub project: Option<ProjectName>,
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

/// The file, for verbs that read it.
#[derive(Clone, Debug, clap::Args)]
pub struct FileArg {
    /// The project's file, or - for standard input
    #[arg(
        short = 'f',
        long = "file",
        value_name = "FILE",
        default_value = "gantry.yaml"
    )]
    pub path: PathBuf,
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
