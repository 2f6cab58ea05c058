//! The night as one html page: no script, nothing from outside, light or dark
//! as the reader's screen is, and readable on a phone.
//!
//! `maud` escapes every text; [`clean`] takes out what cannot be seen.

mod host;
mod needs;
mod panel;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use watch::words::moment;
use watch::{IssueLink, Summary, Verdict};

use crate::cells;
use crate::coverage::Known;
use crate::headline::{Mood, headline, number};
use crate::model::{Night, Row, Sign};
use crate::text::{clean, link};

const STYLE: &str = include_str!("style.css");
/// Nothing may be loaded and nothing may run, whatever stands in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The whole page.
#[must_use]
pub fn render(night: &Night) -> String {
    let date = night.now.format("%Y-%m-%d");
    let host = clean(&night.host, 100);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                link rel="icon" href="data:,";
                title { "Night Watch — " (date) ", " (host) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { "Night Watch — " span { (date) "," } " " bdi { (host) } }
                    p.when { "As of " (moment(night.now)) ". All times are UTC." }
                    (top(night))
                    (host::outages(night))
                    (needs::blockers(night))
                    (panel::panel(night))
                    (host::coverage(night))
                    (watch_itself(night))
                    footer { p { (cells::made(night)) } }
                }
            }
        }
    };
    let mut out = page.into_string();
    out.push('\n');
    out
}

fn top(night: &Night) -> Markup {
    let line = headline(night);
    let tone = match line.mood {
        Mood::Quiet => "good",
        Mood::Empty => "none",
        Mood::Unwatched | Mood::Troubled => "warn",
        Mood::Flagged | Mood::Blind => "bad",
    };
    html! {
        div.headline.(tone) {
            strong { (line.lead) }
            @if !line.rest.is_empty() { span { (line.rest) } }
        }
        @if night.summary.jobs > 0 { (tally(&night.summary)) }
    }
}

/// All jobs as one bar, a piece for each verdict, and the counts in words.
fn tally(summary: &Summary) -> Markup {
    let mut at = 0.0;
    let pieces: Vec<(Verdict, u64, f64, f64)> = Verdict::ALL
        .into_iter()
        .rev()
        .map(|verdict| (verdict, number(summary, verdict)))
        .filter(|(_, n)| *n > 0)
        .map(|(verdict, n)| {
            let (start, width) = (at, n as f64 / summary.jobs as f64 * 1_000.0);
            at += width;
            // However few they are, they can be seen.
            (verdict, n, start, width.max(6.0))
        })
        .collect();
    html! {
        svg.tally viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label=(cells::tally(summary)) {
            // From the last to the first: a piece made wider lies on top.
            @for (verdict, _, start, width) in pieces.iter().rev() {
                rect.(tone(*verdict)) x=(format!("{start:.1}")) y="0" width=(format!("{width:.1}")) height="10" {}
            }
        }
        ul.counts {
            @for (verdict, n, _, _) in &pieces {
                li.(tone(*verdict)) { (n) " " (verdict) }
            }
        }
    }
}

const fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fresh => "good",
        Verdict::Waiting => "none",
        Verdict::Late => "warn",
        _ => "bad",
    }
}

fn name(row: &Row) -> Markup {
    html! {
        code { (clean(&row.job, 100)) }
        @if let Some(user) = row.shown_user() { " (" bdi { (clean(user, 64)) } ")" }
    }
}

/// A link where there is a page; the path where the issue is a file.
fn issue_link(issue: &IssueLink, before: &str) -> Markup {
    html! {
        @match link(&issue.url) {
            Some(url) => a href=(url) rel="noreferrer" { (before) "#" (issue.number) },
            None => span title=(clean(&issue.url, 300)) { (before) (issue.number) },
        }
    }
}

fn watch_itself(night: &Night) -> Markup {
    let watch = &night.watch;
    let pass = match (watch.sign, cells::last_pass(watch)) {
        (Sign::Never, _) => html! {
            "The checker has never run on this host: no beat of its own, and no record at "
            code { bdi { (clean(&watch.record, 300)) } } "."
        },
        (_, Some(sentence)) => html! { (sentence) },
        (_, None) => html! { "It is unclear when the checker last passed." },
    };
    html! {
        h2 { "The watch itself" }
        ul.facts {
            li { (pass) }
            @for problem in &watch.problems { li { "The checker: " (said(problem)) } }
            @for line in &watch.undelivered { li { "Not delivered: " (said(line)) } }
            @if watch.undelivered_left_out > 0 {
                li { "… and " (watch.undelivered_left_out) " more not delivered." }
            }
            @if night.coverage.known == Known::Nothing {
                li {
                    "Whether all jobs of this host leave a beat is not known here. "
                    code { "beat-adopt" } " shows; with " code { "--record" } " this report tells, too."
                }
            }
            @for note in &watch.notes { li { (said(note)) } }
            @for finding in &night.findings {
                li {
                    @if finding.blind { "Not seen: " } @else { "Odd: " }
                    code { bdi { (clean(&finding.path, 300)) } } " " (said(&finding.what))
                }
            }
            @if night.findings_left_out > 0 {
                li { "… and " (night.findings_left_out) " more odd things." }
            }
            @if let Some(sentence) = cells::last_report(watch) {
                li {
                    (sentence)
                    @if let Some(issue) = watch.reporter.as_ref().and_then(|row| row.issue.as_ref()) {
                        " " (issue_link(issue, "Issue "))
                    }
                }
            }
        }
    }
}

/// A text of others to which a full stop is added.
fn said(text: &str) -> Markup {
    let text = clean(text.trim_end().trim_end_matches('.'), 500);
    html! { bdi { (text) } "." }
}
