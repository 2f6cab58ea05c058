//! `beat-adopt`: reads what this machine really schedules, says which jobs leave no
//! beat, and makes them leave one.
//!
//! [`crontab`] reads crontabs byte for byte as Debian's cron does, [`systemd`] reads
//! timers as systemd does, [`shell`] reads command lines. [`discover`] finds all jobs of
//! a tree, [`coverage`] counts which of them leave a beat, [`output`] prints it.
//!
//! A large host has a hundred thousand jobs. So maps hash with foldhash, whose seed
//! differs from run to run, texts that many jobs have are kept once, and what can be done
//! by all cores is (`beside`).

mod act;
pub mod adoption;
pub mod apply;
pub mod beats;
mod beside;
pub mod cli;
mod clock;
pub mod coverage;
pub mod crontab;
pub mod discover;
pub mod error;
pub mod finding;
mod gather;
pub mod job;
pub mod mask;
pub mod names;
pub mod output;
pub mod root;
pub mod shell;
pub mod sight;
pub mod systemd;
#[cfg(test)]
mod testing;
pub mod times;
pub mod users;
pub mod wrap;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;

pub use cli::{Format, command};
pub use error::{BLIND, Error, LACKING, TABLE, UNWRITTEN, USAGE, WELL};

use cli::Cli;

/// Runs the program on the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    run(std::env::args_os()).into()
}

/// Runs the program and returns its exit code.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody reads it: then nothing is left to be said.
            let _ = error.print();
            return if error.use_stderr() { USAGE } else { WELL };
        }
    };
    adopt(&cli).unwrap_or_else(|error| {
        // When standard error is gone there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "{error}");
        error.code
    })
}

fn adopt(cli: &Cli) -> Result<u8, Error> {
    if let Some(named) = &cli.undo {
        return act::take_back(cli, named);
    }
    let gathered = gather::gather(cli, clock::now())?;
    if let Some(named) = &cli.apply {
        return act::apply(cli, &gathered, named);
    }
    let coverage = &gathered.coverage;
    if let Some(path) = &cli.record {
        gather::record(path, coverage)?;
        output::tell_unseen(&coverage.unseen);
        return Ok(coverage.exit_code());
    }
    match cli.format {
        Format::Table => output::print_by(|out| output::table::write(coverage, out)),
        Format::Json => output::print(&output::json::render(coverage)),
    }?;
    let code = coverage.exit_code();
    // The process ends here: to take a large host apart piece by piece helps nobody.
    std::mem::forget(gathered);
    Ok(code)
}
