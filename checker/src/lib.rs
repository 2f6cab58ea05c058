//! The checker: one pass over the beats, one issue for each silent job.

pub mod cli;
pub mod clock;
pub mod config;
pub mod deliver;
pub mod error;
pub mod exit;
mod expected;
pub mod forge;
pub mod gather;
pub mod http;
mod left_files;
pub mod output;
pub mod pass;
mod roll;
pub mod round;
pub mod routes;
pub mod secret;
pub mod state;
#[cfg(test)]
mod testing;

use std::io::Write;

use clap::Parser;

use cli::{Cli, Command, ConfigArgs};

/// Runs the program with the arguments of the process and returns its exit code.
#[must_use]
pub fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too.
            let _ = error.print();
            if !error.use_stderr() {
                return exit::WELL;
            }
            // A monitoring system reads the first line and its own exit codes.
            let nagios = std::env::args_os().any(|arg| arg.to_string_lossy().contains("nagios"));
            return refused(nagios, exit::USAGE, "its arguments are not understood");
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
            let nagios = cli.pass.format == cli::Format::Nagios;
            refused(nagios, refusal.code, &refusal.message)
        }
    }
}

/// The exit code of a pass that could not begin; a monitoring system is told in
/// its own way.
fn refused(nagios: bool, code: u8, message: &str) -> u8 {
    if !nagios {
        return code;
    }
    let line = message.lines().next().unwrap_or_default();
    let line = line.replace('|', "/");
    let _ = writeln!(std::io::stdout(), "HEARTBEAT UNKNOWN - {line}");
    output::nagios_exit_code(code, 0)
}

fn config_command(args: &ConfigArgs) -> Result<u8, pass::Refusal> {
    let mut out = std::io::stdout().lock();
    if args.print_default {
        let _ = out.write_all(config::DEFAULT_TEXT.as_bytes());
        return Ok(exit::WELL);
    }
    config::check(args.config.as_deref(), &mut out)
}
