//! From what was seen to the night: a pure function.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::Interval;
use watch::{FindingLine, JobLine, JobState, PassRecord, Summary, Verdict, reason, worst_first};

use crate::gather::Seen;
use crate::model::{Night, Row, Store};
use crate::record::Found;
use crate::watching;

/// Name of the checker's own job.
const CHECKER: &str = "beat-check";
/// Name of the reporter's own job.
pub const REPORTER: &str = "beat-report";
/// The most jobs of each kind that are listed; what is left out is counted.
const MAX_FLAGGED: usize = 1_000;
const MAX_UNWELL: usize = 500;
const MAX_FRESH: usize = 500;
const MAX_FINDINGS: usize = 100;

/// Puts the night together.
#[must_use]
pub fn assemble(seen: Seen) -> Night {
    let Seen {
        host,
        now,
        stores,
        mut states,
        findings,
        recorded,
        trusted,
    } = seen;
    let record = match &recorded.found {
        Found::Record(record) => Some(record.as_ref()),
        _ => None,
    };
    let issues = Issues::new(record);
    let row = |state: &JobState| row(state, &issues);
    let checker = take_own(&mut states, CHECKER, &trusted).as_ref().map(row);
    let reporter = take_own(&mut states, REPORTER, &trusted).as_ref().map(row);

    let mut summary = Summary::default();
    let mut flagged = Vec::new();
    let mut unwell = Vec::new();
    let mut fresh = Vec::new();
    let unseen = unseen(record, &states, &[&checker, &reporter]);
    for state in states {
        count(&mut summary, state.verdict);
        match state.verdict {
            Verdict::Fresh => fresh.push(state),
            verdict if verdict.flagged() => flagged.push(state),
            _ => unwell.push(state),
        }
    }
    let (flagged, mut flagged_left_out) = worst(flagged, MAX_FLAGGED);
    let (unwell, unwell_left_out) = worst(unwell, MAX_UNWELL);
    let (fresh, fresh_left_out) = worst(fresh, MAX_FRESH);
    let mut flagged: Vec<Row> = flagged.iter().map(row).collect();
    for unseen in unseen {
        count(&mut summary, unseen.verdict);
        if flagged.len() < MAX_FLAGGED {
            flagged.push(unseen);
        } else {
            flagged_left_out += 1;
        }
    }

    let (findings, findings_left_out) = merged(findings, record);
    Night {
        watch: watching::watch(now.wall, &recorded, checker, reporter),
        host,
        now: now.wall,
        stores: stores
            .into_iter()
            .map(|(path, fault)| Store {
                path: path.to_string_lossy().into_owned(),
                fault,
            })
            .collect(),
        summary,
        flagged,
        flagged_left_out,
        unwell: unwell.iter().map(row).collect(),
        unwell_left_out,
        fresh: fresh.iter().map(row).collect(),
        fresh_left_out,
        findings,
        findings_left_out,
    }
}

/// What the record knows of each flagged job's issue, by user and job.
struct Issues<'a>(HashMap<(&'a str, &'a str), &'a JobLine>);

impl<'a> Issues<'a> {
    fn new(record: Option<&'a PassRecord>) -> Self {
        let lines = record.map_or(&[][..], |record| &record.jobs);
        let named = |line: &'a JobLine| ((line.user.as_str(), line.job.as_str()), line);
        Self(lines.iter().map(named).collect())
    }
}

fn row(state: &JobState, issues: &Issues<'_>) -> Row {
    let (user, job) = (state.key.user(), state.key.job.as_str());
    let known = issues.0.get(&(user, job));
    Row {
        job: job.into(),
        user: user.into(),
        verdict: state.verdict,
        age: state.age,
        interval: state.interval,
        ratio: state.ratio(),
        missed: state.missed(),
        last_success: state.last_success,
        reason: reason(state),
        issue: known.and_then(|line| line.issue.clone()),
        put_aside: state.flagged() && known.is_some_and(|line| line.put_aside),
        seen: true,
    }
}

/// Takes the watch's own job out of the jobs: of those whose user is trusted the
/// one that was heard of last. What others call the same stays a job like others.
fn take_own(states: &mut Vec<JobState>, name: &str, trusted: &[String]) -> Option<JobState> {
    let own = |state: &JobState| {
        state.key.job.as_str() == name && trusted.iter().any(|user| user == state.key.user())
    };
    let newest = states
        .iter()
        .enumerate()
        .filter(|(_, state)| own(state))
        .min_by_key(|(_, state)| state.age.unwrap_or(Duration::MAX))
        .map(|(at, _)| at)?;
    Some(states.swap_remove(newest))
}

/// Jobs that the checker flagged and this report does not see: expected ones
/// that never ran, and those in places that only the checker may read.
fn unseen(record: Option<&PassRecord>, states: &[JobState], own: &[&Option<Row>]) -> Vec<Row> {
    let Some(record) = record.filter(|record| !record.jobs.is_empty()) else {
        return Vec::new();
    };
    let mut wanted: HashSet<(&str, &str)> = record
        .jobs
        .iter()
        .filter(|line| line.flagged)
        .map(|line| (line.user.as_str(), line.job.as_str()))
        .collect();
    for state in states {
        wanted.remove(&(state.key.user(), state.key.job.as_str()));
    }
    for row in own.iter().copied().flatten() {
        wanted.remove(&(row.user.as_str(), row.job.as_str()));
    }
    let missing = |line: &&JobLine| wanted.contains(&(line.user.as_str(), line.job.as_str()));
    record
        .jobs
        .iter()
        .filter(missing)
        .filter_map(from_record)
        .collect()
}

fn from_record(line: &JobLine) -> Option<Row> {
    let seconds = |value: f64| Duration::try_from_secs_f64(value).ok();
    Some(Row {
        job: line.job.clone(),
        user: line.user.clone(),
        verdict: Verdict::from_word(&line.verdict).filter(|verdict| verdict.flagged())?,
        age: line.age_seconds.and_then(seconds),
        interval: line
            .interval_seconds
            .and_then(|s| Interval::from_seconds(s.into()).ok()),
        ratio: line.ratio.filter(|ratio| ratio.is_finite()),
        missed: line.missed,
        last_success: line.last_success.as_deref().and_then(moment),
        reason: line.reason.clone(),
        issue: line.issue.clone(),
        put_aside: line.put_aside,
        seen: false,
    })
}

pub(crate) fn moment(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.to_utc())
}

fn count(summary: &mut Summary, verdict: Verdict) {
    summary.jobs += 1;
    summary.flagged += u64::from(verdict.flagged());
    let slot = match verdict {
        Verdict::Fresh => &mut summary.fresh,
        Verdict::Waiting => &mut summary.waiting,
        Verdict::Late => &mut summary.late,
        Verdict::Skewed => &mut summary.skewed,
        Verdict::Unreadable => &mut summary.unreadable,
        Verdict::Never => &mut summary.never,
        Verdict::Hung => &mut summary.hung,
        Verdict::Failed => &mut summary.failed,
        Verdict::Silent => &mut summary.silent,
    };
    *slot += 1;
}

/// The worst of many, in order, and how many are left out. Only those that are
/// kept are sorted.
fn worst(mut states: Vec<JobState>, most: usize) -> (Vec<JobState>, usize) {
    let all = states.len();
    if all > most {
        let rank = |s: &JobState| (s.verdict, s.ratio().map(|r| (r * 1_000.0) as u64));
        let mut ranks: Vec<_> = states.iter().map(rank).collect();
        let (_, &mut floor, _) = ranks.select_nth_unstable_by(most, |a, b| b.cmp(a));
        states.retain(|state| rank(state) >= floor);
    }
    worst_first(&mut states);
    states.truncate(most);
    let left_out = all.saturating_sub(most);
    (states, left_out)
}

/// This report's findings, and those that only the checker had.
fn merged(own: Vec<heartbeat::Finding>, record: Option<&PassRecord>) -> (Vec<FindingLine>, usize) {
    let mut lines: Vec<FindingLine> = own
        .into_iter()
        .map(|finding| FindingLine {
            path: finding.path.to_string_lossy().into_owned(),
            what: finding.what,
            blind: finding.blind,
        })
        .collect();
    let known: HashSet<String> = lines.iter().map(|line| line.path.clone()).collect();
    let theirs = record.map_or(&[][..], |record| &record.findings);
    let news = theirs.iter().filter(|line| !known.contains(&line.path));
    lines.extend(news.cloned());
    // What hides beats comes first.
    lines.sort_by(|a, b| b.blind.cmp(&a.blind).then_with(|| a.path.cmp(&b.path)));
    let left_out = lines.len().saturating_sub(MAX_FINDINGS);
    lines.truncate(MAX_FINDINGS);
    (lines, left_out)
}
