//! What stands in the cells of a row, the same in markdown and html. Sentences and
//! lists may hold texts of others, so renderers escape them; other cells are this
//! program's own words and numbers.

use std::fmt;

use chrono::{DateTime, Utc};
use watch::words::{self, count, moment, span};
use watch::{MissedLine, Muted, Summary, Verdict};

use crate::model::{Night, Row, Schedule, Watch};
use crate::outages::Outaged;

/// What stands where nothing is known.
pub(crate) const NOTHING: &str = "–";

/// The most of each that a page shows; the JSON has more.
pub(crate) const MAX_OUTAGES: usize = 5;
pub(crate) const MAX_MISSED: usize = 20;
pub(crate) const MAX_LACKING: usize = 50;
pub(crate) const MAX_LINT: usize = 5;

/// How to begin.
pub(crate) const FIRST_LINE: &str =
    "0 2 * * * /usr/local/bin/db_backup && beat db_backup --every 1d";

pub(crate) fn age(row: &Row) -> String {
    row.age.map_or(NOTHING.into(), |age| span(age).to_string())
}

/// How often it should succeed: `1d`, or the text of a schedule, which is one of
/// others.
pub(crate) fn every(row: &Row) -> String {
    match (&row.schedule, row.interval) {
        (Some(schedule), _) => schedule.text.clone(),
        (None, Some(interval)) => interval.to_string(),
        (None, None) => NOTHING.into(),
    }
}

/// A schedule in words, with its time zone.
pub(crate) fn schedule(schedule: &Schedule) -> String {
    let zone = &schedule.timezone;
    match &schedule.words {
        Some(words) => format!("{words} ({zone})"),
        None => format!("{} ({zone})", schedule.text),
    }
}

/// What is known of one of the last runs: `took 12 min`, `failed 2026-11-20 02:00
/// (exit code 3)`.
pub(crate) struct Run {
    /// The own words.
    pub(crate) what: &'static str,
    /// How long, or when.
    pub(crate) span: String,
    /// How: a text of others, empty where there is none.
    pub(crate) how: String,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.span)?;
        match self.how.as_str() {
            "" => Ok(()),
            how => write!(f, " ({how})"),
        }
    }
}

/// What is known of the last runs.
pub(crate) fn runs(row: &Row) -> Vec<Run> {
    let run = |what, span: String, how: &str| Run {
        what,
        span,
        how: how.to_owned(),
    };
    let at = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M").to_string();
    let took = row.took.map(|took| run("took", span(took).to_string(), ""));
    let failed = row.last_failure.as_ref();
    let failed = failed.map(|(time, how)| run("failed", at(*time), how));
    let skipped = row.last_skip.map(|time| run("skipped", at(time), ""));
    [took, failed, skipped].into_iter().flatten().collect()
}

/// Whether anything is known of the last runs.
pub(crate) const fn has_runs(row: &Row) -> bool {
    row.took.is_some() || row.last_failure.is_some() || row.last_skip.is_some()
}

/// That no issue is opened for it, and why.
pub(crate) fn muted(muted: &Muted) -> String {
    let why = match muted.reason.as_deref() {
        None | Some("") => String::new(),
        Some(reason) => format!(": {reason}"),
    };
    format!("muted until {}{why}", moment(muted.until))
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
    match (&row.schedule, row.interval) {
        (Some(schedule), _) => {
            let by = if schedule.words.is_some() { "" } else { "by " };
            facts.push(format!("due {by}{}", self::schedule(schedule)));
            let next = schedule.next_run.map(moment);
            facts.extend(next.map(|next| format!("next run {next}")));
        }
        (None, Some(every)) => facts.push(format!("due every {every}")),
        (None, None) => {}
    }
    if let Some(at) = row.last_success {
        let took = row.took.map(|took| format!(" (took {})", span(took)));
        facts.push(format!(
            "last success {}{}",
            moment(at),
            took.unwrap_or_default()
        ));
        // The reason of a silent job says the rest.
        let told = matches!(row.verdict, Verdict::Silent | Verdict::Late);
        if let (false, Some(age)) = (told, row.age) {
            facts.push(format!("{} ago", span(age)));
            let missed = row.missed.filter(|missed| *missed > 0);
            facts.extend(missed.map(|n| format!("{} missed", count(n, "run", "runs"))));
        }
    }
    let mut out = Vec::new();
    out.extend(row.about.as_deref().map(ended));
    if !facts.is_empty() {
        out.push(capital(&format!("{}.", facts.join(", "))));
    }
    out.extend(row.muted.as_ref().map(|one| ended(&muted(one))));
    if row.put_aside {
        out.push("Put aside: somebody closed its issue by hand.".into());
    }
    if !row.seen {
        out.push("As the checker's last pass saw it; this report does not see its beat.".into());
    }
    out.extend(
        row.owner
            .as_ref()
            .map(|owner| ended(&format!("ask {owner}"))),
    );
    out
}

/// A text as a sentence of its own.
fn ended(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    capital(&format!("{text}."))
}

/// An outage as a sentence, and what is to be said where no missed run is known.
pub(crate) fn outage(story: &Outaged) -> (String, &'static str) {
    let nothing = match story.outage.from {
        None => "When that began is not known, nor what was missed.",
        Some(_) => "Nothing that was due then is still missing.",
    };
    (capital(&format!("{}.", story.outage)), nothing)
}

/// The missed jobs of an outage that a page shows, and how many more there are.
pub(crate) fn missed(story: &Outaged) -> (&[MissedLine], u64) {
    let told = &story.missed[..story.missed.len().min(MAX_MISSED)];
    let more = (story.missed.len() - told.len()) as u64 + story.left_out;
    (told, more)
}

/// `3 jobs leave`
pub(crate) fn leave(n: u64) -> String {
    let verb = if n == 1 { "leaves" } else { "leave" };
    format!("{} {verb}", count(n, "job", "jobs"))
}

/// `4 things are wrong with how jobs are scheduled`
pub(crate) fn lint(n: u64) -> String {
    let things = count(n, "thing is", "things are");
    format!("{things} wrong with how jobs are scheduled")
}

/// ` is silent`: what goes between a job's name and the reason, where the reason
/// does not say it itself.
pub(crate) const fn predicate(row: &Row) -> &'static str {
    match row.verdict {
        Verdict::Hung => " hangs",
        Verdict::Idle => " is idle",
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
