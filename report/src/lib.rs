//! `beat-report`: the Night Watch. How the jobs of a host are, and whether
//! anybody watches them, for people who read it in the morning.
//!
//! [`gather`] reads, [`assemble`] makes a [`model::Night`] of it without looking
//! anywhere, and one renderer makes a page of that. It reads the expected jobs and
//! the stores itself, so it works where the checker never ran; from the checker's
//! record it takes the links to issues, outages, jobs that it cannot see, and when
//! the checker last passed.

pub mod assemble;
mod cells;
pub mod cli;
pub mod clock;
pub mod coverage;
pub mod error;
mod expected;
pub mod gather;
pub mod headline;
pub mod html;
pub mod inject;
pub mod json;
pub mod kept;
pub mod markdown;
pub mod model;
pub mod outages;
pub mod output;
pub mod own_beat;
mod points;
pub mod record;
mod row;
pub mod text;
mod unseen;
mod watching;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};

use clap::Parser;
use clap::error::ErrorKind;
use manifest::Settings;

pub use cli::{Format, command};
pub use error::{BLIND, Error, TABLE, UNWRITTEN, USAGE, WRITTEN};

use cli::Cli;

/// Runs the reporter and returns its exit code.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(args).and_then(checked) {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody reads it: then nothing is left to be said.
            let _ = error.print();
            return if error.use_stderr() { USAGE } else { WRITTEN };
        }
    };
    report(&cli).unwrap_or_else(|error| {
        say(&error.to_string());
        error.code
    })
}

fn checked(cli: Cli) -> Result<Cli, clap::Error> {
    if cli.inject.is_some() && cli.format != Format::Markdown {
        return Err(command().error(
            ErrorKind::ArgumentConflict,
            "--inject puts markdown into a file; json and html are whole files, for --out",
        ));
    }
    Ok(cli)
}

fn report(cli: &Cli) -> Result<u8, Error> {
    let now = clock::now();
    let settings = Settings::load(cli.config.as_deref());
    let dirs = match cli.dir.is_empty() {
        true => &settings.stores,
        false => &cli.dir,
    };
    let places = gather::Places {
        dirs,
        state_dir: cli.state_dir.as_deref(),
        settings: &settings,
        coverage: cli.coverage.as_deref(),
    };
    let night = assemble::assemble(gather::gather(&places, now));
    let page = match cli.format {
        Format::Markdown => markdown::render(&night),
        Format::Json => json::render(&night),
        Format::Html => html::render(&night),
    };
    match (&cli.out, &cli.inject) {
        (Some(path), _) => output::write(path, &page)?,
        (None, Some(path)) => output::insert(path, &page)?,
        (None, None) => output::print(&page)?,
    }
    let mut blind = false;
    for store in &night.stores {
        if let Some(why) = &store.fault {
            blind = true;
            let doing = format!("read the store {}", error::shown(store.path.as_ref()));
            say(&Error::new(BLIND, doing, why.as_str())
                .hint(STORE_HINT)
                .to_string());
        }
    }
    if blind {
        return Ok(BLIND);
    }
    // A look on a terminal is no nightly report, and must not be missed later.
    let looked = cli.out.is_none() && cli.inject.is_none() && std::io::stdout().is_terminal();
    if !cli.no_beat
        && (!looked || cli.every.is_some())
        && let Some(warning) = own_beat::leave(dirs, cli.every, &now)
    {
        say(&warning);
    }
    Ok(WRITTEN)
}

const STORE_HINT: &str =
    "name the store with --dir or HEARTBEAT_DIR; the first `beat` of a job makes the usual one";

fn say(message: &str) {
    // When standard error is gone there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{message}");
}
