//! What `beat-adopt` found: how many of the jobs that this host schedules leave a
//! beat. Read from its record; this program looks at no crontab itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use watch::words::{count, moment, span};
use watch::{COVERAGE_FILE, CoverageCounts, CoverageFinding, CoverageJob, CoverageRecord};

use crate::kept::{self, Found};
use crate::row::time;

/// The most of each kind that are kept; what is left out is counted.
const MAX_LACKING: usize = 1_000;
const MAX_FINDINGS: usize = 100;
const MAX_UNSEEN: usize = 10;
/// A look that is older than this may be out of date.
const STALE: Duration = Duration::from_secs(2 * 86_400);
/// How far clocks may differ.
const TOLERANCE: Duration = Duration::from_secs(60);

/// The record, and where it was looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The file.
    pub path: PathBuf,
    /// What was found there.
    pub found: Found<CoverageRecord>,
}

/// Reads the record that is named, or the usual one.
#[must_use]
pub fn read(named: Option<&Path>) -> Read {
    let path = named.unwrap_or(Path::new(COVERAGE_FILE)).to_owned();
    let (found, _) = kept::read(&path, "record of beat-adopt");
    Read { path, found }
}

/// What is known of the coverage.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// Where the record is, or should be.
    pub path: String,
    /// What is known.
    pub known: Known,
}

/// What is known of the coverage.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// Nobody looked.
    Nothing,
    /// The record cannot be read; holds why.
    Unreadable(String),
    /// What was seen.
    Look(Box<Look>),
}

/// What `beat-adopt` saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// When; `None` where the record does not say.
    pub at: Option<DateTime<Utc>>,
    /// How long ago; `None` where that is not known, or lies in the future.
    pub age: Option<Duration>,
    /// How many of what.
    pub counts: CoverageCounts,
    /// Jobs that run and leave no beat.
    pub lacking: Vec<CoverageJob>,
    /// How many more there are.
    pub lacking_left_out: usize,
    /// What is wrong with how jobs are scheduled.
    pub findings: Vec<CoverageFinding>,
    /// How many more there are.
    pub findings_left_out: usize,
    /// What could not be seen, in words.
    pub unseen: Vec<String>,
    /// How many more there are.
    pub unseen_left_out: usize,
}

/// What is to be said of the coverage.
#[must_use]
pub fn coverage(read: Read, now: DateTime<Utc>) -> Coverage {
    Coverage {
        path: read.path.to_string_lossy().into_owned(),
        known: match read.found {
            Found::Missing => Known::Nothing,
            Found::Unreadable(why) => Known::Unreadable(why),
            Found::Record(record) => Known::Look(Box::new(look(*record, now))),
        },
    }
}

fn look(record: CoverageRecord, now: DateTime<Utc>) -> Look {
    let at = time(&record.now);
    let age = at.and_then(|at| match (now - at).to_std() {
        Ok(age) => Some(age),
        Err(_) => {
            let ahead = (at - now).to_std().unwrap_or_default();
            (ahead <= TOLERANCE).then_some(Duration::ZERO)
        }
    });
    let (lacking, lacking_left_out) = first(record.lacking, MAX_LACKING);
    let (findings, findings_left_out) = first(record.findings, MAX_FINDINGS);
    let (unseen, unseen_left_out) = first(record.unseen, MAX_UNSEEN);
    Look {
        at,
        age,
        counts: record.counts,
        lacking,
        lacking_left_out,
        findings,
        findings_left_out,
        unseen,
        unseen_left_out,
    }
}

fn first<T>(mut all: Vec<T>, most: usize) -> (Vec<T>, usize) {
    let left_out = all.len().saturating_sub(most);
    all.truncate(most);
    (all, left_out)
}

impl Look {
    /// Whether it may be out of date.
    #[must_use]
    pub fn stale(&self) -> bool {
        self.age.is_none_or(|age| age > STALE)
    }

    /// How many jobs run and leave no beat.
    #[must_use]
    pub fn lack(&self) -> usize {
        self.lacking.len() + self.lacking_left_out
    }

    /// `38 of 41 jobs leave a beat; 12 are expected by the manifest.`
    #[must_use]
    pub fn sentence(&self) -> String {
        let CoverageCounts {
            jobs,
            beats,
            expected,
            not_enabled,
            ..
        } = self.counts;
        if jobs == 0 {
            return "No job is scheduled on this host.".into();
        }
        let leave = if beats == 1 { "leaves" } else { "leave" };
        let are = if expected == 1 { "is" } else { "are" };
        let off = match not_enabled {
            0 => String::new(),
            n => format!(" {} not enabled.", count(n, "timer is", "timers are")),
        };
        format!(
            "{beats} of {} {leave} a beat; {expected} {are} expected by the manifest.{off}",
            count(jobs, "job", "jobs")
        )
    }

    /// How old the look is.
    #[must_use]
    pub fn seen(&self) -> String {
        match (self.at, self.age) {
            (Some(at), Some(age)) if self.stale() => format!(
                "This is how it was at {}, {} ago, and may be out of date.",
                moment(at),
                span(age)
            ),
            (Some(at), Some(age)) => {
                format!("As beat-adopt saw it at {}, {} ago.", moment(at), span(age))
            }
            (Some(at), None) => format!(
                "The record says that this was seen at {}, which lies in the future.",
                moment(at)
            ),
            (None, _) => "The record does not say when this was seen.".into(),
        }
    }
}
