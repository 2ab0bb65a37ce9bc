//! `gantry`: the command line. Reads what is asked for, does it, and ends with the exit code that
//! `exit.rs` lists. Leaves the verbs to `commands`, and how they print to `output`.

mod args;
mod commands;
mod context;
mod exit;
mod failure;
mod file;
mod operation;
mod output;
mod tale;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::Screen;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("the first line of main finds no provider installed");
    let args = Args::parse();
    let screen = Screen::of(&args.common);
    let context = Context::new(args.common, screen);
    match commands::run(&context, args.verb).await {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            screen.failure(&failure);
            failure.exit().into()
        }
    }
}
