//! What was found, for people: the jobs that run, those that do not, what is wrong with
//! the fix, and one line that sums it up.

use std::borrow::Cow;
use std::collections::HashMap;
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
    let codes = super::json::codes(coverage);
    let of =
        |wanted: fn(&State) -> bool| coverage.jobs.iter().filter(move |job| wanted(&job.state));
    let mut rows: Vec<[Cow<'_, str>; 8]> = Vec::new();
    // Many jobs have one next run.
    let mut times: HashMap<Option<DateTime<Utc>>, String> = HashMap::new();
    for job in of(|state| *state == State::Runs) {
        let time = times.entry(job.when.next);
        time.or_insert_with(|| next(coverage, job.when.next));
    }
    for job in of(|state| *state == State::Runs) {
        let wrong = codes.get(&job.place).map(|codes| codes.join(", "));
        let time = times.get(&job.when.next).map_or("", String::as_str);
        rows.push([
            job.name.as_str().into(),
            cell(&job.user),
            short(&job.when.words),
            time.into(),
            yes(job.beat.is_some()).into(),
            yes(job.expected).into(),
            job.place.to_string().into(),
            wrong.unwrap_or_default().into(),
        ]);
    }
    let heads = [
        "JOB", "USER", "RUNS", "NEXT", "BEAT", "EXPECTED", "WHERE", "WRONG",
    ];
    if !rows.is_empty() {
        table(&mut out, heads, &rows);
        out.push('\n');
    }
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

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// A text whose control characters cannot reach the terminal.
fn cell(text: &str) -> Cow<'_, str> {
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

fn short(text: &str) -> Cow<'_, str> {
    let text = cell(text);
    if width(&text) <= WIDEST {
        return text;
    }
    let cut: String = text.chars().take(WIDEST - 1).collect();
    format!("{}…", cut.trim_end()).into()
}

/// The next run by the host's own clock: `Wed 25 Nov 02:00`. Today's and tomorrow's are
/// told by the hour alone.
fn next(coverage: &Coverage, next: Option<DateTime<Utc>>) -> String {
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

/// Columns as wide as their widest cell. A column in which nothing is said is left out.
fn table<const N: usize>(out: &mut String, heads: [&str; N], rows: &[[Cow<'_, str>; N]]) {
    let mut wide = [0; N];
    for (at, wide) in wide.iter_mut().enumerate() {
        let cells = rows.iter().map(|row| width(&row[at]));
        *wide = cells.max().unwrap_or(0);
        if *wide > 0 {
            *wide = (*wide).max(heads[at].len());
        }
    }
    let mut line = |cells: [&str; N]| {
        let start = out.len();
        for (cell, wide) in cells.iter().zip(wide) {
            if wide == 0 {
                continue;
            }
            out.push_str(cell);
            let pad = wide.saturating_sub(width(cell)) + 2;
            out.extend(std::iter::repeat_n(' ', pad));
        }
        let end = out[start..].trim_end().len();
        out.truncate(start + end);
        out.push('\n');
    };
    line(heads);
    for row in rows {
        line(row.each_ref().map(|cell| &**cell));
    }
}

/// How many columns a text takes.
fn width(text: &str) -> usize {
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
