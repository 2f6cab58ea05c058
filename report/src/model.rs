//! The night: everything that a renderer needs, and nothing that it would have
//! to ask for. Pure values; [`crate::assemble`] makes them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::Interval;
use watch::{FindingLine, IssueLink, Summary, Verdict};

/// One job, ready to be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name of the job.
    pub job: String,
    /// Whose job it is.
    pub user: String,
    /// What is to be said of it.
    pub verdict: Verdict,
    /// Time since the last success.
    pub age: Option<Duration>,
    /// How often it should succeed.
    pub interval: Option<Interval>,
    /// Age over interval.
    pub ratio: Option<f64>,
    /// Runs missed since the last success.
    pub missed: Option<u64>,
    /// When it last succeeded.
    pub last_success: Option<DateTime<Utc>>,
    /// What stands behind the verdict, in words.
    pub reason: Option<String>,
    /// Its open issue.
    pub issue: Option<IssueLink>,
    /// A person has put this silence aside by closing its issue.
    pub put_aside: bool,
    /// False when only the checker's record knows this job.
    pub seen: bool,
}

impl Row {
    /// The user, where it is worth saying: not for root's jobs.
    #[must_use]
    pub fn shown_user(&self) -> Option<&str> {
        (self.user != "root").then_some(self.user.as_str())
    }
}

/// Whether somebody watches the jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The checker passed when it should.
    Passing,
    /// Its last pass is more than twice its interval ago.
    Silent,
    /// It has never run on this host.
    Never,
    /// Its last pass lies in the future, or cannot be read.
    Unclear,
}

impl Sign {
    /// The word for it, as in the JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Silent => "silent",
            Self::Never => "never",
            Self::Unclear => "unclear",
        }
    }
}

/// The watch itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// Whether somebody watches.
    pub sign: Sign,
    /// When the checker last passed.
    pub last_pass: Option<DateTime<Utc>>,
    /// How long ago that was.
    pub age: Option<Duration>,
    /// How often it should pass.
    pub every: Duration,
    /// Exit code of the last pass.
    pub exit_code: Option<u8>,
    /// Where the checker's record is, or should be.
    pub record: String,
    /// Whether the record could be read, so that issues are known.
    pub recorded: bool,
    /// What is wrong with the watch, in words.
    pub problems: Vec<String>,
    /// What is worth knowing and no trouble.
    pub notes: Vec<String>,
    /// What could not be said to the forge: what, and why.
    pub undelivered: Vec<String>,
    /// Of these, how many are not listed.
    pub undelivered_left_out: usize,
    /// The checker's own job.
    pub checker: Option<Row>,
    /// The reporter's own job: the report before this one.
    pub reporter: Option<Row>,
}

/// A store, and why it could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The directory.
    pub path: String,
    /// Why it could not be read.
    pub fault: Option<String>,
}

/// The whole night.
#[derive(Debug, Clone, PartialEq)]
pub struct Night {
    /// Name of the host.
    pub host: String,
    /// When this was seen.
    pub now: DateTime<Utc>,
    /// The stores that were read.
    pub stores: Vec<Store>,
    /// How many jobs have which verdict; the watch's own jobs are not among them.
    pub summary: Summary,
    /// Jobs that are flagged, worst first.
    pub flagged: Vec<Row>,
    /// How many more there are.
    pub flagged_left_out: usize,
    /// Jobs that are late or wait for their first success, worst first.
    pub unwell: Vec<Row>,
    /// How many more there are.
    pub unwell_left_out: usize,
    /// Fresh jobs, those nearest to being late first.
    pub fresh: Vec<Row>,
    /// How many more there are.
    pub fresh_left_out: usize,
    /// Who watches.
    pub watch: Watch,
    /// What is odd about the stores.
    pub findings: Vec<FindingLine>,
    /// How many more there are.
    pub findings_left_out: usize,
}

impl Night {
    /// Whether there are parts of the stores that could not be seen.
    #[must_use]
    pub fn blind(&self) -> bool {
        self.stores.iter().any(|store| store.fault.is_some())
            || self.findings.iter().any(|finding| finding.blind)
    }

    /// Whether no store could be read at all.
    #[must_use]
    pub fn sightless(&self) -> bool {
        self.stores.iter().all(|store| store.fault.is_some())
    }
}
