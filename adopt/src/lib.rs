//! `beat-adopt`: reads what this machine really schedules, says which jobs leave no
//! beat, and makes them leave one.
//!
//! [`crontab`] reads crontabs byte for byte as Debian's cron does.

pub mod apply;
pub mod crontab;
pub mod shell;
pub mod wrap;

use std::process::ExitCode;

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
