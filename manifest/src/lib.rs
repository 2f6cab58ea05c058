//! The expected jobs: reads `jobs.d/*.toml` and `[jobs]` of the config, and says
//! of each fault where it is and what is allowed.
//!
//! It decides nothing about jobs: that is the business of the `watch` crate,
//! whose [`watch::Expected`] it fills in. What cannot be read does not vanish:
//! its jobs are in doubt (see [`Manifest`]).

mod duration;
mod entry;
mod fault;
mod file;
mod guard;
mod load;
mod near;
mod needs;
mod raw;
mod settings;
mod timing;
mod values;
mod write;
mod zone;

pub use duration::Span;
pub use fault::{Fault, FileError};
pub use guard::{OPEN_TO_ALL, is_open_to_all};
pub use load::{ForgeFault, Forges, Ignored, Manifest, Sources, UnknownNeed};
pub use raw::KEYS;
pub use settings::{DEFAULT_CATCH_UP, DEFAULT_CONFIG, Settings};
pub use write::entry;
pub use zone::host_zone;

/// Where the files with expected jobs are when no other folder is named.
pub const DEFAULT_DIR: &str = "/etc/heartbeat/jobs.d";

/// A file of `jobs.d` with every key.
pub const SAMPLE: &str = include_str!("sample.toml");

#[cfg(test)]
mod tests;
