//! The table for people: what needs a look first, then what is well.

use std::io::{self, Write};

use watch::words::{count, is_odd, moment, ratio, span};
use watch::{Cause, Delivery, DeliveryOutcome, JobState, OutageLine, Verdict, reason};

use super::{Look, Result, by_name};

/// Fresh jobs that are listed without `--all`.
const FRESH_SHOWN: usize = 20;

pub(super) fn write(out: &mut dyn Write, result: &Result<'_>, look: Look) -> io::Result<()> {
    let summary = result.summary();
    writeln!(
        out,
        "{} · {} · {}",
        result.host,
        moment(result.now),
        tally(result)
    )?;
    let bad = result.not_fresh();
    let mut shown: Vec<usize> = (0..bad).collect();
    let fresh = bad..result.states.len();
    let hidden = if look.all || fresh.len() <= FRESH_SHOWN {
        shown.extend(by_name(result.states, fresh));
        0
    } else {
        fresh.len()
    };
    if summary.jobs == 0 && result.problems.is_empty() {
        writeln!(
            out,
            "\nNo job leaves a beat here yet. Add one to a line of a crontab:\n  0 2 * * * backup.sh && beat backup --every 1d"
        )?;
    }
    if !shown.is_empty() {
        writeln!(out)?;
        rows(out, result, &shown, look)?;
    }
    if hidden > 0 {
        writeln!(
            out,
            "… and {} (--all lists them)",
            count(hidden as u64, "fresh job", "fresh jobs")
        )?;
    }
    for line in result.outages {
        writeln!(out, "\n{}", outage(line))?;
    }
    if !result.findings.is_empty() {
        writeln!(out, "\nOdd:")?;
        for finding in result.findings {
            writeln!(out, "  {finding}")?;
        }
    }
    if !result.deliveries.is_empty() {
        writeln!(out)?;
        for delivery in result.deliveries {
            writeln!(out, "{}", step(delivery))?;
        }
    }
    Ok(())
}

/// `The host was off between … and …. Missed and not made up for: db_backup (1 run).`
fn outage(line: &OutageLine) -> String {
    let Some(outage) = line.outage.clone().read() else {
        return String::new();
    };
    let told = outage.to_string();
    let mut told = format!("T{}.", told.trim_start_matches('t'));
    let jobs = line.missed.iter().take(10);
    let jobs: Vec<String> = jobs
        .map(|missed| format!("{} ({})", missed.job, count(missed.runs, "run", "runs")))
        .collect();
    let more = line.left_out + line.missed.len().saturating_sub(10) as u64;
    if !jobs.is_empty() {
        told.push_str(&format!(" Missed and not made up for: {}", jobs.join(", ")));
        if more > 0 {
            told.push_str(&format!(" and {more} more"));
        }
        told.push('.');
    }
    told
}

/// `41 jobs: 1 silent, 1 failed, 39 fresh`, worst first.
fn tally(result: &Result<'_>) -> String {
    let mut parts = Vec::new();
    for verdict in Verdict::ALL.into_iter().rev() {
        let n = if verdict == Verdict::Fresh {
            result.states.len() - result.not_fresh()
        } else {
            let bad = &result.states[..result.not_fresh()];
            bad.iter().filter(|state| state.verdict == verdict).count()
        };
        if n > 0 {
            parts.push(format!("{n} {verdict}"));
        }
    }
    let jobs = count(result.states.len() as u64, "job", "jobs");
    if parts.is_empty() {
        return jobs;
    }
    format!("{jobs}: {}", parts.join(", "))
}

const HEAD: [&str; 6] = ["STATUS", "JOB", "AGE", "EVERY", "RATIO", "LAST SUCCESS"];

fn rows(out: &mut dyn Write, result: &Result<'_>, shown: &[usize], look: Look) -> io::Result<()> {
    let cells: Vec<[String; 6]> = shown.iter().map(|at| cells(&result.states[*at])).collect();
    let mut width = HEAD.map(str::len);
    for row in &cells {
        for (width, cell) in width.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: [&str; 6]| {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            // Numbers to the right.
            let pad = " ".repeat(width[at].saturating_sub(cell.chars().count()));
            let right = matches!(at, 2..=4);
            let cell = if right {
                format!("{pad}{cell}")
            } else {
                format!("{cell}{pad}")
            };
            line.push_str(&cell);
            line.push_str("  ");
        }
        line
    };
    writeln!(out, "{}WHY", line(HEAD))?;
    for (row, at) in cells.iter().zip(shown) {
        let state = &result.states[*at];
        let text = line(row.each_ref().map(String::as_str));
        let (status, rest) = text.split_at(width[0]);
        let status = paint(status, colour(state.verdict), look);
        writeln!(
            out,
            "{}",
            format!("{status}{rest}{}", why(result, *at)).trim_end()
        )?;
    }
    Ok(())
}

fn cells(state: &JobState) -> [String; 6] {
    let dash = || "-".to_owned();
    [
        state.verdict.to_string(),
        state.key.shown().to_string(),
        state.age.map_or_else(dash, |age| span(age).to_string()),
        state.every().unwrap_or_else(dash),
        state.ratio().map_or_else(dash, ratio),
        state.last_success.map_or_else(dash, moment),
    ]
}

fn why(result: &Result<'_>, at: usize) -> String {
    let state = &result.states[at];
    let plain = state.verdict == Verdict::Late && state.cause().is_none();
    let mut why = match state.verdict {
        Verdict::Fresh => String::new(),
        _ if plain => String::new(),
        _ => reason(state).unwrap_or_default(),
    };
    if let Some(said) = last_line(state) {
        why.push_str(&format!("; it said: {said}"));
    }
    if let Some(issue) = result.issues.get(&at) {
        why.push_str(&format!(" [issue {}]", issue.number));
    } else if result.acknowledged.contains(&at) {
        why.push_str(" [put aside: its issue was closed by hand]");
    }
    if let Some(root) = result.waits_for.get(&at) {
        why.push_str(&format!(
            " [waits for {}]",
            result.states[*root].key.shown()
        ));
    }
    if let Some(muted) = state.muted(result.now) {
        let reason = muted
            .reason
            .map_or(String::new(), |reason| format!(": {reason}"));
        why.push_str(&format!(" [muted until {}{reason}]", moment(muted.until)));
    }
    why.trim_start().to_owned()
}

/// The last line of what a failed job put out, cut short.
fn last_line(state: &JobState) -> Option<String> {
    let Some(Cause::Failure { output_tail, .. }) = state.cause() else {
        return None;
    };
    let lines = output_tail.as_deref()?.lines().rev();
    let line = lines.map(str::trim).find(|line| !line.is_empty())?;
    let mut out: String = line
        .chars()
        .map(|c| if is_odd(c) { ' ' } else { c })
        .take(100)
        .collect();
    if out.len() < line.len() {
        out.push('…');
    }
    Some(out)
}

fn colour(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fresh => "32",
        Verdict::Late | Verdict::Waiting => "33",
        _ => "31",
    }
}

fn paint(text: &str, code: &str, look: Look) -> String {
    if look.colour {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// One thing that was said to the forge: `opened #12 for db_backup  https://…`.
fn step(delivery: &Delivery) -> String {
    let (done, infinitive) = match delivery.action.as_str() {
        "open" => ("opened", "open"),
        "reopen" => ("opened again", "open again"),
        "change" => ("told of the change in", "tell of the change in"),
        "refresh" => ("brought up to date", "bring up to date"),
        "recover" => (
            "told the recovery and closed",
            "tell the recovery and close",
        ),
        "gone" => (
            "told that the beats are gone in",
            "tell that the beats are gone in",
        ),
        "duplicate" => ("closed as a duplicate", "close as a duplicate"),
        "storm_open" => (
            "opened, for many jobs at once,",
            "open, for many jobs at once,",
        ),
        "storm_grow" => ("added more jobs to", "add more jobs to"),
        "storm_shrink" => ("brought up to date", "bring up to date"),
        "storm_close" => (
            "told that all recovered and closed",
            "tell that all recovered and close",
        ),
        other => (other, other),
    };
    let number = delivery.issue.as_ref().map(|issue| issue.number);
    let what = number.map_or("an issue".to_owned(), |number| format!("#{number}"));
    let job = delivery
        .job
        .as_deref()
        .map_or(String::new(), |job| format!(" for {job}"));
    let url = delivery
        .issue
        .as_ref()
        .map_or("", |issue| issue.url.as_str());
    match (delivery.outcome, &delivery.error) {
        (DeliveryOutcome::Done, _) => format!("{done} {what}{job}  {url}").trim_end().to_owned(),
        (DeliveryOutcome::Planned, _) => format!("would {infinitive} {what}{job}  {url}")
            .trim_end()
            .to_owned(),
        (DeliveryOutcome::Failed, error) => {
            let why = error.as_deref().unwrap_or("it failed");
            format!("could not {infinitive} {what}{job}: {why}")
        }
    }
}
