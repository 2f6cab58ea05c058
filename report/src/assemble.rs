//! From what was seen to the night: a pure function.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use manifest::Manifest;
use watch::{
    FindingLine, JobState, Needy, PassRecord, Severity, Summary, Verdict, waits_for, worst_first,
};

use crate::coverage::coverage;
use crate::expected;
use crate::gather::Seen;
use crate::model::{Night, Row, Store};
use crate::outages::stories;
use crate::record::Found;
use crate::row::{self, Lines, only_the_checker_knows};
use crate::unseen::{Unseen, entry};
use crate::watching;

/// Name of the checker's own job.
pub(crate) const CHECKER: &str = "beat-check";
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
        mut findings,
        mut recorded,
        trusted,
        owners,
        manifest,
        config_fault,
        zone_unknown,
        coverage: covered,
    } = seen;
    let now = now.wall;
    if let Found::Record(record) = &mut recorded.found {
        let problems = &mut record.problems;
        problems.retain(|problem| !expected::is_told(problem, &manifest));
    }
    let record = recorded.found.record();
    let lines = Lines::new(record);
    let row = |state: &JobState| row::of_state(state, &lines, now);
    let rows = |states: &[JobState]| states.iter().map(row).collect::<Vec<Row>>();

    // What lies in a store that cannot be read is not absent.
    let owners = match stores.iter().all(|(_, fault)| fault.is_none()) {
        true => &owners[..],
        false => &[],
    };
    let absent = expected::absent(&manifest, &states, owners, &findings);
    findings.extend(expected::findings(
        &manifest,
        config_fault.as_ref(),
        &states,
        &absent,
    ));
    let outages = stories(record, &states, now);
    let checker = take_own(&mut states, CHECKER, &trusted).as_ref().map(row);
    let reporter = take_own(&mut states, REPORTER, &trusted).as_ref().map(row);
    let own = [&checker, &reporter];
    let unseen = Unseen::new(record, &lines, &manifest, &states, absent, &own, now);

    let passed = record.and_then(|record| row::time(&record.now));
    let Sorted {
        mut summary,
        flagged,
        unwell,
        fresh,
    } = Sorted::new(states, &lines, passed);
    for row in unseen.flagged.iter().chain(&unseen.waiting) {
        count(&mut summary, row.verdict);
    }
    let waiting = waiting(&flagged, &unseen.flagged, &manifest);
    let muted = flagged
        .iter()
        .filter(|one| one.muted(now).is_some())
        .count()
        + unseen
            .flagged
            .iter()
            .filter(|one| one.muted.is_some())
            .count();

    let (flagged, flagged_left_out) = worst(flagged, MAX_FLAGGED);
    let (mut flagged, more_flagged) = with(rows(&flagged), unseen.flagged, MAX_FLAGGED);
    let weight = |row: &Row| Reverse((row.verdict, row.severity.unwrap_or_default()));
    flagged.sort_by_key(weight);
    for row in &mut flagged {
        row.waits_for = waiting.get(&(row.user.clone(), row.job.clone())).cloned();
    }
    let (unwell, unwell_left_out) = worst(unwell, MAX_UNWELL);
    let (unwell, more_unwell) = with(rows(&unwell), unseen.waiting, MAX_UNWELL);
    let (fresh, fresh_left_out) = worst(fresh, MAX_FRESH);
    let fresh = rows(&fresh);

    let (findings, findings_left_out) = merged(findings, record);
    let mut watch = watching::watch(now, &recorded, checker, reporter);
    watch
        .notes
        .extend(zone_unknown.then(|| ZONE_UNKNOWN.to_owned()));
    let stores = stores.into_iter().map(|(path, fault)| Store {
        path: path.to_string_lossy().into_owned(),
        fault,
    });
    Night {
        watch,
        host,
        now,
        stores: stores.collect(),
        summary,
        waiting_for_others: waiting.len() as u64,
        muted: muted as u64,
        flagged,
        flagged_left_out: flagged_left_out + more_flagged,
        unwell,
        unwell_left_out: unwell_left_out + more_unwell,
        fresh,
        fresh_left_out,
        outages,
        coverage: coverage(covered, now),
        findings,
        findings_left_out,
    }
}

const ZONE_UNKNOWN: &str =
    "The time zone of this host cannot be told, so schedules that name none were read in UTC";

/// The jobs that were seen, counted and parted.
#[derive(Default)]
struct Sorted {
    summary: Summary,
    flagged: Vec<JobState>,
    unwell: Vec<JobState>,
    fresh: Vec<JobState>,
}

impl Sorted {
    fn new(states: Vec<JobState>, lines: &Lines<'_>, passed: Option<DateTime<Utc>>) -> Self {
        let mut out = Self::default();
        for mut state in states {
            if let Some(verdict) = only_the_checker_knows(&state, lines, passed) {
                state.verdict = verdict;
                state.detail = None;
            }
            count(&mut out.summary, state.verdict);
            match state.verdict {
                Verdict::Fresh => out.fresh.push(state),
                verdict if verdict.flagged() => out.flagged.push(state),
                _ => out.unwell.push(state),
            }
        }
        out
    }
}

/// Rows of jobs that were seen, and of those that were not, up to so many; and how
/// many are left out.
fn with(mut rows: Vec<Row>, more: Vec<Row>, most: usize) -> (Vec<Row>, usize) {
    let room = most.saturating_sub(rows.len());
    let left_out = more.len().saturating_sub(room);
    rows.extend(more.into_iter().take(room));
    (rows, left_out)
}

/// For each flagged job that waits for another: that one as it is shown. By user
/// and job.
fn waiting(
    flagged: &[JobState],
    unseen: &[Row],
    manifest: &Manifest,
) -> HashMap<(String, String), String> {
    let job = |at: usize| match flagged.get(at) {
        Some(state) => Needy {
            user: state.key.user(),
            job: state.key.job.as_str(),
            needs: state.expected.as_ref().map_or(&[], |one| &one.needs),
        },
        None => {
            let row = &unseen[at - flagged.len()];
            Needy {
                user: &row.user,
                job: &row.job,
                needs: entry(manifest, &row.user, &row.job).map_or(&[], |one| &one.needs),
            }
        }
    };
    let roots = waits_for(flagged.len() + unseen.len(), job);
    let told = roots.into_iter().map(|(waits, root)| {
        let (waits, root) = (job(waits), job(root));
        let shown = Row::new(root.user, root.job, Verdict::Silent).shown();
        ((waits.user.to_owned(), waits.job.to_owned()), shown)
    });
    told.collect()
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

fn count(summary: &mut Summary, verdict: Verdict) {
    summary.jobs += 1;
    summary.flagged += u64::from(verdict.flagged());
    let slot = match verdict {
        Verdict::Fresh => &mut summary.fresh,
        Verdict::Waiting => &mut summary.waiting,
        Verdict::Late => &mut summary.late,
        Verdict::Idle => &mut summary.idle,
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
        let ratio = |s: &JobState| s.ratio().map(|r| (r * 1_000.0) as u64);
        let rank = |s: &JobState| (s.verdict, severity(s), ratio(s));
        let mut ranks: Vec<_> = states.iter().map(rank).collect();
        let (_, &mut floor, _) = ranks.select_nth_unstable_by(most, |a, b| b.cmp(a));
        states.retain(|state| rank(state) >= floor);
    }
    worst_first(&mut states);
    // Of equals those that matter most; among these the order stays.
    states.sort_by_key(|state| (Reverse(state.verdict), Reverse(severity(state))));
    states.truncate(most);
    let left_out = all.saturating_sub(most);
    (states, left_out)
}

/// How much a job that needs a look matters; all others are alike.
fn severity(state: &JobState) -> Severity {
    let expected = state.expected.as_ref().filter(|_| state.flagged());
    expected.map_or_else(Severity::default, |expected| expected.severity)
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
