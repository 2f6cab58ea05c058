//! The table for people: what needs a look first, then what is well.

use std::io::{self, Write};

use watch::words::{count, moment, span};
use watch::{Delivery, DeliveryOutcome, JobState, Verdict, reason};

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
    if !result.findings.is_empty() {
        writeln!(out, "\nOdd in the store:")?;
        for finding in result.findings {
            writeln!(out, "  {finding}")?;
        }
    }
    if !result.deliveries.is_empty() {
        let head = if look.dry_run {
            "Would be done:"
        } else {
            "Done:"
        };
        writeln!(out, "\n{head}")?;
        for delivery in result.deliveries {
            writeln!(out, "  {}", step(delivery))?;
        }
    }
    for problem in result.problems {
        writeln!(
            out,
            "\n{}",
            paint(&format!("problem: {problem}"), "31", look)
        )?;
    }
    Ok(())
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
        state
            .interval
            .map_or_else(dash, |interval| interval.to_string()),
        state
            .ratio()
            .map_or_else(dash, |ratio| format!("{ratio:.1}")),
        state.last_success.map_or_else(dash, moment),
    ]
}

fn why(result: &Result<'_>, at: usize) -> String {
    let state = &result.states[at];
    let mut why = match state.verdict {
        Verdict::Fresh | Verdict::Late => String::new(),
        _ => reason(state).unwrap_or_default(),
    };
    if let Some(issue) = result.issues.get(&at) {
        why.push_str(&format!(" [issue {}]", issue.number));
    } else if result.acknowledged.contains(&at) {
        why.push_str(" [put aside: its issue was closed by hand]");
    }
    why
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

fn step(delivery: &Delivery) -> String {
    let verb = match delivery.action.as_str() {
        "open" => "open an issue",
        "reopen" => "open the issue again",
        "change" => "say that it changed",
        "refresh" => "bring the issue up to date",
        "recover" => "say that it recovered, and close",
        "gone" => "say that its files are gone",
        "duplicate" => "close a duplicate",
        "storm_open" => "open one issue for many jobs",
        "storm_grow" => "add jobs to the issue for many",
        "storm_shrink" => "bring the issue for many up to date",
        "storm_close" => "close the issue for many",
        other => other,
    };
    let job = delivery
        .job
        .as_deref()
        .map_or(String::new(), |job| format!(" for {job}"));
    let issue = delivery.issue.as_ref().map_or(String::new(), |issue| {
        format!(" → #{} {}", issue.number, issue.url)
            .trim_end()
            .to_owned()
    });
    let failed = match (delivery.outcome, &delivery.error) {
        (DeliveryOutcome::Failed, Some(error)) => format!(" — failed: {error}"),
        (DeliveryOutcome::Failed, None) => " — failed".into(),
        _ => String::new(),
    };
    format!("{verb}{job}{issue}{failed}")
}
