//! What is told of the host itself: when it was off, and how many of its jobs leave
//! a beat.

use std::fmt::Write as _;

use watch::words::count;
use watch::{CoverageFinding, CoverageJob, MissedLine};

use super::sentence;
use crate::cells::{self, MAX_LACKING, MAX_LINT, MAX_OUTAGES};
use crate::coverage::{Known, Look};
use crate::model::Night;
use crate::outages::Outaged;
use crate::text::{code, markdown};

pub(super) fn outages(out: &mut String, night: &Night) {
    if night.outages.is_empty() {
        return;
    }
    out.push_str("\n## When the host was away\n\n");
    for story in night.outages.iter().take(MAX_OUTAGES) {
        let (sentence, nothing) = cells::outage(story);
        let missed = missed(story).unwrap_or_else(|| nothing.into());
        let _ = writeln!(out, "- {sentence} {missed}");
    }
    if let Some(more) = night.outages.len().checked_sub(MAX_OUTAGES + 1) {
        let _ = writeln!(out, "- … and {} before.", more + 1);
    }
}

/// `Missed and not made up for: db_backup (1 run).`
fn missed(story: &Outaged) -> Option<String> {
    let (told, more) = cells::missed(story);
    let one = |line: &MissedLine| {
        format!(
            "{} ({})",
            job(&line.job, &line.user),
            count(line.runs, "run", "runs")
        )
    };
    let mut names: Vec<String> = told.iter().map(one).collect();
    if more > 0 {
        names.push(format!("and {}", count(more, "more job", "more jobs")));
    }
    let told = format!("Missed and not made up for: {}.", names.join(", "));
    (!names.is_empty()).then_some(told)
}

/// A job, with its user where that is not root.
fn job(job: &str, user: &str) -> String {
    match user {
        "root" => code(job),
        user => format!("{} ({})", code(job), markdown(user, 64)),
    }
}

pub(super) fn coverage(out: &mut String, night: &Night) {
    if night.coverage.known == Known::Nothing {
        return;
    }
    out.push_str("\n## Coverage\n\n");
    match &night.coverage.known {
        Known::Nothing => {}
        Known::Unreadable(why) => {
            let _ = writeln!(
                out,
                "The record {} cannot be read: {}.",
                code(&night.coverage.path),
                sentence(why)
            );
        }
        Known::Look(look) => looked(out, look),
    }
}

fn looked(out: &mut String, look: &Look) {
    let again = match look.stale() {
        true => " Look again: `beat-adopt --record`.",
        false => "",
    };
    let _ = writeln!(out, "{} {}{again}", look.sentence(), look.seen());
    let lack = look.lack();
    if lack > 0 {
        let _ = writeln!(out, "\n{} no beat:\n", cells::leave(lack as u64));
        for CoverageJob {
            job: name,
            user,
            place,
        } in look.lacking.iter().take(MAX_LACKING)
        {
            let _ = writeln!(out, "- {}, {}", job(name, user), code(place));
        }
        more(out, lack.saturating_sub(MAX_LACKING), "");
    }
    let findings = look.findings.len() + look.findings_left_out;
    if findings > 0 {
        let _ = writeln!(out, "\n{}:\n", cells::lint(findings as u64));
        for CoverageFinding {
            place, says, fix, ..
        } in look.findings.iter().take(MAX_LINT)
        {
            let _ = writeln!(
                out,
                "- {}: {}. {}.",
                code(place),
                sentence(says),
                sentence(fix)
            );
        }
        more(
            out,
            findings.saturating_sub(MAX_LINT),
            "; `beat-adopt` shows all",
        );
    }
    if !look.unseen.is_empty() {
        out.push_str("\nJobs may be hidden where it could not look:\n\n");
        for what in &look.unseen {
            // Never first in its line: `7.` would begin a list.
            let _ = writeln!(out, "- Not seen: {}.", sentence(what));
        }
        more(out, look.unseen_left_out, "");
    }
}

fn more(out: &mut String, n: usize, what: &str) {
    if n > 0 {
        let _ = writeln!(out, "- … and {n} more{what}.");
    }
}
