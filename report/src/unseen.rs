//! Jobs of which this program sees no file: the checker's record knows them, or the
//! manifest alone. Pure.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use heartbeat::JobName;
use manifest::Manifest;
use watch::{Expected, JobLine, JobState, PassRecord, Verdict};

use crate::assemble::{CHECKER, REPORTER};
use crate::model::Row;
use crate::row::{self, Lines};

/// Jobs of which no file is seen.
pub(crate) struct Unseen {
    /// Flagged by the checker.
    pub(crate) flagged: Vec<Row>,
    /// Expected, and not yet late.
    pub(crate) waiting: Vec<Row>,
}

impl Unseen {
    /// `absent` are the expected jobs that left nothing where this program looked.
    pub(crate) fn new(
        record: Option<&PassRecord>,
        lines: &Lines<'_>,
        manifest: &Manifest,
        states: &[JobState],
        absent: Vec<&Arc<Expected>>,
        own: &[&Option<Row>],
        now: DateTime<Utc>,
    ) -> Self {
        let known = recorded(record, states, own).into_iter();
        let known = known
            .filter_map(|line| row::of_line(line, entry(manifest, &line.user, &line.job), now));
        let (flagged, mut waiting): (Vec<Row>, Vec<Row>) =
            known.partition(|row| row.verdict.flagged());
        let told = |user: &str, job: &str| {
            lines.get(user, job).is_some_and(wanted) || [CHECKER, REPORTER].contains(&job)
        };
        let untold = absent
            .into_iter()
            .filter(|one| !told(&one.user, one.job.as_str()));
        waiting.extend(untold.map(|one| row::of_expected(one, now)));
        Self { flagged, waiting }
    }
}

/// Lines of the record about jobs that are not seen: expected ones that never ran,
/// and those in places that only the checker may read.
fn recorded<'r>(
    record: Option<&'r PassRecord>,
    states: &[JobState],
    own: &[&Option<Row>],
) -> Vec<&'r JobLine> {
    let Some(record) = record.filter(|record| !record.jobs.is_empty()) else {
        return Vec::new();
    };
    let lines = || record.jobs.iter().filter(|line| wanted(line));
    let mut missing: HashSet<(&str, &str)> = lines()
        .map(|line| (line.user.as_str(), line.job.as_str()))
        .collect();
    for state in states {
        missing.remove(&(state.key.user(), state.key.job.as_str()));
    }
    for row in own.iter().copied().flatten() {
        missing.remove(&(row.user.as_str(), row.job.as_str()));
    }
    lines()
        .filter(|line| missing.contains(&(line.user.as_str(), line.job.as_str())))
        .collect()
}

/// Whether a line of the record tells of a job that is to be shown even if its
/// beat is not seen here.
fn wanted(line: &JobLine) -> bool {
    line.flagged || line.verdict == Verdict::Waiting.word()
}

/// What the manifest says of a job that is known by name only.
pub(crate) fn entry<'m>(
    manifest: &'m Manifest,
    user: &str,
    job: &str,
) -> Option<&'m Arc<Expected>> {
    let job: JobName = job.parse().ok()?;
    manifest.get(user, &job)
}
