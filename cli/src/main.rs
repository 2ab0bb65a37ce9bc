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
use crate::output::Screen;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let provider = rustls::crypto::ring::default_provider();
    if provider.install_default().is_err() {
        eprintln!("error: another TLS provider is installed; this is a fault of the program");
        return exit::Exit::Failed.into();
    }
    let args = Args::parse();
    let screen = Screen::of(&args.common);
    let context = Context::new(args.common, screen);
    match commands::run(&context, args.verb).await {
        Ok(()) => exit::Exit::Done.into(),
        Err(failure) => {
            screen.failure(&failure);
            failure.exit().into()
        }
    }
}
