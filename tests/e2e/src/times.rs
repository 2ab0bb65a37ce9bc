//! Measured times of failures, from the log or from the requests that ran meanwhile: printed, kept for the
//! benchmarks, and held to three times their figure, as a test machine is busier than a real one.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, ensure};

/// How much longer than its figure something may take here.
const TOLERANCE: u32 = 3;

/// Keeps what was measured, as a line of the file that `GANTRY_FAILURE_TIMES` names, if it names one.
pub fn measured(name: &str, took: Duration, figure: Duration) -> anyhow::Result<()> {
    let line = format!(
        "{{\"name\":\"{name}\",\"seconds\":{:.3},\"figure\":{:.3}}}",
        took.as_secs_f64(),
        figure.as_secs_f64()
    );
    writeln!(std::io::stdout(), "{line}")?;
    if let Some(path) = env::var_os("GANTRY_FAILURE_TIMES") {
        let file = OpenOptions::new().create(true).append(true).open(path);
        writeln!(
            file.context("GANTRY_FAILURE_TIMES names no file")?,
            "{line}"
        )?;
    }
    ensure!(
        took <= figure * TOLERANCE,
        "{name} took {took:?}, and should take {figure:?}"
    );
    Ok(())
}
