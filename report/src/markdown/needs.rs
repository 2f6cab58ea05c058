//! What needs somebody, as a list.

use std::fmt::Write as _;

use watch::words::count;

use super::{issue_words, name};
use crate::cells;
use crate::model::{Night, Row, Sign};
use crate::points::{Point, points};
use crate::text::{code, entities, link, markdown, tail};

pub(super) fn blockers(out: &mut String, night: &Night) {
    let mut lines = Vec::new();
    for store in &night.stores {
        if let Some(fault) = &store.fault {
            lines.push(format!(
                "The store {} cannot be read: {}.",
                code(&store.path),
                markdown(fault, 200)
            ));
        }
    }
    lines.extend(silent_watch(night));
    let (points, more) = points(night);
    lines.extend(points.iter().map(point));
    if lines.is_empty() {
        return;
    }
    out.push_str("\n## What needs somebody\n\n");
    for line in lines {
        let _ = writeln!(out, "- {line}");
    }
    if more > 0 {
        let jobs = count(more as u64, "more flagged job", "more flagged jobs");
        let _ = writeln!(out, "- … and {jobs}, worst first in the panel below.");
    }
}

/// A checker that does not pass is the first thing that needs somebody.
fn silent_watch(night: &Night) -> Option<String> {
    let watch = &night.watch;
    let issue = watch.checker.as_ref().and_then(|row| row.issue.as_ref());
    let issue = issue.map_or(String::new(), |link| format!(" {}", issue_words(link)));
    match watch.sign {
        Sign::Passing => None,
        Sign::Never => Some(
            "**The checker** `beat-check` has never run on this host. Run it once, or start its timer: `systemctl enable --now beat-check.timer`."
                .into(),
        ),
        Sign::Silent => Some(format!(
            "**The checker** `beat-check` is silent: it {} Look at its timer: `systemctl status beat-check.timer beat-check.service`.{issue}",
            cells::silence(watch).unwrap_or_default()
        )),
        Sign::Unclear => Some(format!(
            "**The checker** `beat-check`: it is unclear when it last passed; see the end of this page.{issue}"
        )),
    }
}

/// A job, the end of its output, and the jobs that wait for it, each below it.
fn point(point: &Point<'_>) -> String {
    let mut out = told(point.row);
    output(&mut out, point.row);
    for row in &point.waiting {
        let reason = row.reason.as_deref().map(|why| markdown(why, 200));
        let reason = reason.map_or(String::new(), |why| format!(": {why}"));
        let issue = row.issue.as_ref().map(issue_words);
        let issue = issue.map_or(String::new(), |issue| format!(" {issue}"));
        let _ = write!(
            out,
            "\n  - {} waits for it, and is {}{reason}.{issue}",
            name(row),
            row.verdict
        );
    }
    if point.left_out > 0 {
        let wait = if point.left_out == 1 { "waits" } else { "wait" };
        let _ = write!(out, "\n  - … and {} more {wait} for it.", point.left_out);
    }
    out
}

fn told(row: &Row) -> String {
    let critical = if row.critical() { " (critical)" } else { "" };
    let mut out = format!("**{}**{critical}{}", name(row), cells::predicate(row));
    if let Some(reason) = &row.reason {
        let _ = write!(out, ": {}", markdown(reason, 400));
    }
    out.push('.');
    for sentence in cells::beside(row) {
        let _ = write!(out, " {}", markdown(&sentence, 400));
    }
    if let Some(runbook) = &row.runbook {
        let _ = match link(runbook) {
            Some(url) => write!(out, " [Runbook]({}).", url.replace('&', "&amp;")),
            None => write!(out, " Runbook: {}.", code(runbook)),
        };
    }
    if let Some(issue) = &row.issue {
        let _ = write!(out, " {}", issue_words(issue));
    }
    out
}

/// The last lines of a failed job's output, folded away. As html: in it no line can
/// be taken for markdown, and none is empty, which would end it.
fn output(out: &mut String, row: &Row) {
    let lines = row.output_tail.as_deref().map(tail).unwrap_or_default();
    if lines.is_empty() {
        return;
    }
    out.push_str("\n  <details><summary>The last lines of its output</summary><pre>");
    for line in lines {
        let _ = write!(out, "\n  {}", entities(&line));
    }
    out.push_str("</pre></details>");
}
