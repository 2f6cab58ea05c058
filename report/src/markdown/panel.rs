//! The panel: all jobs in tables.

use std::fmt::Write as _;

use watch::Verdict;
use watch::words::count;

use super::{linked, name};
use crate::cells::{self, NOTHING};
use crate::model::{Night, Row};
use crate::text::{code, markdown};

/// With more fresh jobs than this they are folded away.
const FOLD: usize = 10;

pub(super) fn panel(out: &mut String, night: &Night) {
    out.push_str("\n## Heartbeat Panel\n\n");
    if night.summary.jobs == 0 {
        if night.sightless() {
            out.push_str("Nothing could be read, so nothing can be shown.\n");
        } else {
            begin(out);
        }
        return;
    }
    let _ = writeln!(out, "{}. Times are UTC.\n", cells::tally(&night.summary));
    let all = night.fresh.len() + night.fresh_left_out;
    let unwell = || night.flagged.iter().chain(&night.unwell);
    if all <= FOLD {
        table(out, unwell().chain(&night.fresh));
        left_out(
            out,
            night.flagged_left_out + night.unwell_left_out,
            "that need a look",
        );
        return;
    }
    if unwell().next().is_some() {
        table(out, unwell());
        left_out(
            out,
            night.flagged_left_out + night.unwell_left_out,
            "that need a look",
        );
        out.push('\n');
    }
    let jobs = count(all as u64, "fresh job", "fresh jobs");
    let _ = writeln!(out, "<details>\n<summary>{jobs}</summary>\n");
    table(out, night.fresh.iter());
    left_out(out, night.fresh_left_out, "that are fresh");
    out.push_str("\n</details>\n");
}

fn begin(out: &mut String) {
    let _ = writeln!(
        out,
        "To begin, let a job say that it succeeded. In a cron line:\n\n```\n{}\n```\n\nFrom the next run on, this panel shows it.",
        cells::FIRST_LINE
    );
}

fn left_out(out: &mut String, n: usize, what: &str) {
    if n > 0 {
        let _ = writeln!(
            out,
            "\n… and {} {what}.",
            count(n as u64, "more job", "more jobs")
        );
    }
}

fn table<'a>(out: &mut String, rows: impl Iterator<Item = &'a Row> + Clone) {
    // Only wrapped jobs tell of their runs; without one there is nothing to show.
    let told = rows.clone().any(cells::has_runs);
    let (head, line) = if told {
        (" Last runs |", "---|")
    } else {
        ("", "")
    };
    let _ = writeln!(
        out,
        "| Job | Status | Age | Every | Ratio | Last success |{head} Issue |\n|---|---|--:|--:|--:|---|{line}---|"
    );
    for row in rows {
        let issue = row.issue.as_ref().map_or(NOTHING.into(), |issue| {
            linked(issue).unwrap_or_else(|| issue.number.to_string())
        });
        let _ = write!(
            out,
            "| {} | {} {} | {} | {} | {} | {} |",
            name(row),
            light(row.verdict),
            status(row),
            cells::age(row),
            every(row),
            cells::ratio(row),
            cells::last_success(row),
        );
        if told {
            let runs: Vec<String> = cells::runs(row).iter().map(ToString::to_string).collect();
            let runs = match runs.is_empty() {
                true => NOTHING.into(),
                false => markdown(&runs.join(" · "), 200),
            };
            let _ = write!(out, " {runs} |");
        }
        let _ = writeln!(out, " {issue} |");
    }
}

fn every(row: &Row) -> String {
    match &row.schedule {
        Some(schedule) => code(&schedule.text),
        None => cells::every(row),
    }
}

const fn light(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fresh => "🟢",
        Verdict::Waiting => "⚪",
        Verdict::Late => "🟡",
        _ => "🔴",
    }
}

fn status(row: &Row) -> String {
    let muted = if row.muted.is_some() { ", muted" } else { "" };
    if row.verdict.flagged() {
        format!("**{}**{muted}", row.verdict)
    } else {
        format!("{}{muted}", row.verdict)
    }
}
