//! The manifest of a host as text, as it stands at a moment, for the real reader.

use std::fmt::Write as _;
use std::path::Path;
use std::rc::Rc;

use manifest::{Manifest, Sources};
use watch::Zone;

use crate::bugs::Bug;
use crate::class::When;
use crate::host::Host;
use crate::timetable::{HOUR, Moment};

/// The entry of a job as far as it counts at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// There is none.
    Missing,
    /// It is there, and has a fault.
    Doubtful,
    /// It is there.
    Good,
}

/// What the manifest has of a job.
#[must_use]
pub fn entry(host: &Host, job: usize, at: Moment) -> Entry {
    let one = &host.jobs[job];
    if !one.trade.expected || at < one.fate.dropped {
        Entry::Missing
    } else if at < host.faulty.0 && host.faulty.1 % (host.jobs.len() + 1) == job {
        Entry::Doubtful
    } else {
        Entry::Good
    }
}

/// How often a job should succeed by what is in force, in seconds.
#[must_use]
pub fn every(host: &Host, job: usize, seconds: i64, at: Moment) -> i64 {
    let one = &host.jobs[job];
    if entry(host, job, at) == Entry::Good && at < one.fate.changed {
        match one.fate.change {
            0 => seconds * 2,
            1 => (seconds * 2 / 3).max(1),
            _ => seconds * 3,
        }
    } else {
        seconds
    }
}

/// Brings the manifest up to date, if anything about it has changed.
pub fn refresh(host: &mut Host, at: Moment, bug: Option<Bug>) {
    let mut key = vec![u8::from(at < host.faulty.0), host.faulty.1 as u8];
    for one in &host.jobs {
        let fate = &one.fate;
        let until = [fate.muted, fate.paused, fate.dropped, fate.changed];
        key.extend(until.map(|until| u8::from(at < until)));
        let which = [fate.muted, fate.paused, fate.changed, fate.change];
        key.extend(which.into_iter().flat_map(i64::to_le_bytes));
    }
    if key == host.manifest.0 {
        return;
    }
    let text = text(host, at, bug);
    let sources = Sources {
        dir: Path::new("/nonexistent/jobs.d"),
        dir_named: false,
        config: Some((Path::new("config.toml"), &text)),
        zone: Zone::named(host.house.zone.name()).ok(),
        forges: &|_, _| Ok(()),
    };
    host.manifest = (key, Rc::new(Manifest::load(&sources)));
}

fn text(host: &Host, at: Moment, bug: Option<Bug>) -> String {
    let mut out = String::new();
    for (place, one) in host.jobs.iter().enumerate() {
        let state = entry(host, place, at);
        if state == Entry::Missing {
            continue;
        }
        let trade = &one.trade;
        let _ = writeln!(out, "[jobs.{}]", trade.name);
        let _ = match trade.when {
            _ if state == Entry::Doubtful => writeln!(out, "every = \"1 fortnight\""),
            When::Every(seconds) => {
                writeln!(out, "every = \"{}s\"", every(host, place, seconds, at))
            }
            When::At(timetable) if bug == Some(Bug::ZoneForgotten) => {
                writeln!(
                    out,
                    "schedule = \"{}\"\ntimezone = \"UTC\"",
                    timetable.text()
                )
            }
            When::At(timetable) => writeln!(
                out,
                "schedule = \"{}\"\ntimezone = \"{}\"",
                timetable.text(),
                timetable.zone.name()
            ),
        };
        if trade.app {
            out.push_str("user = \"app\"\n");
        }
        let more = i64::from(bug == Some(Bug::OneMissMore));
        if let Some(misses) = trade.misses.or((more > 0).then_some(2)) {
            let _ = writeln!(out, "misses = {}", misses + more);
        }
        if let Some(grace) = trade.grace {
            let twice = if bug == Some(Bug::GraceTwice) { 2 } else { 1 };
            let _ = writeln!(out, "grace = \"{}s\"", (grace * twice).max(1));
        }
        if let Some(root) = trade.needs.filter(|_| bug != Some(Bug::NeedsIgnored)) {
            let root = &host.jobs[root].trade;
            let user = if root.app { "app/" } else { "" };
            let _ = writeln!(out, "needs = [\"{user}{}\"]", root.name);
        }
        if bug == Some(Bug::MuteIgnored) {
            continue;
        }
        let shown = |at: Moment| {
            crate::host::time(at)
                .format("%Y-%m-%dT%H:%M:%SZ")
                .to_string()
        };
        if at < one.fate.muted {
            let (from, until) = (shown(at - 24 * HOUR), shown(one.fate.muted));
            let _ = writeln!(out, "mute = [{{ from = {from}, until = {until} }}]");
        }
        if at < one.fate.paused {
            let _ = writeln!(out, "paused_until = {}", shown(one.fate.paused));
        }
    }
    if at < host.faulty.0 && host.faulty.1 % (host.jobs.len() + 1) == host.jobs.len() {
        out.push_str("[jobs.broken]\nevery = \"often\"\n");
    }
    out
}
