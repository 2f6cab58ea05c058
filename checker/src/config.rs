//! The config: TOML text in, checked values out, each fault with line, column
//! and what is allowed. Parsing never acts: no network, no files but the config
//! itself.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use heartbeat::Interval;
use serde::{Deserialize, Deserializer, de};
use toml::Spanned;
use watch::Policy;

use crate::forge;
use crate::http::Address;

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
}

impl Default for Checker {
    fn default() -> Self {
        Self {
            host: None,
            stores: Vec::new(),
            state_dir: None,
            interval: default_interval(),
            deadline: Duration::from_secs(120),
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
    let text = DurationText::deserialize(deserializer)?.0;
    text.parse().map_err(de::Error::custom)
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    interval(deserializer).map(Interval::duration)
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    usize::deserialize(deserializer)
        .map_err(|_| de::Error::custom("this must be a number from 0 up"))
}

/// `"15m"`, or a number of seconds.
struct DurationText(String);

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = DurationText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration like \"15m\" or a number of seconds")
            }
            fn visit_str<E>(self, text: &str) -> Result<DurationText, E> {
                Ok(DurationText(text.to_owned()))
            }
            fn visit_i64<E>(self, seconds: i64) -> Result<DurationText, E> {
                Ok(DurationText(seconds.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A fault in a config, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, as the user named it.
    pub path: String,
    /// Line and column, counted from 1, and the line itself.
    pub place: Option<(usize, usize, String)>,
    /// How many characters are at fault.
    pub width: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((line, column, text)) = &self.place else {
            return write!(f, "{}: {}", self.path, self.message);
        };
        let gutter = line.to_string().len();
        write!(
            f,
            "{}:{line}:{column}: {}\n{:gutter$} |\n{line} | {text}\n{:gutter$} | {:space$}{}",
            self.path,
            self.message,
            "",
            "",
            "",
            "^".repeat(self.width.max(1)),
            space = column - 1,
        )
    }
}

impl std::error::Error for ConfigError {}

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
                Err(ConfigError {
                    path: shown,
                    place: None,
                    width: 0,
                    message: format!("cannot read the config: {why}"),
                    hint: Some("beat-check config --print-default shows a whole one".into()),
                })
            }
        }
    }

    /// Checks the text of a config. `path` is for the messages only.
    ///
    /// # Errors
    /// The first fault, with its place.
    pub fn parse(text: &str, path: &str) -> Result<Self, ConfigError> {
        let fault = |span: Option<Range<usize>>, message: &str, hint: Option<String>| {
            locate(text, path, span, message, hint)
        };
        let document: Document =
            toml::from_str(text).map_err(|error| fault(error.span(), error.message(), None))?;
        let settings =
            forge::settings(text).map_err(|error| fault(error.span, &error.message, error.hint))?;
        let host = document.checker.host.as_ref();
        if let Some(host) = host.filter(|host| !valid_host(host.get_ref())) {
            let hint = "letters, digits, \".\", \"_\" and \"-\", at most 253".to_owned();
            return Err(fault(Some(host.span()), "this is no host name", Some(hint)));
        }
        let ping_url = document.watchdog.ping_url;
        let ping_url = ping_url
            .map(|url| {
                Address::parse(url.get_ref())
                    .map_err(|why| fault(Some(url.span()), &format!("ping_url: {why}"), None))
            })
            .transpose()?;
        drop(document.forge);
        Ok(Self {
            checker: document.checker,
            policy: Policy {
                storm_threshold: document.issues.storm_threshold,
                reopen_window: document.issues.reopen_window,
                ..Policy::default()
            },
            forge: settings,
            ping_url,
            prometheus_file: document.export.prometheus_file,
        })
    }
}

fn valid_host(host: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    !host.is_empty() && host.len() <= 253 && host.chars().all(allowed)
}

fn locate(
    text: &str,
    path: &str,
    span: Option<Range<usize>>,
    message: &str,
    hint: Option<String>,
) -> ConfigError {
    let place = span.clone().and_then(|span| {
        let before = text.get(..span.start)?;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = masked(text[start..].lines().next().unwrap_or(""));
        let column = text[start..span.start].chars().count() + 1;
        Some((before.matches('\n').count() + 1, column, line))
    });
    let room = place.as_ref().map_or(0, |(_, column, line)| {
        (line.chars().count() + 1).saturating_sub(*column)
    });
    ConfigError {
        path: path.to_owned(),
        width: span.map_or(0, |span| span.len()).min(room),
        place,
        message: message.trim().replace('\n', "; "),
        hint,
    }
}

/// A line as a message may show it: cut short, and without the value of a key
/// that looks like a secret, which has no place in a config.
fn masked(line: &str) -> String {
    let key = line.split('=').next().unwrap_or("").trim().to_lowercase();
    let secret = ["token", "secret", "password"];
    if secret.iter().any(|word| key.contains(word)) && !key.contains("file") {
        return format!("{} = …", key.chars().take(100).collect::<String>());
    }
    line.chars().take(160).collect()
}
