//! A job that a machine schedules, as it was found. Nothing here looks anywhere.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use heartbeat::JobName;

use crate::finding::Place;
use crate::times::When;

/// What runs a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A line of a crontab.
    Cron,
    /// A script in a folder that `run-parts` runs.
    Script,
    /// A line of the anacrontab.
    Anacron,
    /// A timer of the system.
    Timer,
    /// A timer of a user.
    UserTimer,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cron => "cron",
            Self::Script => "script",
            Self::Anacron => "anacron",
            Self::Timer => "timer",
            Self::UserTimer => "user-timer",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a job does its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It runs at its times.
    Runs,
    /// It is run, and does nothing, because systemd does the work: a line or script that
    /// packages bring for hosts without it.
    Aside,
    /// It does not run, and why.
    Off(Arc<str>),
}

impl State {
    /// The word for it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Aside => "aside",
            Self::Off(_) => "not_enabled",
        }
    }
}

/// How it is known that a job leaves a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    /// Its line calls `beat`.
    Line,
    /// Its unit starts `beat@…`, or calls `beat` beside the job.
    Unit,
    /// The script that it runs calls `beat`.
    Script,
    /// A beat of its name lies in the store.
    Store,
}

impl Leaves {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Unit => "unit",
            Self::Script => "script",
            Self::Store => "store",
        }
    }
}

/// A job. A large host has a hundred thousand of them, so it is kept small.
#[derive(Debug, Clone)]
pub struct Job {
    /// What runs it.
    pub kind: Kind,
    /// Where it is defined.
    pub place: Place,
    /// Whose job it is.
    pub user: Arc<str>,
    /// The name that its beat has or would have.
    pub name: JobName,
    /// Whether that name was given by a person: in a call of `beat` or a comment.
    pub named: bool,
    /// What is run, as it is written.
    pub command: Arc<str>,
    /// When.
    pub when: Arc<When>,
    /// Whether it does.
    pub state: State,
    /// Whether it leaves a beat, and how that is known.
    pub beat: Option<Leaves>,
    /// Whether the manifest of expected jobs knows it.
    pub expected: bool,
    /// What a change needs to know.
    pub shape: Shape,
}

/// What a change needs to know of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Shape {
    /// A crontab's line.
    #[default]
    Line,
    /// A script, by its path.
    Script(Box<PathBuf>),
    /// A line of the anacrontab.
    Anacron,
    /// A unit that a timer starts.
    Unit(Box<Unit>),
}

/// A unit that a timer starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its name.
    pub service: String,
    /// Whether it is there.
    pub there: bool,
    /// How long after its time the timer may fire, in seconds.
    pub delay: u64,
}
