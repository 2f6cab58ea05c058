//! The command line of `beat-check`.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

/// Finds jobs that have gone silent and opens one issue for each.
#[derive(Debug, Parser)]
#[command(
    name = "beat-check",
    version,
    about = "Finds jobs that have gone silent and opens one issue for each",
    after_help = AFTER,
    args_conflicts_with_subcommands = true,
    max_term_width = 100
)]
pub struct Cli {
    /// One pass, unless a command is given.
    #[command(flatten)]
    pub pass: PassArgs,
    /// Something else than a pass.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const AFTER: &str = "\
Exit codes:
  0  all well
  1  something is flagged
  2  bad usage or config; nothing was checked
  3  a store could not be seen, or another pass is running
  4  seen, but not everything could be delivered
  5  the clock cannot be believed; nothing was opened or closed
  With --format nagios: 0, 1, 2, 3 as the Monitoring Plugins do.

Examples:
  beat-check --look               how are the jobs? nothing is asked or written
  beat-check --dry-run            say what would be done, do nothing
  beat-check --format json        the same pass for a program
  beat-check config --check       is the config in order?";

/// The arguments of a pass.
#[derive(Debug, Clone, Default, Args)]
pub struct PassArgs {
    /// Store to read; may be given more than once [default: HEARTBEAT_DIR, else
    /// /var/lib/heartbeats and one's own ~/.local/state/heartbeats]
    #[arg(long, value_name = "DIR")]
    pub dir: Vec<PathBuf>,
    /// Config to read [default: /etc/heartbeat/config.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the lock, the record of the last pass and the folder forge are
    /// [default: /var/lib/beat-check where it may be written, else
    /// ~/.local/state/beat-check]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// How to print the result
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write the result to this file, replaced whole, instead of printing it
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Say what would be done and do nothing; the forge is only read
    #[arg(long)]
    pub dry_run: bool,
    /// Only judge the jobs: ask no forge, need no token, write nothing
    #[arg(long)]
    pub look: bool,
    /// List every fresh job in the table, however many there are
    #[arg(long)]
    pub all: bool,
}

/// How to print the result of a pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// For programs: versioned, only ever gains keys
    Json,
    /// For node_exporter's textfile collector
    Prometheus,
    /// For monitoring systems: one line, perfdata, that API's exit codes
    Nagios,
}

/// What else there is to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at the config
    Config(ConfigArgs),
}

/// The arguments of `beat-check config`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
pub struct ConfigArgs {
    /// Say whether the config is in order, with the place of each fault
    #[arg(long, group = "what")]
    pub check: bool,
    /// Print a config with every key at its default
    #[arg(long, group = "what")]
    pub print_default: bool,
    /// Config to check [default: /etc/heartbeat/config.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The command line as a value, for man pages and completions.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}
