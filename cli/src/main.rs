//! `gantry`: the command line. Reads what is asked for, does it, and ends with the exit code that
//! `exit.rs` lists. Leaves the verbs to `commands`, and how they print to `output`.

mod args;
mod commands;
mod context;
mod exit;
mod failure;
mod file;
mod lineage;
mod names;
mod operation;
mod output;
mod patience;
mod tale;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Format};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("the first line of main finds no provider installed");
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(e) => return unread(&e),
    };
    let screen = Screen::of(&args.common);
    let context = Context::new(args.common, screen);
    match commands::run(&context, args.verb).await {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            context.screen.failure(&failure);
            failure.exit().into()
        }
    }
}

/// Says what is wrong with the arguments, as a problem document where that form is asked for; or the
/// help or the version, which end the reading of arguments too.
fn unread(error: &clap::Error) -> ExitCode {
    let form = Format::among(std::env::args().skip(1));
    if form == Format::Table || !error.use_stderr() {
        error.exit();
    }
    let told = error.render().to_string();
    let what = told.split("\n\n").next().unwrap_or_default();
    let what = what.trim_start_matches("error: ").trim_end();
    let failure = Failure::bad_input(what, "see --help for what can be written");
    Screen::in_form(form).failure(&failure);
    failure.exit().into()
}
