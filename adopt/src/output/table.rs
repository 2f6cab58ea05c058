//! What was found, for people: the jobs that run, those that do not, what is wrong with
//! the fix, and one line that sums it up.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use chrono::{DateTime, TimeDelta, Utc};

use super::{AT_ONCE, in_turns};
use crate::coverage::Coverage;
use crate::error::plain;
use crate::finding::Finding;
use crate::job::State;

/// Texts longer than this are cut in the table; the JSON has them whole.
const WIDEST: usize = 52;

/// Writes it.
///
/// # Errors
/// When it cannot be written.
pub fn write(coverage: &Coverage, out: &mut dyn Write) -> io::Result<()> {
    super::rows::write(coverage, out)?;
    let (mut off, mut aside) = (Vec::new(), Vec::new());
    for job in &coverage.jobs {
        let line = |why: String| [job.name.to_string(), job.place.to_string(), why];
        match &job.state {
            State::Runs => {}
            State::Aside => aside.push(line(String::new())),
            State::Off(why) => off.push(line(plain(why))),
        }
    }
    if !off.is_empty() {
        writeln!(out, "Not enabled:\n{}", list(&off))?;
    }
    if !aside.is_empty() {
        let head = "Leaves the work to systemd's timers here:";
        writeln!(out, "{head}\n{}", list(&aside))?;
    }
    let findings = &coverage.findings;
    if !findings.is_empty() {
        writeln!(out, "Findings:")?;
        in_turns(out, findings.len(), findings.chunks(AT_ONCE), tell)?;
        writeln!(out)?;
    }
    if !coverage.unseen.is_empty() {
        writeln!(out, "Could not be seen; jobs may be hidden there:")?;
        for what in &coverage.unseen {
            writeln!(out, "  {what}")?;
        }
        writeln!(out)?;
    }
    for note in &coverage.notes {
        writeln!(out, "{note}\n")?;
    }
    writeln!(out, "{}", coverage.summary())
}

/// What is wrong, each with its place and its fix.
fn tell(findings: &[Finding], out: &mut String) {
    for finding in findings {
        let (says, fix) = (&*finding.says, &*finding.fix);
        let _ = write!(out, "  {}", finding.place);
        for text in [
            "  [",
            finding.code,
            "]\n    ",
            says,
            "\n    fix: ",
            fix,
            "\n",
        ] {
            out.push_str(text);
        }
    }
}

/// A text whose control characters cannot reach the terminal.
pub(super) fn cell(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (b' '..127).contains(&b)) {
        text.into()
    } else {
        plain(text).into()
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

/// A list of short lines.
fn list(rows: &[[String; 3]]) -> String {
    let wide = |at: usize| rows.iter().map(|row| width(&row[at])).max().unwrap_or(0);
    let (first, second) = (wide(0), wide(1));
    let mut out = String::new();
    for [name, place, why] in rows {
        let line = format!("  {name:first$}  {place:second$}  {why}");
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
