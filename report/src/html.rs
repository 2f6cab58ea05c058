//! The night as one html page: no script, nothing from outside, light or dark
//! as the reader's screen is, and readable on a phone.
//!
//! `maud` escapes every text; [`clean`] takes out what cannot be seen.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use watch::words::{count, moment};
use watch::{IssueLink, Summary, Verdict};

use crate::cells::{self, NOTHING};
use crate::headline::{Mood, headline, number};
use crate::model::{Night, Row, Sign};
use crate::text::{clean, link};

const STYLE: &str = include_str!("style.css");
/// Nothing may be loaded and nothing may run, whatever stands in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// With more fresh jobs than this they are folded away.
const FOLD: usize = 10;
/// The most flagged jobs that are told at length; all others are in the table.
const TOLD: usize = 50;

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
                    (blockers(night))
                    (panel(night))
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

fn blockers(night: &Night) -> Markup {
    let faults = night.stores.iter().filter(|store| store.fault.is_some());
    let silent = night.watch.sign != Sign::Passing;
    let more = night.summary.flagged as usize - night.flagged.len().min(TOLD);
    if faults.clone().next().is_none() && !silent && night.flagged.is_empty() {
        return html! {};
    }
    html! {
        h2 { "What needs somebody" }
        ul.cards {
            @for store in faults {
                li.bad {
                    div.top { span.name { "The store " code { bdi { (clean(&store.path, 300)) } } } }
                    p { "It cannot be read: " (clean(store.fault.as_deref().unwrap_or_default(), 200)) "." }
                }
            }
            @if silent { (silent_watch(night)) }
            @for row in night.flagged.iter().take(TOLD) { (card(row)) }
        }
        @if more > 0 {
            p.soft { "… and " (count(more as u64, "more flagged job", "more flagged jobs")) ", worst first in the panel below." }
        }
    }
}

fn silent_watch(night: &Night) -> Markup {
    let watch = &night.watch;
    html! {
        li.bad {
            div.top {
                span.name { "The checker " code { "beat-check" } }
                span.pill.bad { (watch.sign.word()) }
                @if let Some(issue) = watch.checker.as_ref().and_then(|row| row.issue.as_ref()) {
                    span.issue { (issue_link(issue, "Issue ")) }
                }
            }
            @match watch.sign {
                Sign::Never => p { "It has never run on this host. Run it once, or start its timer: " code { "systemctl enable --now beat-check.timer" } "." },
                Sign::Silent => p { "It " (cells::silence(watch).unwrap_or_default()) " Look at its timer: " code { "systemctl status beat-check.timer beat-check.service" } "." },
                _ => p { "It is unclear when it last passed; see the end of this page." },
            }
        }
    }
}

fn card(row: &Row) -> Markup {
    html! {
        li.(tone(row.verdict)) {
            div.top {
                span.name { (name(row)) }
                span.pill.(tone(row.verdict)) { (row.verdict) }
                @if let Some(issue) = &row.issue { span.issue { (issue_link(issue, "Issue ")) } }
            }
            @if let Some(reason) = &row.reason { p { bdi { (cells::capital(&clean(reason, 400))) } "." } }
            p.soft {
                (cells::beside(row).join(" "))
                @if let Some(issue) = row.issue.as_ref().filter(|issue| link(&issue.url).is_none()) {
                    " Its issue is the file " code { bdi { (clean(&issue.url, 300)) } } "."
                }
            }
        }
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

fn panel(night: &Night) -> Markup {
    let all = night.fresh.len() + night.fresh_left_out;
    let worse: Vec<&Row> = night.flagged.iter().chain(&night.unwell).collect();
    let left_out = night.flagged_left_out + night.unwell_left_out;
    html! {
        h2 { "Heartbeat Panel" }
        @if night.summary.jobs == 0 {
            @if night.sightless() {
                p { "Nothing could be read, so nothing can be shown." }
            } @else {
                (begin())
            }
        } @else {
            p.soft { "The bar is age over interval: at the first mark a job is due, beyond the second it is silent." }
            @if all <= FOLD {
                @let rows: Vec<&Row> = worse.iter().copied().chain(&night.fresh).collect();
                (table(&rows))
                (more(left_out, "that need a look"))
            } @else {
                @if !worse.is_empty() { (table(&worse)) (more(left_out, "that need a look")) }
                details {
                    summary { (count(all as u64, "fresh job", "fresh jobs")) }
                    (table(&night.fresh.iter().collect::<Vec<_>>()))
                    (more(night.fresh_left_out, "that are fresh"))
                }
            }
        }
    }
}

fn begin() -> Markup {
    html! {
        p { "To begin, let a job say that it succeeded. In a cron line:" }
        pre { code { (cells::FIRST_LINE) } }
        p { "From the next run on, this panel shows it." }
    }
}

fn more(n: usize, what: &str) -> Markup {
    html! {
        @if n > 0 { p.soft { "… and " (count(n as u64, "more job", "more jobs")) " " (what) "." } }
    }
}

fn table(rows: &[&Row]) -> Markup {
    html! {
        table.panel {
            thead {
                tr {
                    th { "Job" }
                    th { "Status" }
                    th { "Age over interval" }
                    th.num { "Age" }
                    th.num { "Interval" }
                    th.num { "Ratio" }
                    th { "Last success" }
                    th { "Issue" }
                }
            }
            tbody { @for row in rows { (line(row)) } }
        }
    }
}

fn line(row: &Row) -> Markup {
    html! {
        tr {
            td.job { (name(row)) }
            td.status { span.pill.(tone(row.verdict)) { (row.verdict) } }
            td.gauge { (bar(row)) }
            td.num data-label="Age" { (cells::age(row)) }
            td.num data-label="Interval" { (cells::interval(row)) }
            td.num data-label="Ratio" { (cells::ratio(row)) }
            td.time data-label="Last success" { (cells::last_success(row)) }
            td.link data-label="Issue" {
                @match &row.issue {
                    Some(issue) => (issue_link(issue, "")),
                    None => (NOTHING),
                }
            }
        }
    }
}

/// Age over interval, up to three times, with marks where it is due and where
/// it is silent.
fn bar(row: &Row) -> Markup {
    let Some(ratio) = row.ratio else {
        return html! {};
    };
    let colour = match ratio {
        r if r <= 1.0 => "good",
        r if r <= 2.0 => "warn",
        _ => "bad",
    };
    let width = format!("{:.0}", ratio.clamp(0.01, 3.0) * 100.0);
    html! {
        svg.bar viewBox="0 0 300 10" preserveAspectRatio="none" role="img"
            aria-label=(format!("age is {} the interval", cells::ratio(row))) {
            rect.track x="0" y="2" width="300" height="6" {}
            rect.fill.(colour) x="0" y="2" width=(width) height="6" {}
            line.mark x1="100" y1="0" x2="100" y2="10" {}
            line.mark x1="200" y1="0" x2="200" y2="10" {}
            @if ratio > 3.0 {
                // It goes on: the bar is cut off.
                line.cut x1="280" y1="10" x2="284" y2="0" {}
                line.cut x1="287" y1="10" x2="291" y2="0" {}
            }
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
