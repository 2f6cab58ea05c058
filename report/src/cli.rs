//! The command line of `beat-report`.

use std::path::PathBuf;

use clap::{CommandFactory, Parser, ValueEnum};
use heartbeat::Interval;

/// Writes the Night Watch: how the jobs of this host are, and whether anybody
/// watches them.
#[derive(Debug, Parser)]
#[command(
    name = "beat-report",
    version,
    about = "Writes the Night Watch: how the jobs of this host are, and whether anybody watches them",
    after_help = AFTER,
    max_term_width = 100
)]
pub struct Cli {
    /// Store to read; may be given more than once [default: as beat-check finds it]
    #[arg(long, value_name = "DIR")]
    pub dir: Vec<PathBuf>,
    /// Where beat-check keeps last-pass.json [default: $STATE_DIRECTORY or /var/lib/beat-check]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Config of beat-check: stores, state folder, expected jobs [default:
    /// /etc/heartbeat/config.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What beat-adopt recorded [default: /var/lib/beat-adopt/coverage.json]
    #[arg(long, value_name = "FILE")]
    pub coverage: Option<PathBuf>,
    /// How to write it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Markdown)]
    pub format: Format,
    /// Write to this file, replaced whole, instead of printing
    #[arg(long, value_name = "FILE", conflicts_with = "inject")]
    pub out: Option<PathBuf>,
    /// Put the report between the two markers in this file; nothing else in it changes
    #[arg(long, value_name = "FILE")]
    pub inject: Option<PathBuf>,
    /// How often this report is written: the interval of its own beat [default: 1d]
    #[arg(long, value_name = "DUR", conflicts_with = "no_beat")]
    pub every: Option<Interval>,
    /// Leave no beat: for a look by hand
    #[arg(long)]
    pub no_beat: bool,
}

const AFTER: &str = "\
The report tells how the jobs are, what was missed while the host was off, how many
of the jobs that this host schedules leave a beat (as beat-adopt --record saw it),
and whether somebody watches. Expected jobs are read where beat-check reads them.

After writing, it leaves its own beat, beat-report, unless the report was printed
to a terminal. --inject looks for these two lines:
  <!-- night-watch:begin -->
  <!-- night-watch:end -->

Exit codes:
  0  the report was written, whatever it says
  2  bad usage; nothing was read
  3  a store could not be read; the report says so
  4  the report could not be written; the old one is untouched

Examples:
  beat-report                                  look at it
  beat-report --out /srv/www/night.html --format html
  beat-report --inject handover.md             keep a panel in a file of your own";

/// How to write the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, in forges and wikis
    #[default]
    Markdown,
    /// For programs: versioned, only ever gains keys
    Json,
    /// For people: one page without anything from outside
    Html,
}

/// The command line as a value, for man pages and completions.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}
