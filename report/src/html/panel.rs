//! The panel: all jobs in tables, each with a bar.

use maud::{Markup, html};
use watch::Verdict;
use watch::words::count;

use super::{issue_link, name, tone};
use crate::cells::{self, NOTHING};
use crate::model::{Night, Row};
use crate::text::clean;

/// With more fresh jobs than this they are folded away.
const FOLD: usize = 10;

pub(super) fn panel(night: &Night) -> Markup {
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
            p.soft { "The bar is age over interval, or how many scheduled runs have passed: at the first mark a job is due, beyond the second it is silent unless it may miss more." }
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
                    th.num { "Every" }
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
            td.status {
                span.pill.(tone(row.verdict)) { (row.verdict) }
                @if let Some(muted) = &row.muted {
                    " " span.tag title=(clean(&cells::muted(muted), 300)) { "muted" }
                }
            }
            td.gauge { (bar(row)) }
            td.num data-label="Age" { (cells::age(row)) }
            td.num.every data-label="Every" { (every(row)) }
            td.num data-label="Ratio" { (cells::ratio(row)) }
            td.time data-label="Last success" {
                span { (cells::last_success(row)) }
                @for run in cells::runs(row) {
                    div.run {
                        span { (run.what) " " (run.span) }
                        @if !run.how.is_empty() { " (" bdi { (clean(&run.how, 80)) } ")" }
                    }
                }
            }
            td.link data-label="Issue" {
                @match &row.issue {
                    Some(issue) => (issue_link(issue, "")),
                    None => (NOTHING),
                }
            }
        }
    }
}

/// `1d`, or a schedule with its words behind it.
fn every(row: &Row) -> Markup {
    html! {
        @match &row.schedule {
            Some(schedule) => code title=(clean(&cells::schedule(schedule), 200)) {
                (clean(&schedule.text, 100))
            },
            None => (cells::every(row)),
        }
    }
}

/// Age over interval, up to three times, with marks where it is due and where
/// it is silent.
fn bar(row: &Row) -> Markup {
    let Some(ratio) = row.ratio else {
        return html! {};
    };
    // Some jobs may miss more runs than two.
    let colour = match row.verdict {
        Verdict::Fresh | Verdict::Late | Verdict::Silent => tone(row.verdict),
        _ if ratio <= 1.0 => "good",
        _ if ratio <= 2.0 => "warn",
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
