//! What was found, for people: the jobs that run, those that do not, what is wrong with
//! the fix, and one line that sums it up.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

use crate::coverage::Coverage;
use crate::error::plain;
use crate::job::{Job, State};

/// Texts longer than this are cut in the table; the JSON has them whole.
const WIDEST: usize = 52;

/// As text.
#[must_use]
pub fn render(coverage: &Coverage) -> String {
    let mut out = String::new();
    let of =
        |wanted: fn(&State) -> bool| coverage.jobs.iter().filter(move |job| wanted(&job.state));
    super::rows::write(&mut out, coverage);
    let off: Vec<[String; 3]> = of(|state| matches!(state, State::Off(_)))
        .map(|job| [job.name.to_string(), place(job), why(job)])
        .collect();
    if !off.is_empty() {
        out.push_str("Not enabled:\n");
        list(&mut out, &off);
    }
    let aside: Vec<[String; 3]> = of(|state| *state == State::Aside)
        .map(|job| [job.name.to_string(), place(job), String::new()])
        .collect();
    if !aside.is_empty() {
        out.push_str("Leaves the work to systemd's timers here:\n");
        list(&mut out, &aside);
    }
    if !coverage.findings.is_empty() {
        out.push_str("Findings:\n");
        for finding in &coverage.findings {
            let _ = writeln!(
                out,
                "  {}  [{}]\n    {}\n    fix: {}",
                finding.place, finding.code, finding.says, finding.fix
            );
        }
        out.push('\n');
    }
    if !coverage.unseen.is_empty() {
        out.push_str("Could not be seen; jobs may be hidden there:\n");
        for what in &coverage.unseen {
            let _ = writeln!(out, "  {what}");
        }
        out.push('\n');
    }
    for note in &coverage.notes {
        let _ = writeln!(out, "{note}\n");
    }
    let _ = writeln!(out, "{}", coverage.summary());
    out
}

/// A text whose control characters cannot reach the terminal.
pub(super) fn cell(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (b' '..127).contains(&b)) {
        text.into()
    } else {
        plain(text).into()
    }
}

fn place(job: &Job) -> String {
    job.place.to_string()
}

fn why(job: &Job) -> String {
    match &job.state {
        State::Off(why) => plain(why),
        _ => String::new(),
    }
}

pub(super) fn short(text: &str) -> Cow<'_, str> {
    let text = cell(text);
    if width(&text) <= WIDEST {
        return text;
    }
    let cut: String = text.chars().take(WIDEST - 1).collect();
    format!("{}…", cut.trim_end()).into()
}

/// The next run by the host's own clock: `Wed 25 Nov 02:00`. Today's and tomorrow's are
/// told by the hour alone.
pub(super) fn next(coverage: &Coverage, next: Option<DateTime<Utc>>) -> String {
    let Some(next) = next else {
        return "-".to_owned();
    };
    let Some(zone) = coverage.zone else {
        return next.format("%a %-d %b %H:%M UTC").to_string();
    };
    let local = |moment: DateTime<Utc>| {
        (moment + TimeDelta::seconds(i64::from(zone.offset_seconds(moment)))).naive_utc()
    };
    let (then, now) = (local(next), local(coverage.now));
    match (then.date() - now.date()).num_days() {
        0 => then.format("today %H:%M").to_string(),
        1 => then.format("tomorrow %H:%M").to_string(),
        2..300 => then.format("%a %-d %b %H:%M").to_string(),
        _ => then.format("%-d %b %Y %H:%M").to_string(),
    }
}

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

/// A list of short lines, and a gap after it.
fn list(out: &mut String, rows: &[[String; 3]]) {
    let wide = |at: usize| rows.iter().map(|row| width(&row[at])).max().unwrap_or(0);
    let (first, second) = (wide(0), wide(1));
    for [name, place, why] in rows {
        let line = format!("  {name:first$}  {place:second$}  {why}");
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push('\n');
}
