//! What is expected of a job: the pure data that a manifest holds. Where it is
//! read from is no business of this file; nothing here reads a clock.

mod mute;
mod run;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::{Interval, JobName};

use crate::Runs;

pub use mute::{MuteTime, MuteWindow, Muted};
pub use run::{FileExpectation, RunExpectations};

/// After how many misses a job is silent, where nothing else is said.
pub const DEFAULT_MISSES: u32 = 2;

/// The most misses that can be asked for.
pub const MAX_MISSES: u32 = 100;

/// The user whose job it is, where nothing else is said.
pub const DEFAULT_USER: &str = "root";

/// One expected job. Shared as `Arc<Expected>`: a manifest is read once a pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// Whose place in the store its beats lie in.
    pub user: Box<str>,
    /// Its name.
    pub job: JobName,
    /// When it should succeed.
    pub timing: Timing,
    /// After how many misses it is silent: 1 to [`MAX_MISSES`].
    pub misses: u32,
    /// Time that a run may take on top, before a miss counts.
    pub grace: Option<Duration>,
    /// What the job does, for people.
    pub about: Option<Box<str>>,
    /// Whom to ask.
    pub owner: Option<Box<str>>,
    /// What to do when it is flagged: an address or an absolute path.
    pub runbook: Option<Box<str>>,
    /// How much it matters.
    pub severity: Severity,
    /// Labels of its issue, beside the forge's own.
    pub labels: Vec<Box<str>>,
    /// Name of the forge that its issue goes to; `None` is the one of `[forge]`.
    pub forge: Option<Box<str>>,
    /// The repository on that forge, where it is another than the forge's own.
    pub repo: Option<Box<str>>,
    /// What a run must show to count as a success.
    pub expects: RunExpectations,
    /// Times in which no issue is opened for it.
    pub mute: Vec<MuteWindow>,
    /// No issue is opened for it before this.
    pub paused_until: Option<DateTime<Utc>>,
    /// Why it is paused.
    pub pause_reason: Option<Box<str>>,
    /// What it depends on.
    pub needs: Vec<Need>,
    /// Where this is written.
    pub place: Written,
}

impl Expected {
    /// A job with every key at its default.
    #[must_use]
    pub fn new(user: &str, job: JobName, timing: Timing, place: Written) -> Self {
        Self {
            user: user.into(),
            job,
            timing,
            misses: DEFAULT_MISSES,
            grace: None,
            about: None,
            owner: None,
            runbook: None,
            severity: Severity::default(),
            labels: Vec::new(),
            forge: None,
            repo: None,
            expects: RunExpectations::default(),
            mute: Vec::new(),
            paused_until: None,
            pause_reason: None,
            needs: Vec::new(),
            place,
        }
    }

    /// Whether issues and alerts about this job are held back at `now`, and until
    /// when. Of several reasons the one that lasts longest is told. Muting stops
    /// nothing else: the job is watched, shown, and its issue is closed.
    #[must_use]
    pub fn muted(&self, now: DateTime<Utc>) -> Option<Muted> {
        let paused = self
            .paused_until
            .filter(|until| *until > now)
            .map(|until| Muted {
                until,
                reason: self.pause_reason.clone(),
                paused: true,
            });
        let windows = self.mute.iter().filter_map(|window| window.at(now));
        // Of equals the first is kept, so that the words do not jump about.
        paused
            .into_iter()
            .chain(windows)
            .reduce(|a, b| if b.until > a.until { b } else { a })
    }
}

/// When a job should succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timing {
    /// At least this often.
    Interval(Interval),
    /// At the times of a schedule.
    Schedule(Arc<Runs>),
}

impl Timing {
    /// For people: `every 1d`, `at 02:00 every day`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Interval(interval) => format!("every {interval}"),
            Self::Schedule(runs) => runs.words(),
        }
    }

    /// The longest time from one success to the next when all is well. None for
    /// a schedule that does not run twice.
    #[must_use]
    pub fn longest_gap(&self) -> Option<Duration> {
        match self {
            Self::Interval(interval) => Some(interval.duration()),
            Self::Schedule(runs) => runs.longest_gap(),
        }
    }
}

/// How much a job matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// To be looked at in working hours.
    #[default]
    Warning,
    /// To be looked at now.
    Critical,
}

impl Severity {
    /// All of them, mildest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The severity that a word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a job depends on. While that is flagged, the job is listed under it and
/// opens no issue of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// Another job of the same host.
    Job {
        /// Whose.
        user: Box<str>,
        /// Its name.
        job: JobName,
    },
    /// The host itself: that it was up.
    Host,
}

/// As it is written in a manifest: `vpn`, `postgres/vacuum`, `@host`.
impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("@host"),
            Self::Job { user, job } if &**user == DEFAULT_USER => write!(f, "{job}"),
            Self::Job { user, job } => write!(f, "{user}/{job}"),
        }
    }
}

/// Where something is written: shown as `file:line`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Written {
    /// The file.
    pub file: Arc<PathBuf>,
    /// The line, counted from 1.
    pub line: usize,
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

#[cfg(test)]
mod tests;
