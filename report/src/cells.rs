//! What stands in the cells of a row, the same in markdown and html. All of it
//! is this program's own words and numbers.

use watch::words::{self, count, moment, span};
use watch::{Summary, Verdict};

use crate::model::{Night, Row, Watch};

/// What stands where nothing is known.
pub(crate) const NOTHING: &str = "–";

/// How to begin.
pub(crate) const FIRST_LINE: &str =
    "0 2 * * * /usr/local/bin/db_backup && beat db_backup --every 1d";

pub(crate) fn age(row: &Row) -> String {
    row.age.map_or(NOTHING.into(), |age| span(age).to_string())
}

pub(crate) fn interval(row: &Row) -> String {
    row.interval
        .map_or(NOTHING.into(), |interval| interval.to_string())
}

/// `2.4×`
pub(crate) fn ratio(row: &Row) -> String {
    row.ratio
        .map_or(NOTHING.into(), |ratio| format!("{}×", words::ratio(ratio)))
}

pub(crate) fn last_success(row: &Row) -> String {
    row.last_success.map_or(NOTHING.into(), |time| {
        time.format("%Y-%m-%d %H:%M:%S").to_string()
    })
}

/// What is known beside the reason, as sentences.
pub(crate) fn beside(row: &Row) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(every) = row.interval {
        facts.push(format!("due every {every}"));
    }
    if let Some(at) = row.last_success {
        facts.push(format!("last success {}", moment(at)));
        // The reason of a silent job says the rest.
        let told = matches!(row.verdict, Verdict::Silent | Verdict::Late);
        if let (false, Some(age)) = (told, row.age) {
            facts.push(format!("{} ago", span(age)));
            let missed = row.missed.filter(|missed| *missed > 0);
            facts.extend(missed.map(|n| format!("{} missed", count(n, "run", "runs"))));
        }
    }
    let mut out = Vec::new();
    if !facts.is_empty() {
        out.push(capital(&format!("{}.", facts.join(", "))));
    }
    if row.put_aside {
        out.push("Put aside: somebody closed its issue by hand.".into());
    }
    if !row.seen {
        out.push("As the checker's last pass saw it; this report does not see its beat.".into());
    }
    out
}

/// ` is silent`: what goes between a job's name and the reason, where the reason
/// does not say it itself.
pub(crate) const fn predicate(row: &Row) -> &'static str {
    match row.verdict {
        Verdict::Hung => " hangs",
        Verdict::Never => " never succeeded",
        Verdict::Silent => " is silent",
        _ if row.reason.is_some() => "",
        Verdict::Failed => " failed",
        _ => " needs a look",
    }
}

/// The first letter large.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// When the checker last passed, as a sentence.
pub(crate) fn last_pass(watch: &Watch) -> Option<String> {
    let (at, age) = (watch.last_pass?, watch.age?);
    let late = if age > watch.every * 2 {
        ", so this is older than it should be"
    } else {
        ""
    };
    Some(format!(
        "The checker last passed at {}, {} ago. It should pass every {}{late}.",
        moment(at),
        span(age),
        span(watch.every)
    ))
}

/// The same of a checker that is silent, without its subject.
pub(crate) fn silence(watch: &Watch) -> Option<String> {
    let (at, age) = (watch.last_pass?, watch.age?);
    Some(format!(
        "last passed at {}, {} ago, and should pass every {}.",
        moment(at),
        span(age),
        span(watch.every)
    ))
}

/// When the report before this one was written.
pub(crate) fn last_report(watch: &Watch) -> Option<String> {
    let row = watch.reporter.as_ref()?;
    let (at, age) = (row.last_success?, row.age?);
    let late = if row.verdict == Verdict::Silent {
        ", and that is more than twice as long ago as it should be"
    } else {
        ""
    };
    Some(format!(
        "The report before this one was written at {}, {} ago{late}.",
        moment(at),
        span(age)
    ))
}

/// When this page was made, and from when on it should no longer be believed.
pub(crate) fn made(night: &Night) -> String {
    let every = night.watch.reporter.as_ref().and_then(|row| row.interval);
    let stale = every.map_or(String::new(), |every| {
        format!(
            " A new one is due every {}: when this one is older than {}, nobody writes it any more.",
            span(every.duration()),
            span(every.duration() * 2)
        )
    });
    format!("This page was made at {}.{stale}", moment(night.now))
}

/// `25 jobs: 2 silent, 1 late, 22 fresh`.
pub(crate) fn tally(summary: &Summary) -> String {
    let parts: Vec<String> = Verdict::ALL
        .into_iter()
        .rev()
        .map(|verdict| (crate::headline::number(summary, verdict), verdict))
        .filter(|(n, _)| *n > 0)
        .map(|(n, verdict)| format!("{n} {verdict}"))
        .collect();
    format!(
        "{}: {}",
        count(summary.jobs, "job", "jobs"),
        parts.join(", ")
    )
}
