//! What needs somebody, as cards.

use maud::{Markup, html};
use watch::words::count;

use super::{issue_link, name, tone};
use crate::cells;
use crate::model::{Night, Row, Sign};
use crate::points::{Point, points};
use crate::text::{clean, link, tail};

pub(super) fn blockers(night: &Night) -> Markup {
    let faults = night.stores.iter().filter(|store| store.fault.is_some());
    let silent = night.watch.sign != Sign::Passing;
    if faults.clone().next().is_none() && !silent && night.flagged.is_empty() {
        return html! {};
    }
    let (points, more) = points(night);
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
            @for point in &points { (card(point)) }
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

fn card(point: &Point<'_>) -> Markup {
    let row = point.row;
    let output = row.output_tail.as_deref().map(tail).unwrap_or_default();
    html! {
        li.(tone(row.verdict)) {
            div.top {
                span.name { (name(row)) }
                span.pill.(tone(row.verdict)) { (row.verdict) }
                @if row.critical() { span.tag.critical { "critical" } }
                @if row.muted.is_some() { span.tag { "muted" } }
                @if let Some(issue) = &row.issue { span.issue { (issue_link(issue, "Issue ")) } }
            }
            @if let Some(reason) = &row.reason { p { bdi { (cells::capital(&clean(reason, 400))) } "." } }
            p.soft {
                @for sentence in cells::beside(row) { bdi { (clean(&sentence, 400)) } " " }
                @if let Some(runbook) = &row.runbook { (self::runbook(runbook)) " " }
                @if let Some(issue) = row.issue.as_ref().filter(|issue| link(&issue.url).is_none()) {
                    "Its issue is the file " code { bdi { (clean(&issue.url, 300)) } } "."
                }
            }
            @if !output.is_empty() {
                details.output {
                    summary { "The last lines of its output" }
                    pre { bdi { (output.join("\n")) } }
                }
            }
            (waiting(point))
        }
    }
}

/// A link where it is a page; a path where it is one.
fn runbook(runbook: &str) -> Markup {
    html! {
        @match link(runbook) {
            Some(url) => { a href=(url) rel="noreferrer" { "Runbook" } "." },
            None => { "Runbook: " code { bdi { (clean(runbook, 300)) } } "." },
        }
    }
}

/// The jobs that wait for this one.
fn waiting(point: &Point<'_>) -> Markup {
    let line = |row: &Row| {
        html! {
            li {
                (name(row)) " "
                span.pill.(tone(row.verdict)) { (row.verdict) } " "
                @if let Some(reason) = &row.reason { span.soft { bdi { (clean(reason, 200)) } } }
                @if let Some(issue) = &row.issue { " " (issue_link(issue, "Issue ")) }
            }
        }
    };
    html! {
        @if !point.waiting.is_empty() {
            p.waits { "Waiting for it:" }
            ul.waits {
                @for row in &point.waiting { (line(row)) }
                @if point.left_out > 0 { li.soft { "… and " (point.left_out) " more." } }
            }
        }
    }
}
