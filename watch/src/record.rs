//! The record of a pass: what `--format json` prints, and what the reporter
//! reads. Versioned; a version only ever gains keys.

use serde::{Deserialize, Serialize};

use crate::WireOutage;

/// A whole pass, version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PassRecord {
    /// Version of this schema: 1.
    pub v: u32,
    /// Name and version of the program.
    pub tool: String,
    /// Name of the host.
    pub host: String,
    /// When the pass read the clock, RFC 3339 UTC.
    pub now: String,
    /// Exit code of the pass.
    pub exit_code: u8,
    /// Counts by verdict.
    pub summary: Summary,
    /// What was wrong with the pass as a whole, in words; empty when all is well.
    pub problems: Vec<String>,
    /// The jobs, worst first. In the record for the reporter only those that are
    /// flagged.
    pub jobs: Vec<JobLine>,
    /// What is odd about the store.
    pub findings: Vec<FindingLine>,
    /// What was said to the forge, or would be.
    pub deliveries: Vec<Delivery>,
    /// Times in which no job could run, and what was missed in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outages: Vec<OutageLine>,
}

/// An outage of the host and what was missed in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutageLine {
    /// When, and why.
    #[serde(flatten)]
    pub outage: WireOutage,
    /// Jobs that missed runs in it and have not succeeded since; at most 100.
    pub missed: Vec<MissedLine>,
    /// How many more jobs there are.
    pub left_out: u64,
}

/// A job that missed runs in an outage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedLine {
    /// Name of the job.
    pub job: String,
    /// User whose job it is.
    pub user: String,
    /// How many.
    pub runs: u64,
}

/// How many jobs have which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// All jobs.
    pub jobs: u64,
    /// Jobs that somebody must look at.
    pub flagged: u64,
    /// By verdict.
    pub fresh: u64,
    /// By verdict.
    pub waiting: u64,
    /// By verdict.
    pub late: u64,
    /// By verdict.
    pub idle: u64,
    /// By verdict.
    pub skewed: u64,
    /// By verdict.
    pub unreadable: u64,
    /// By verdict.
    pub never: u64,
    /// By verdict.
    pub hung: u64,
    /// By verdict.
    pub failed: u64,
    /// By verdict.
    pub silent: u64,
}

/// One job in a record.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct JobLine {
    /// Name of the job.
    pub job: String,
    /// User whose job it is.
    pub user: String,
    /// The verdict's word.
    pub verdict: String,
    /// Seconds since the last success.
    pub age_seconds: Option<f64>,
    /// How often it should succeed.
    pub interval_seconds: Option<u32>,
    /// Age over interval.
    pub ratio: Option<f64>,
    /// RFC 3339 UTC.
    pub last_success: Option<String>,
    /// Whether somebody must look.
    pub flagged: bool,
    /// What stands behind the verdict, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Runs missed since the last success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<u64>,
    /// Its open issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<IssueLink>,
    /// A person has put this silence aside by closing its issue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub put_aside: bool,
    /// The schedule, where it has one in place of an interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Time zone of the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// When it should run next: RFC 3339 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_run: Option<String>,
    /// The manifest expects it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expected: bool,
    /// No issue is opened for it until then: RFC 3339 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<String>,
    /// Why it is muted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute_reason: Option<String>,
    /// The flagged job that it needs, under which it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// How much it matters, as the manifest says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Whom to ask, as the manifest says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What to do, as the manifest says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
    /// How long the last success took, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_seconds: Option<f64>,
    /// When it last failed: RFC 3339 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
    /// How it last failed, in few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure_how: Option<String>,
    /// When it last found nothing to do: RFC 3339 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_skip: Option<String>,
    /// End of the output of the failure that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tail: Option<String>,
}

/// Where an issue is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueLink {
    /// Its number.
    pub number: u64,
    /// Its page, or its path where the forge is a folder.
    pub url: String,
}

/// Something odd about a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingLine {
    /// Where.
    pub path: String,
    /// What is wrong, completing "`<path>` …".
    pub what: String,
    /// True when beats may lie there that cannot be seen.
    pub blind: bool,
}

/// One thing said to a forge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// `open`, `reopen`, `change`, `refresh`, `recover`, `gone`, `duplicate`,
    /// `storm_open`, `storm_grow`, `storm_shrink`, `storm_close`.
    pub action: String,
    /// The job, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Its user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The issue, where there is one yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<IssueLink>,
    /// What came of it.
    pub outcome: DeliveryOutcome,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What came of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryOutcome {
    /// The forge said so.
    Done,
    /// It did not; the next pass tries again.
    Failed,
    /// A dry run: nothing was sent.
    Planned,
}
