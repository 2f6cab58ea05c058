//! Whether somebody watches: what the checker's own beat and its record say of
//! it. Pure.

use std::time::Duration;

use chrono::{DateTime, Utc};
use watch::words::{count, span};
use watch::{Delivery, DeliveryOutcome, PassRecord, Verdict};

use crate::model::{Row, Sign, Watch};
use crate::record::{Found, Recorded};
use crate::row::time;

/// How often the checker passes, where its beat does not say.
const EVERY: Duration = Duration::from_secs(15 * 60);
/// How far clocks may differ.
const TOLERANCE: Duration = Duration::from_secs(60);
const MAX_UNDELIVERED: usize = 10;
const MAX_PROBLEMS: usize = 20;

/// What is to be said of the watch.
pub(crate) fn watch(
    now: DateTime<Utc>,
    recorded: &Recorded,
    checker: Option<Row>,
    reporter: Option<Row>,
) -> Watch {
    let record = match &recorded.found {
        Found::Record(record) => Some(record.as_ref()),
        _ => None,
    };
    let interval = checker.as_ref().and_then(|row| row.interval);
    let every = interval.map_or(EVERY, |interval| interval.duration());
    let passes = Passes::of(now, record, checker.as_ref());
    let sign = match passes.newest {
        Some((age, _)) if age <= every * 2 => Sign::Passing,
        Some(_) => Sign::Silent,
        None if record.is_none() && checker.is_none() && recorded.found == Found::Missing => {
            Sign::Never
        }
        None => Sign::Unclear,
    };
    let (undelivered, undelivered_left_out) = undelivered(record);
    Watch {
        sign,
        last_pass: passes.newest.map(|(_, at)| at),
        age: passes.newest.map(|(age, _)| age),
        every,
        exit_code: record.map(|record| record.exit_code),
        record: recorded.path.to_string_lossy().into_owned(),
        recorded: record.is_some(),
        problems: problems(recorded, &passes, checker.as_ref(), every),
        notes: notes(recorded, checker.as_ref(), reporter.as_ref()),
        undelivered,
        undelivered_left_out,
        checker,
        reporter,
    }
}

/// When the checker was last heard of.
struct Passes {
    newest: Option<(Duration, DateTime<Utc>)>,
    /// How far the record lies in the future.
    ahead: Option<Duration>,
    /// Age of the record.
    record: Option<Duration>,
}

impl Passes {
    fn of(now: DateTime<Utc>, record: Option<&PassRecord>, checker: Option<&Row>) -> Self {
        let at = record.and_then(|record| time(&record.now));
        let passed = at.map(|at| now - at);
        let ahead = passed
            .and_then(|passed| (-passed).to_std().ok())
            .filter(|ahead| *ahead > TOLERANCE);
        let record = match ahead {
            Some(_) => None,
            None => passed.map(|passed| passed.to_std().unwrap_or(Duration::ZERO)),
        };
        // A beat's age may come from the boot clock, which nobody can set.
        let beat = checker.and_then(|row| Some((row.age?, row.last_success?)));
        let newest = [record.zip(at), beat]
            .into_iter()
            .flatten()
            .min_by_key(|(age, _)| *age);
        Self {
            newest,
            ahead,
            record,
        }
    }
}

fn problems(
    recorded: &Recorded,
    passes: &Passes,
    checker: Option<&Row>,
    every: Duration,
) -> Vec<String> {
    let mut out = Vec::new();
    match &recorded.found {
        Found::Unreadable(why) => out.push(format!(
            "its record of the last pass cannot be read, so issues are not known here: {why}"
        )),
        Found::Missing => {}
        Found::Record(record) => {
            if let Some(ahead) = passes.ahead {
                out.push(format!(
                    "its last pass lies {} in the future: a clock was set",
                    span(ahead)
                ));
            } else if time(&record.now).is_none() {
                out.push("its record does not say when it passed".into());
            }
            out.extend(record.problems.iter().take(MAX_PROBLEMS).cloned());
            if let Some(more) = record.problems.len().checked_sub(MAX_PROBLEMS + 1) {
                out.push(format!("and {}", count(more as u64 + 1, "more", "more")));
            }
            out.extend(exit_code(record));
        }
    }
    out.extend(checker.and_then(|row| own_beat(row, passes, every)));
    out
}

fn notes(recorded: &Recorded, checker: Option<&Row>, reporter: Option<&Row>) -> Vec<String> {
    let mut out = Vec::new();
    if let (Found::Missing, Some(_)) = (&recorded.found, checker) {
        out.push(format!(
            "There is no record of the last pass at {}, so issues are not known here",
            recorded.path.display()
        ));
    }
    // That it was silent is said with the time of the report before this one.
    let odd = reporter.filter(|row| row.verdict.flagged() && row.verdict != Verdict::Silent);
    if let Some(row) = odd {
        out.push(format!(
            "The reporter's own beat is {}: {}",
            row.verdict,
            row.reason.as_deref().unwrap_or("no reason is known")
        ));
    }
    out
}

/// What an exit code says that the record's problems do not.
fn exit_code(record: &PassRecord) -> Option<String> {
    if !record.problems.is_empty() {
        return None;
    }
    let what = match record.exit_code {
        0 | 1 => return None,
        2 => "its config or usage was wrong, so nothing was checked",
        3 => "it could not see everything",
        4 => "it could not deliver everything",
        5 => "it did not believe the clock, and opened and closed nothing",
        _ => "its last pass failed",
    };
    Some(format!("{what} (exit code {})", record.exit_code))
}

/// What the checker's own beat says beside its record.
fn own_beat(row: &Row, passes: &Passes, every: Duration) -> Option<String> {
    let alive = passes.record.is_some_and(|age| age <= every * 2);
    match row.verdict {
        // A pass that ends badly leaves a failure; the record says the same.
        Verdict::Failed if alive => None,
        Verdict::Silent if alive => Some(format!(
            "it passes, but its own beat was last left {}",
            row.age
                .map_or("never".into(), |age| format!("{} ago", span(age)))
        )),
        // Said by the sign.
        Verdict::Silent => None,
        verdict if verdict.flagged() => Some(format!(
            "its own beat is {verdict}: {}",
            row.reason.as_deref().unwrap_or("no reason is known")
        )),
        _ => None,
    }
}

fn undelivered(record: Option<&PassRecord>) -> (Vec<String>, usize) {
    let all = record.map_or(&[][..], |record| &record.deliveries);
    let failed = all
        .iter()
        .filter(|delivery| delivery.outcome == DeliveryOutcome::Failed);
    let lines: Vec<String> = failed.clone().take(MAX_UNDELIVERED).map(told).collect();
    let left_out = failed.count() - lines.len();
    (lines, left_out)
}

fn told(delivery: &Delivery) -> String {
    let what = match delivery.action.as_str() {
        "open" => "open an issue",
        "reopen" => "reopen the issue",
        "change" | "refresh" => "bring the issue up to date",
        "recover" | "gone" => "close the issue",
        "duplicate" => "close a duplicate",
        "storm_open" => "open the umbrella issue",
        "storm_grow" | "storm_shrink" => "bring the umbrella issue up to date",
        "storm_close" => "close the umbrella issue",
        other => other,
    };
    let job = delivery
        .job
        .as_deref()
        .map_or(String::new(), |job| format!(" for {job}"));
    let why = delivery.error.as_deref().unwrap_or("no reason is known");
    format!("{what}{job}: {why}")
}
