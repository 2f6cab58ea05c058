//! The night: everything that a renderer needs, and nothing that it would have
//! to ask for. Pure values; [`crate::assemble`] makes them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::Interval;
use watch::{FindingLine, IssueLink, Muted, Severity, Summary, Verdict};

use crate::coverage::Coverage;
use crate::outages::Outaged;

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
    /// Its schedule, where it has one in place of an interval.
    pub schedule: Option<Schedule>,
    /// Age over interval, or the same for a schedule.
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
    /// False when only the checker's record or the manifest knows this job.
    pub seen: bool,
    /// Whether the manifest expects it.
    pub expected: bool,
    /// That no issue is opened for it now.
    pub muted: Option<Muted>,
    /// The flagged job that it needs, as it is shown, under which it is told.
    pub waits_for: Option<String>,
    /// How much it matters, as the manifest says.
    pub severity: Option<Severity>,
    /// What it does, as the manifest says.
    pub about: Option<String>,
    /// Whom to ask, as the manifest says.
    pub owner: Option<String>,
    /// What to do, as the manifest says: an address or a path.
    pub runbook: Option<String>,
    /// How long the last success took.
    pub took: Option<Duration>,
    /// When it last failed, and how, in few words.
    pub last_failure: Option<(DateTime<Utc>, String)>,
    /// When it last found nothing to do.
    pub last_skip: Option<DateTime<Utc>>,
    /// End of the output of the failure that is told.
    pub output_tail: Option<String>,
}

/// A schedule as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// As it was written.
    pub text: String,
    /// In words, where there are any: `at 02:00 every day`.
    pub words: Option<String>,
    /// Name of its time zone.
    pub timezone: String,
    /// When it should run next.
    pub next_run: Option<DateTime<Utc>>,
}

impl Row {
    /// A job of which nothing but the verdict is known.
    #[must_use]
    pub fn new(user: &str, job: &str, verdict: Verdict) -> Self {
        Self {
            job: job.into(),
            user: user.into(),
            verdict,
            age: None,
            interval: None,
            schedule: None,
            ratio: None,
            missed: None,
            last_success: None,
            reason: None,
            issue: None,
            put_aside: false,
            seen: true,
            expected: false,
            muted: None,
            waits_for: None,
            severity: None,
            about: None,
            owner: None,
            runbook: None,
            took: None,
            last_failure: None,
            last_skip: None,
            output_tail: None,
        }
    }

    /// Whether it is to be looked at now: shown where it is flagged.
    #[must_use]
    pub fn critical(&self) -> bool {
        self.severity == Some(Severity::Critical)
    }

    /// The job as others are told to wait for it: `vpn`, `vacuum (postgres)`.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.shown_user() {
            Some(user) => format!("{} ({user})", self.job),
            None => self.job.clone(),
        }
    }

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
    /// Of the flagged jobs, how many wait for another flagged one.
    pub waiting_for_others: u64,
    /// Of the flagged jobs, how many are muted.
    pub muted: u64,
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
    /// Times in which no job could run, newest first.
    pub outages: Vec<Outaged>,
    /// How many of the jobs that the host schedules leave a beat.
    pub coverage: Coverage,
    /// Who watches.
    pub watch: Watch,
    /// What is odd about the stores and the expected jobs.
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
