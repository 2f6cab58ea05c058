//! The command line of `beat-adopt`.

use std::path::PathBuf;

use clap::{CommandFactory, Parser, ValueEnum};

/// Finds what this machine schedules, and says which jobs leave no beat.
#[derive(Debug, Parser)]
#[command(
    name = "beat-adopt",
    version,
    about = "Finds what this machine schedules, says which jobs leave no beat, and makes them leave one",
    after_help = AFTER,
    max_term_width = 100
)]
pub struct Cli {
    /// Look at the image below this folder instead of this machine
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Store of beats to look into [default: as beat-check finds it]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write what was found to this file for beat-report, and print nothing
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Make these jobs leave a beat, or all that leave none
    #[arg(long, value_name = "JOB", num_args = 0.., conflicts_with_all = ["undo", "record"])]
    pub apply: Option<Vec<String>>,
    /// Take back what --apply did to these jobs, or to all
    #[arg(long, value_name = "JOB", num_args = 0.., conflicts_with = "record")]
    pub undo: Option<Vec<String>>,
    /// Show the changes and make none
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before a change
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
}

const AFTER: &str = "\
Root sees all of it: /etc/crontab, /etc/cron.d, users' crontabs, the folders of
run-parts, the anacrontab, systemd's timers. Any other user sees their own crontab
and timers.

Exit codes:
  0  every job leaves a beat, and nothing is wrong
  1  a job leaves no beat, or something is wrong
  2  bad usage; nothing was read
  3  something could not be read; the output says what
  4  a change or a record could not be written; the old one is untouched

Examples:
  beat-adopt                          look at it
  beat-adopt --apply backup --dry-run what would be changed
  beat-adopt --root /srv/image --format json";

/// How to print what was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// For programs: versioned, only ever gains keys
    Json,
}

/// The command line as a value, for man pages and completions.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}
