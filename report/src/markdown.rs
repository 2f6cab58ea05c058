//! The night as GitHub-flavoured markdown, for forges and wikis.
//!
//! Every text that is not this program's own goes through [`crate::text`].

mod host;
mod needs;
mod panel;

use std::fmt::Write as _;

use watch::IssueLink;

use crate::cells;
use crate::coverage::Known;
use crate::headline::headline;
use crate::model::{Night, Row, Sign};
use crate::text::{code, link, markdown};

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
    host::outages(&mut out, night);
    needs::blockers(&mut out, night);
    panel::panel(&mut out, night);
    host::coverage(&mut out, night);
    watch_itself(&mut out, night);
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
    if night.coverage.known == Known::Nothing {
        out.push_str("- Whether all jobs of this host leave a beat is not known here. `beat-adopt` shows; with `--record` this report tells, too.\n");
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
