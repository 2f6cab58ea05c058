//! `beat`, the writer: says that a job succeeded, or runs it and says how it
//! ended. It reads no config file and nothing that it wrote before.
//!
//! Arguments become a typed command ([`args`]), a command becomes one atomic
//! write or a run with some.

pub mod args;
mod capture;
mod clock;
mod diary;
mod expect;
mod hand_over;
mod leave;
mod limit;
mod mask;
mod message;
mod monitor;
mod overlap;
mod past;
mod run;
mod signals;
mod spawn;
mod terminal;

use std::env::{args_os, var_os};
use std::process::ExitCode;

use heartbeat::FileKind;

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
    if hand_over::is_asked(args_os()) {
        hand_over::pass_on();
        return ExitCode::SUCCESS;
    }
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
        Outcome::Run(run) => Ok(run::run(target, run)),
        Outcome::Succeeded => leave(target, &Record::new(FileKind::Last, clock::now())),
        Outcome::Skipped(reason) => leave(target, &Record::skip(clock::now(), reason)),
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
