//! Writing an entry: what [`crate::Manifest::load`] reads back as it was.

use std::fmt::Write as _;
use std::time::Duration;

use crate::values::{LONGEST_LINE, odd};
use chrono::{DateTime, SecondsFormat, Utc};
use watch::{
    DEFAULT_MISSES, DEFAULT_USER, Expected, FileExpectation, MuteTime, MuteWindow, Severity,
    Timing, Zone,
};

/// An entry as the text of a `jobs.d` file. Where the job was found goes into a
/// comment above it; keys at their defaults are left out. The time zone is
/// always told: the text means the same on every host.
#[must_use]
pub fn entry(expected: &Expected) -> String {
    let mut text = String::new();
    let comment = one_line(&expected.place.to_string());
    let name = expected.job.as_str();
    let _ = writeln!(text, "# {comment}");
    // A dot would make two tables of it.
    let key = if name.contains('.') {
        quoted(name)
    } else {
        name.to_owned()
    };
    let _ = writeln!(text, "[{key}]");
    let mut put = |key: &str, value: String| {
        let _ = writeln!(text, "{key} = {value}");
    };
    match &expected.timing {
        Timing::Interval(interval) => put("every", quoted(&interval.to_string())),
        Timing::Schedule(runs) => put("schedule", quoted(runs.schedule().as_text())),
    }
    if let Some(zone) = zone(expected) {
        put("timezone", quoted(zone.name()));
    }
    if &*expected.user != DEFAULT_USER {
        put("user", quoted(&expected.user));
    }
    if expected.misses != DEFAULT_MISSES {
        put("misses", expected.misses.to_string());
    }
    if let Some(grace) = expected.grace {
        put("grace", span(grace));
    }
    for (key, value) in [
        ("about", &expected.about),
        ("owner", &expected.owner),
        ("runbook", &expected.runbook),
    ] {
        if let Some(value) = value {
            put(key, quoted(&readable(value)));
        }
    }
    if expected.severity != Severity::default() {
        put("severity", quoted(expected.severity.word()));
    }
    if !expected.labels.is_empty() {
        put(
            "labels",
            list(expected.labels.iter().map(|one| quoted(one))),
        );
    }
    for (key, value) in [("forge", &expected.forge), ("repo", &expected.repo)] {
        if let Some(value) = value {
            put(key, quoted(value));
        }
    }
    if let Some(until) = expected.paused_until {
        put("paused_until", moment(until));
    }
    if let Some(reason) = &expected.pause_reason {
        put("pause_reason", quoted(&readable(reason)));
    }
    if !expected.needs.is_empty() {
        let needs = expected.needs.iter().map(|need| quoted(&need.to_string()));
        put("needs", list(needs));
    }
    if !expected.expects.is_empty() {
        put("expect", expects(expected));
    }
    if !expected.mute.is_empty() {
        put("mute", list(expected.mute.iter().map(window)));
    }
    text
}

/// The zone of its schedules, but for those that name one themselves. An entry
/// has one, so they all share it.
fn zone(expected: &Expected) -> Option<Zone> {
    let windows = expected.mute.iter().filter_map(|one| match &one.when {
        MuteTime::Recurring { opens, .. } => Some(opens),
        MuteTime::Once { .. } => None,
    });
    let own = match &expected.timing {
        Timing::Schedule(runs) => Some(runs),
        Timing::Interval(_) => None,
    };
    let mut all = own.into_iter().chain(windows);
    all.find(|runs| runs.schedule().own_zone().is_none())
        .map(|runs| runs.zone())
}

fn expects(expected: &Expected) -> String {
    let expects = &expected.expects;
    let mut parts = Vec::new();
    if expects.output {
        parts.push("output = true".to_owned());
    }
    if let Some(text) = &expects.text {
        parts.push(format!("text = {}", quoted(text)));
    }
    if let Some(least) = expects.min_duration {
        parts.push(format!("min_duration = {}", span(least)));
    }
    if !expects.files.is_empty() {
        let files = expects.files.iter().map(|one| quoted(&file(one)));
        parts.push(format!("files = {}", list(files)));
    }
    format!("{{ {} }}", parts.join(", "))
}

fn file(file: &FileExpectation) -> String {
    let mut text = file.path.display().to_string();
    if file.newer {
        text.push_str(",newer");
    }
    if let Some(bytes) = file.min_bytes {
        let unit = [(30, "G"), (20, "M"), (10, "K")]
            .into_iter()
            .find(|(shift, _)| bytes > 0 && bytes % (1 << shift) == 0);
        let (shift, unit) = unit.unwrap_or((0, ""));
        let _ = write!(text, ",min={}{unit}", bytes >> shift);
    }
    text
}

fn window(window: &MuteWindow) -> String {
    let mut text = match &window.when {
        MuteTime::Recurring { opens, length } => {
            format!(
                "schedule = {}, for = {}",
                quoted(opens.schedule().as_text()),
                span(*length)
            )
        }
        MuteTime::Once { from, until } => {
            format!("from = {}, until = {}", moment(*from), moment(*until))
        }
    };
    if let Some(reason) = &window.reason {
        let _ = write!(text, ", reason = {}", quoted(reason));
    }
    format!("{{ {text} }}")
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// As people write it: `"1d"`.
fn span(duration: Duration) -> String {
    match heartbeat::Interval::from_seconds(duration.as_secs()) {
        Ok(interval) => quoted(&interval.to_string()),
        Err(_) => duration.as_secs().to_string(),
    }
}

fn moment(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// As a string of TOML, on one line.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text as the reader takes it: one line, not too long. A command that was
/// found somewhere may be neither.
fn readable(text: &str) -> String {
    let line: String = one_line(text).trim().chars().take(LONGEST_LINE).collect();
    line.trim().to_owned()
}

/// What ends a line ends the comment too.
fn one_line(text: &str) -> String {
    let clean = |c: char| if odd(c) { ' ' } else { c };
    text.chars().map(clean).collect()
}
