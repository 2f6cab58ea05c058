//! The checker: one pass over the beats, one issue for each silent job.

pub mod cli;
pub mod clock;
pub mod config;
pub mod deliver;
pub mod error;
pub mod exit;
pub mod forge;
pub mod gather;
pub mod http;
pub mod output;
pub mod pass;
pub mod secret;
pub mod state;
#[cfg(test)]
mod testing;

use std::io::Write;

use clap::Parser;

use cli::{Cli, Command, ConfigArgs};
use config::Config;

/// Runs the program with the arguments of the process and returns its exit code.
#[must_use]
pub fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too.
            let code = if error.use_stderr() {
                exit::USAGE
            } else {
                exit::WELL
            };
            let _ = error.print();
            return code;
        }
    };
    let done = match &cli.command {
        None => pass::run(&cli.pass),
        Some(Command::Config(args)) => config_command(args),
    };
    match done {
        Ok(code) => code,
        Err(refusal) => {
            let mut err = std::io::stderr().lock();
            let _ = writeln!(err, "error: {}", refusal.message);
            if let Some(hint) = refusal.hint {
                let _ = writeln!(err, "hint: {hint}");
            }
            refusal.code
        }
    }
}

fn config_command(args: &ConfigArgs) -> Result<u8, pass::Refusal> {
    let mut out = std::io::stdout().lock();
    if args.print_default {
        let _ = out.write_all(config::DEFAULT_TEXT.as_bytes());
        return Ok(exit::WELL);
    }
    let config = Config::load(args.config.as_deref()).map_err(|error| pass::Refusal {
        code: exit::USAGE,
        message: error.to_string(),
        hint: error.hint,
    })?;
    let path = args
        .config
        .as_deref()
        .unwrap_or(std::path::Path::new(config::DEFAULT_PATH));
    let _ = writeln!(
        out,
        "{}: in order; issues go to a {} forge",
        path.display(),
        config.forge.kind()
    );
    Ok(exit::WELL)
}
