//! Where the built programs lie. Journeys run what `make build` made and a user
//! would install, not what cargo builds for its own tests.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the sources.
#[must_use]
pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// Cargo's folder for what is built; rigs keep their caches in it too.
#[must_use]
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(
        || sources().join("target"),
        |dir| sources().join(PathBuf::from(dir)),
    )
}

/// The folder with the programs: `HEARTBEAT_BIN_DIR`, else `target/dist`.
#[must_use]
pub fn dir() -> PathBuf {
    env::var_os("HEARTBEAT_BIN_DIR").map_or_else(|| target().join("dist"), PathBuf::from)
}

/// The writer.
#[must_use]
pub fn beat() -> PathBuf {
    dir().join("beat")
}

/// The checker.
#[must_use]
pub fn beat_check() -> PathBuf {
    dir().join("beat-check")
}

/// The reporter.
#[must_use]
pub fn beat_report() -> PathBuf {
    dir().join("beat-report")
}

/// The adopter.
#[must_use]
pub fn beat_adopt() -> PathBuf {
    dir().join("beat-adopt")
}
