//! One job as a row: from what was seen of it, from the checker's record, or from
//! the manifest alone. Pure.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::Interval;
use watch::{
    Cause, Expected, JobLine, JobState, Muted, PassRecord, Runs, Severity, Timing, Verdict, reason,
};

use crate::model::{Row, Schedule};

/// What the record knows of each job in it, by user and job.
pub(crate) struct Lines<'a>(HashMap<(&'a str, &'a str), &'a JobLine>);

impl<'a> Lines<'a> {
    pub(crate) fn new(record: Option<&'a PassRecord>) -> Self {
        let lines = record.map_or(&[][..], |record| &record.jobs);
        let named = |line: &'a JobLine| ((line.user.as_str(), line.job.as_str()), line);
        Self(lines.iter().map(named).collect())
    }

    pub(crate) fn get(&self, user: &str, job: &str) -> Option<&'a JobLine> {
        self.0.get(&(user, job)).copied()
    }
}

/// A job that was seen.
pub(crate) fn of_state(state: &JobState, lines: &Lines<'_>, now: DateTime<Utc>) -> Row {
    let (user, job) = (state.key.user(), state.key.job.as_str());
    let line = lines.get(user, job);
    let runs = state.last_runs.as_deref();
    let tail = match state.cause() {
        Some(Cause::Failure { output_tail, .. }) => output_tail.as_deref(),
        _ => None,
    };
    let mut row = Row {
        age: state.age,
        interval: state.interval,
        schedule: state.scheduled.as_ref().map(|s| schedule(&s.runs, now)),
        ratio: state.ratio(),
        missed: state.missed(),
        last_success: state.last_success,
        // A verdict of the checker's own has its own words.
        reason: match (state.flagged(), &state.detail) {
            (true, None) => line.and_then(|line| line.reason.clone()),
            _ => reason(state),
        },
        issue: line.and_then(|line| line.issue.clone()),
        put_aside: state.flagged() && line.is_some_and(|line| line.put_aside),
        took: runs.and_then(|runs| runs.took),
        last_failure: runs.and_then(|runs| {
            let (at, how) = runs.failed.as_ref()?;
            Some((*at, how.to_string()))
        }),
        last_skip: runs.and_then(|runs| runs.skipped),
        output_tail: tail.map(str::to_owned),
        ..Row::new(user, job, state.verdict)
    };
    if let Some(expected) = &state.expected {
        tell(&mut row, expected, now);
    }
    row
}

/// A job of which only the checker's record knows; `None` for a verdict that says
/// nothing here.
pub(crate) fn of_line(
    line: &JobLine,
    expected: Option<&Arc<Expected>>,
    now: DateTime<Utc>,
) -> Option<Row> {
    let told = |verdict: &Verdict| verdict.flagged() || *verdict == Verdict::Waiting;
    let seconds = |value: f64| Duration::try_from_secs_f64(value).ok();
    let at = |text: &Option<String>| text.as_deref().and_then(time);
    let failed = at(&line.last_failure);
    let mut row = Row {
        age: line.age_seconds.and_then(seconds),
        interval: line
            .interval_seconds
            .and_then(|s| Interval::from_seconds(s.into()).ok()),
        schedule: line.schedule.as_ref().map(|text| Schedule {
            text: text.clone(),
            words: None,
            timezone: line.timezone.clone().unwrap_or_else(|| "UTC".into()),
            next_run: at(&line.next_run),
        }),
        ratio: line.ratio.filter(|ratio| ratio.is_finite()),
        missed: line.missed,
        last_success: at(&line.last_success),
        reason: line.reason.clone(),
        issue: line.issue.clone(),
        put_aside: line.put_aside,
        seen: false,
        expected: line.expected,
        muted: at(&line.muted_until)
            .filter(|until| *until > now)
            .map(|until| Muted {
                until,
                reason: line.mute_reason.as_deref().map(Into::into),
                paused: false,
            }),
        waits_for: line.waits_for.clone(),
        severity: line.severity.as_deref().and_then(Severity::from_word),
        owner: line.owner.clone(),
        runbook: line.runbook.clone(),
        took: line.took_seconds.and_then(seconds),
        last_failure: failed.map(|at| (at, line.last_failure_how.clone().unwrap_or_default())),
        last_skip: at(&line.last_skip),
        output_tail: line.output_tail.clone(),
        ..Row::new(
            &line.user,
            &line.job,
            Verdict::from_word(&line.verdict).filter(told)?,
        )
    };
    if let Some(expected) = expected {
        if let (Timing::Schedule(runs), true) = (&expected.timing, row.schedule.is_some()) {
            row.schedule = Some(schedule(runs, now));
        }
        tell(&mut row, expected, now);
    }
    Some(row)
}

/// A job that is expected, and of which nobody has told yet.
pub(crate) fn of_expected(expected: &Expected, now: DateTime<Utc>) -> Row {
    let mut row = Row {
        reason: Some("expected, no beat yet; the checker has not told of it".into()),
        seen: false,
        ..Row::new(&expected.user, expected.job.as_str(), Verdict::Waiting)
    };
    match &expected.timing {
        Timing::Interval(interval) => row.interval = Some(*interval),
        Timing::Schedule(runs) => row.schedule = Some(schedule(runs, now)),
    }
    tell(&mut row, expected, now);
    row
}

/// What the manifest says of a job.
fn tell(row: &mut Row, expected: &Expected, now: DateTime<Utc>) {
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    row.expected = true;
    row.muted = expected.muted(now);
    row.severity = Some(expected.severity);
    row.about = text(&expected.about);
    row.owner = text(&expected.owner);
    row.runbook = text(&expected.runbook);
}

fn schedule(runs: &Runs, now: DateTime<Utc>) -> Schedule {
    let text = runs.schedule().as_text();
    let words = runs.words();
    Schedule {
        text: text.to_owned(),
        // What has no words of its own is its text in quotes.
        words: (!words.contains(text)).then_some(words),
        timezone: runs.zone().name().to_owned(),
        next_run: runs.next_after(now),
    }
}

/// A verdict of the checker that this program cannot come to by itself: it does not
/// look at the files that a run should leave, and does not know for how long a job
/// without a success has been known. It holds until the job is heard of again.
pub(crate) fn only_the_checker_knows(
    state: &JobState,
    lines: &Lines<'_>,
    passed: Option<DateTime<Utc>>,
) -> Option<Verdict> {
    let expected = state.expected.as_ref().filter(|_| !state.flagged())?;
    let line = lines.get(state.key.user(), state.key.job.as_str())?;
    let verdict = Verdict::from_word(&line.verdict).filter(|verdict| verdict.flagged())?;
    let broken = verdict == Verdict::Failed
        && !expected.expects.files.is_empty()
        && line.last_success.is_none()
        && state.last_success <= passed;
    let unborn = state.last_success.is_none() && matches!(verdict, Verdict::Never | Verdict::Idle);
    (broken || unborn).then_some(verdict)
}

pub(crate) fn time(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.to_utc())
}
