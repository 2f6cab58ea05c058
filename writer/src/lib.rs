//! `beat`, the writer: says that a job succeeded, or runs it and says how it
//! ended. It reads no config file and nothing that it wrote before.
//!
//! Arguments become a typed command ([`args`]), a command becomes one atomic
//! write or a run with some.

pub mod args;
mod clock;
mod leave;
mod message;
mod monitor;
mod run;
mod signals;

use std::env::{args_os, var_os};
use std::process::ExitCode;

pub use message::{Refusal, exit};

use crate::args::{Command, Outcome, Request, Target};
use crate::leave::{Place, Record};

/// What `beat --help` prints.
pub const HELP: &str = include_str!("help.txt");

/// What `beat --version` prints, and what a beat says of its writer.
pub const VERSION: &str = concat!("beat ", env!("CARGO_PKG_VERSION"));

/// The whole program.
#[must_use]
pub fn main() -> ExitCode {
    let result = args::parse(args_os().skip(1)).and_then(|command| match command {
        Command::Help => message::print(HELP),
        Command::Version => message::print(concat!("beat ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Beat(request) => carry_out(&request),
    });
    match result {
        Ok(code) => ExitCode::from(code),
        Err(refusal) => {
            message::complain(&refusal.to_string());
            ExitCode::from(refusal.code)
        }
    }
}

fn carry_out(Request { target, outcome }: &Request) -> Result<u8, Refusal> {
    match outcome {
        Outcome::Run(command) => Ok(run::run(target, command)),
        Outcome::Succeeded => leave(target, &Record::success(clock::now())),
        Outcome::Failed(code) => leave(target, &Record::failure(clock::now(), *code)),
        Outcome::UnitFailed => {
            let end = monitor::End::of_unit(|name| var_os(name)?.into_string().ok());
            leave(target, &end.record(clock::now()))
        }
    }
}

fn leave(target: &Target, record: &Record<'_>) -> Result<u8, Refusal> {
    signals::outlive_size_limit();
    Place::find(target)?.write(record)?;
    Ok(exit::OK)
}
