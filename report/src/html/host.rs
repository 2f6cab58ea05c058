//! What is told of the host itself: when it was off, and how many of its jobs leave
//! a beat.

use maud::{Markup, html};
use watch::words::count;

use super::said;
use crate::cells::{self, MAX_LACKING, MAX_LINT, MAX_OUTAGES};
use crate::coverage::{Known, Look};
use crate::model::Night;
use crate::outages::Outaged;
use crate::text::clean;

pub(super) fn outages(night: &Night) -> Markup {
    let more = night.outages.len().saturating_sub(MAX_OUTAGES);
    html! {
        @if !night.outages.is_empty() {
            h2 { "When the host was away" }
            ul.cards {
                @for story in night.outages.iter().take(MAX_OUTAGES) { (outage(story)) }
            }
            @if more > 0 { p.soft { "… and " (more) " before." } }
        }
    }
}

fn outage(story: &Outaged) -> Markup {
    let (sentence, nothing) = cells::outage(story);
    let (missed, more) = cells::missed(story);
    html! {
        li.none {
            p { (sentence) }
            p.soft {
                @if missed.is_empty() && more == 0 {
                    (nothing)
                } @else {
                    "Missed and not made up for: "
                    @for (at, line) in missed.iter().enumerate() {
                        @if at > 0 { ", " }
                        (job(&line.job, &line.user)) " (" (count(line.runs, "run", "runs")) ")"
                    }
                    @if more > 0 {
                        @if !missed.is_empty() { ", " }
                        "and " (count(more, "more job", "more jobs"))
                    }
                    "."
                }
            }
        }
    }
}

/// A job, with its user where that is not root.
fn job(job: &str, user: &str) -> Markup {
    html! {
        code { (clean(job, 100)) }
        @if user != "root" { " (" bdi { (clean(user, 64)) } ")" }
    }
}

pub(super) fn coverage(night: &Night) -> Markup {
    if night.coverage.known == Known::Nothing {
        return html! {};
    }
    html! {
        h2 { "Coverage" }
        @match &night.coverage.known {
            Known::Nothing => {},
            Known::Unreadable(why) => p {
                "The record " code { bdi { (clean(&night.coverage.path, 300)) } } " cannot be read: " (said(why))
            },
            Known::Look(look) => (looked(look)),
        }
    }
}

fn looked(look: &Look) -> Markup {
    let findings = look.findings.len() + look.findings_left_out;
    html! {
        p { (look.sentence()) }
        p.soft {
            (look.seen())
            @if look.stale() { " Look again: " code { "beat-adopt --record" } "." }
        }
        @if look.lack() > 0 {
            h3 { (cells::leave(look.lack() as u64)) " no beat" }
            ul.facts {
                @for lacking in look.lacking.iter().take(MAX_LACKING) {
                    li {
                        (job(&lacking.job, &lacking.user))
                        ", " span.soft { code { bdi { (clean(&lacking.place, 300)) } } }
                    }
                }
                (more(look.lack().saturating_sub(MAX_LACKING)))
            }
        }
        @if findings > 0 {
            h3 { (cells::lint(findings as u64)) }
            ul.facts {
                @for finding in look.findings.iter().take(MAX_LINT) {
                    li {
                        code { bdi { (clean(&finding.place, 300)) } } ": "
                        (said(&finding.says)) " " (said(&finding.fix))
                    }
                }
                @if findings > MAX_LINT {
                    li.soft { "… and " (findings - MAX_LINT) " more; " code { "beat-adopt" } " shows all." }
                }
            }
        }
        @if !look.unseen.is_empty() {
            h3 { "Jobs may be hidden where it could not look" }
            ul.facts {
                @for what in &look.unseen { li { "Not seen: " (said(what)) } }
                (more(look.unseen_left_out))
            }
        }
    }
}

fn more(n: usize) -> Markup {
    html! { @if n > 0 { li.soft { "… and " (n) " more." } } }
}
