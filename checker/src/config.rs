//! The config: TOML text in, checked values out, each fault with line, column
//! and what is allowed. Parsing never acts: no network, no files but the config
//! itself.

mod check;
mod jobs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use heartbeat::Interval;
use manifest::{Fault, Span};
use serde::{Deserialize, Deserializer, de};
use toml::Spanned;
use watch::Policy;

use crate::forge;
use crate::http::Address;

pub(crate) use check::check;
pub use jobs::JobsTable;
/// A fault in a config, with its place.
pub use manifest::FileError as ConfigError;

/// Where the config is when none is named.
pub const DEFAULT_PATH: &str = "/etc/heartbeat/config.toml";

/// A config with every key at its default, as `config --print-default` shows it.
pub const DEFAULT_TEXT: &str = include_str!("config/default.toml");

/// The checked config.
#[derive(Debug)]
pub struct Config {
    /// `[checker]`
    pub checker: Checker,
    /// `[issues]`
    pub policy: Policy,
    /// `[forge]`
    pub forge: Box<dyn forge::Settings>,
    /// `[forges.NAME]`, by name
    pub forges: BTreeMap<String, Box<dyn forge::Settings>>,
    /// `[jobs]`, where there is such a table
    pub jobs: Option<JobsTable>,
    /// `[watchdog] ping_url`
    pub ping_url: Option<Address>,
    /// `[export] prometheus_file`
    pub prometheus_file: Option<PathBuf>,
}

/// `[checker]`: the pass itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Checker {
    /// Name of this host; the kernel's when left out.
    pub host: Option<Spanned<String>>,
    /// Stores to read; where `beat` writes when left out.
    pub stores: Vec<PathBuf>,
    /// Where the lock, the record and the folder forge are.
    pub state_dir: Option<PathBuf>,
    /// How often the checker passes: the interval of its own beat.
    #[serde(deserialize_with = "interval")]
    pub interval: Interval,
    /// Longest time of a pass.
    #[serde(deserialize_with = "duration")]
    pub deadline: Duration,
    /// Folder with the files of expected jobs.
    pub jobs_dir: PathBuf,
    /// Longest time that jobs get to catch up after the host was off.
    #[serde(deserialize_with = "duration")]
    pub catch_up: Duration,
}

impl Default for Checker {
    fn default() -> Self {
        Self {
            host: None,
            stores: Vec::new(),
            state_dir: None,
            interval: default_interval(),
            deadline: Duration::from_secs(120),
            jobs_dir: manifest::DEFAULT_DIR.into(),
            catch_up: Duration::from_secs(2 * 3_600),
        }
    }
}

fn default_interval() -> Interval {
    // A constant that is plainly within bounds.
    #[allow(clippy::expect_used, reason = "15 minutes is an interval")]
    Interval::from_seconds(900).expect("15 minutes")
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Document {
    checker: Checker,
    issues: Issues,
    /// Read by the forges themselves.
    forge: toml::Table,
    forges: toml::Table,
    /// Read by the manifest.
    jobs: Option<toml::Table>,
    watchdog: Watchdog,
    export: Export,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Issues {
    #[serde(deserialize_with = "count")]
    storm_threshold: usize,
    #[serde(deserialize_with = "duration")]
    reopen_window: Duration,
}

impl Default for Issues {
    fn default() -> Self {
        let policy = Policy::default();
        Self {
            storm_threshold: policy.storm_threshold,
            reopen_window: policy.reopen_window,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Watchdog {
    ping_url: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Export {
    prometheus_file: Option<PathBuf>,
}

fn interval<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Interval, D::Error> {
    Span::deserialize(deserializer).map(|span| span.0)
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    interval(deserializer).map(Interval::duration)
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    usize::deserialize(deserializer)
        .map_err(|_| de::Error::custom("this must be a number from 0 up"))
}

impl Config {
    /// Reads the config from a file; the default one may be missing.
    ///
    /// # Errors
    /// When the file cannot be read, or its first fault.
    pub fn load(named: Option<&Path>) -> Result<Self, ConfigError> {
        let path = named.unwrap_or(Path::new(DEFAULT_PATH));
        let shown = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, &shown),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Self::parse("", &shown)
            }
            Err(error) => {
                let why = match error.kind() {
                    std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                    std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
                    std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
                    _ => error.to_string(),
                };
                let message = format!("cannot read the config: {why}");
                Err(ConfigError::whole(shown, message)
                    .hint("beat-check config --print-default shows a whole one"))
            }
        }
    }

    /// Checks the text of a config. `path` is for the messages only.
    ///
    /// # Errors
    /// The first fault, with its place.
    pub fn parse(text: &str, path: &str) -> Result<Self, ConfigError> {
        let fault = |fault: Fault| fault.in_file(text, path);
        let document: Document = toml::from_str(text).map_err(|error| fault(Fault::from(error)))?;
        let settings = forge::settings(text).map_err(fault)?;
        let forges = forge::named_settings(text).map_err(fault)?;
        let host = document.checker.host.as_ref();
        if let Some(host) = host.filter(|host| !valid_host(host.get_ref())) {
            let hint = "letters, digits, \".\", \"_\" and \"-\", at most 253";
            return Err(fault(
                Fault::at(host.span(), "this is no host name").hint(hint),
            ));
        }
        let ping_url = document.watchdog.ping_url;
        let ping_url = ping_url
            .map(|url| {
                Address::parse(url.get_ref())
                    .map_err(|why| fault(Fault::at(url.span(), format!("ping_url: {why}"))))
            })
            .transpose()?;
        let jobs = document.jobs.map(|_| JobsTable {
            path: path.into(),
            text: text.to_owned(),
        });
        drop((document.forge, document.forges));
        Ok(Self {
            checker: document.checker,
            policy: Policy {
                storm_threshold: document.issues.storm_threshold,
                reopen_window: document.issues.reopen_window,
                ..Policy::default()
            },
            forge: settings,
            forges,
            jobs,
            ping_url,
            prometheus_file: document.export.prometheus_file,
        })
    }
}

fn valid_host(host: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    !host.is_empty() && host.len() <= 253 && host.chars().all(allowed)
}
