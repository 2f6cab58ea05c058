//! The night as GitHub-flavoured markdown, for forges and wikis.
//!
//! Every text that is not this program's own goes through [`crate::text`].

use std::fmt::Write as _;

use watch::words::count;
use watch::{IssueLink, Verdict};

use crate::cells::{self, NOTHING};
use crate::headline::headline;
use crate::model::{Night, Row, Sign};
use crate::text::{code, link, markdown};

/// With more fresh jobs than this they are folded away.
const FOLD: usize = 10;
/// The most flagged jobs that are told at length; all others are in the table.
const TOLD: usize = 50;

/// The whole page. Writing into a String cannot fail, so results of `write!` are
/// dropped here.
#[must_use]
pub fn render(night: &Night) -> String {
    let rows = night.flagged.len() + night.unwell.len() + night.fresh.len();
    let mut out = String::with_capacity(2_048 + rows * 160);
    let date = night.now.format("%Y-%m-%d");
    let _ = writeln!(
        out,
        "# Night Watch — {date}, {}\n",
        markdown(&night.host, 100)
    );
    let line = headline(night);
    let _ = writeln!(
        out,
        "{}",
        format!("**{}** {}", line.lead, line.rest).trim_end()
    );
    blockers(&mut out, night);
    panel(&mut out, night);
    watch_itself(&mut out, night);
    out
}

fn blockers(out: &mut String, night: &Night) {
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
    lines.extend(night.flagged.iter().take(TOLD).map(told));
    if lines.is_empty() {
        return;
    }
    out.push_str("\n## What needs somebody\n\n");
    for line in lines {
        let _ = writeln!(out, "- {line}");
    }
    let more = night.summary.flagged as usize - night.flagged.len().min(TOLD);
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

fn told(row: &Row) -> String {
    let mut out = format!("**{}**{}", name(row), cells::predicate(row));
    if let Some(reason) = &row.reason {
        let _ = write!(out, ": {}", markdown(reason, 400));
    }
    out.push('.');
    for sentence in cells::beside(row) {
        let _ = write!(out, " {sentence}");
    }
    if let Some(issue) = &row.issue {
        let _ = write!(out, " {}", issue_words(issue));
    }
    out
}

/// `db_backup`, with the user where it is not root.
fn name(row: &Row) -> String {
    let job = code(&row.job);
    match row.shown_user() {
        Some(user) => format!("{job} ({})", markdown(user, 64)),
        None => job,
    }
}

/// A link where there is a page; a path where the issue is a file.
fn issue_words(issue: &IssueLink) -> String {
    match linked(issue) {
        Some(link) => format!("Issue {link}."),
        None => format!("Issue {}: {}.", issue.number, code(&issue.url)),
    }
}

fn linked(issue: &IssueLink) -> Option<String> {
    let url = link(&issue.url)?.replace('&', "&amp;");
    Some(format!("[#{}]({url})", issue.number))
}

fn panel(out: &mut String, night: &Night) {
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

fn table<'a>(out: &mut String, rows: impl Iterator<Item = &'a Row>) {
    out.push_str("| Job | Status | Age | Interval | Ratio | Last success | Issue |\n");
    out.push_str("|---|---|--:|--:|--:|---|---|\n");
    for row in rows {
        let issue = row.issue.as_ref().map_or(NOTHING.into(), |issue| {
            linked(issue).unwrap_or_else(|| issue.number.to_string())
        });
        let _ = writeln!(
            out,
            "| {} | {} {} | {} | {} | {} | {} | {issue} |",
            name(row),
            light(row.verdict),
            status(row.verdict),
            cells::age(row),
            cells::interval(row),
            cells::ratio(row),
            cells::last_success(row),
        );
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

fn status(verdict: Verdict) -> String {
    if verdict.flagged() {
        format!("**{verdict}**")
    } else {
        verdict.to_string()
    }
}

fn watch_itself(out: &mut String, night: &Night) {
    let watch = &night.watch;
    out.push_str("\n## The watch itself\n\n");
    match (watch.sign, cells::last_pass(watch)) {
        (Sign::Never, _) => {
            let _ = writeln!(
                out,
                "- The checker has never run on this host: no beat of its own, and no record at {}.",
                code(&watch.record)
            );
        }
        (_, Some(sentence)) => {
            let _ = writeln!(out, "- {sentence}");
        }
        (_, None) => out.push_str("- It is unclear when the checker last passed.\n"),
    }
    for problem in &watch.problems {
        let _ = writeln!(out, "- The checker: {}.", sentence(problem));
    }
    for line in &watch.undelivered {
        let _ = writeln!(out, "- Not delivered: {}.", sentence(line));
    }
    if watch.undelivered_left_out > 0 {
        let _ = writeln!(
            out,
            "- … and {} more not delivered.",
            watch.undelivered_left_out
        );
    }
    for note in &watch.notes {
        let _ = writeln!(out, "- {}.", sentence(note));
    }
    for finding in &night.findings {
        let _ = writeln!(
            out,
            "- {}: {} {}.",
            if finding.blind { "Not seen" } else { "Odd" },
            code(&finding.path),
            sentence(&finding.what)
        );
    }
    if night.findings_left_out > 0 {
        let _ = writeln!(out, "- … and {} more odd things.", night.findings_left_out);
    }
    if let Some(sentence) = cells::last_report(watch) {
        let issue = watch.reporter.as_ref().and_then(|row| row.issue.as_ref());
        let issue = issue.map_or(String::new(), |link| format!(" {}", issue_words(link)));
        let _ = writeln!(out, "- {sentence}{issue}");
    }
    let _ = writeln!(out, "- {}", cells::made(night));
}

/// A text of others to which a full stop is added.
fn sentence(text: &str) -> String {
    markdown(text.trim_end().trim_end_matches('.'), 500)
}
