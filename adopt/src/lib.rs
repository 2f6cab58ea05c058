//! `beat-adopt`: reads what this machine really schedules, says which jobs leave no
//! beat, and makes them leave one.
//!
//! [`crontab`] reads crontabs byte for byte as Debian's cron does; [`systemd`] reads
//! timers as systemd does; [`discover`] finds all jobs of a tree.

pub mod beats;
pub mod crontab;
pub mod discover;
pub mod error;
pub mod finding;
pub mod job;
pub mod mask;
pub mod names;
pub mod root;
pub mod shell;
pub mod systemd;
#[cfg(test)]
mod testing;
pub mod times;
pub mod users;

use std::process::ExitCode;

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
