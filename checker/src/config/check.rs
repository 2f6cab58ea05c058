//! `beat-check config --check`: everything that a pass would find wrong with its
//! settings, said before it.

use std::io::Write;
use std::path::Path;

use manifest::{FileError, Manifest};

use super::{Config, DEFAULT_PATH};
use crate::pass::{Refusal, load};
use crate::{exit, secret};

/// Checks the config, the tokens that lie ready, and the expected jobs.
///
/// # Errors
/// The first fault of the config or of a token; all faults of expected jobs.
pub(crate) fn check(named: Option<&Path>, out: &mut impl Write) -> Result<u8, Refusal> {
    let config = load(named)?;
    tokens(&config)?;
    let path = named.unwrap_or(Path::new(DEFAULT_PATH));
    let state = if path.exists() {
        "in order"
    } else {
        "there is no such file, so every key has its default"
    };
    let (shown, kind) = (path.display(), config.forge.kind());
    let _ = writeln!(out, "{shown}: {state}; issues go to a {kind} forge");
    for (name, forge) in &config.forges {
        let _ = writeln!(out, "{shown}: forge {name}: {}", forge.place());
    }
    let manifest = config.manifest();
    jobs(&config, &manifest, out);
    match told(&manifest.faults) {
        None => Ok(exit::WELL),
        Some(refusal) => Err(refusal),
    }
}

/// No token at all may be right here: the service gets its own.
fn tokens(config: &Config) -> Result<(), Refusal> {
    let env = |name: &str| std::env::var_os(name);
    for forge in std::iter::once(&config.forge).chain(config.forges.values()) {
        if forge.needs_token() {
            secret::load_for(forge.name(), forge.token_file(), &env).map_err(|error| Refusal {
                code: exit::USAGE,
                message: error.to_string(),
                hint: Some(error.hint),
            })?;
        }
    }
    Ok(())
}

fn jobs(config: &Config, manifest: &Manifest, out: &mut impl Write) {
    let dir = &config.checker.jobs_dir;
    if manifest.files > 0 {
        let _ = writeln!(out, "{}", manifest.counted());
    } else if dir.exists() {
        let _ = writeln!(out, "no expected jobs in {}", dir.display());
    }
    for ignored in &manifest.ignored {
        let _ = writeln!(out, "note: {} {}", ignored.path.display(), ignored.why);
    }
    for unknown in &manifest.unknown_needs {
        let _ = writeln!(out, "note: {} {}", unknown.by.place, unknown.what());
    }
}

/// All faults as one refusal, each with its hint.
fn told(faults: &[FileError]) -> Option<Refusal> {
    let (last, before) = faults.split_last()?;
    let mut message = String::new();
    for fault in before {
        message.push_str(&fault.to_string());
        if let Some(hint) = &fault.hint {
            message.push_str("\nhint: ");
            message.push_str(hint);
        }
        message.push_str("\n\nerror: ");
    }
    message.push_str(&last.to_string());
    Some(Refusal {
        code: exit::USAGE,
        message,
        hint: last.hint.clone(),
    })
}
