//! All that was found, as JSON for programs. Versioned; a version only ever gains keys.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use watch::CoverageCounts;

use crate::coverage::{Coverage, tool};
use crate::finding::{ByPlace, Finding};
use crate::job::{Job, State};
use crate::mask::masked;

#[derive(Serialize)]
struct Whole<'a> {
    v: u32,
    tool: String,
    host: &'a str,
    now: String,
    exit_code: u8,
    counts: CoverageCounts,
    jobs: Vec<Line<'a>>,
    findings: Vec<watch::CoverageFinding>,
    unseen: &'a [String],
    notes: &'a [String],
}

#[derive(Serialize)]
struct Line<'a> {
    job: &'a str,
    user: &'a str,
    kind: &'a str,
    file: String,
    line: Option<u32>,
    command: String,
    schedule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<&'a str>,
    words: &'a str,
    next: Option<String>,
    longest_gap_seconds: Option<u64>,
    state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    beat: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    beat_by: Option<&'a str>,
    expected: bool,
    findings: Vec<&'static str>,
}

/// As one object, on one line.
#[must_use]
pub fn render(coverage: &Coverage) -> String {
    let record = coverage.record();
    let mut wrong = ByPlace::new(&coverage.findings);
    let whole = Whole {
        v: 1,
        tool: tool(),
        host: &coverage.host,
        now: record.now,
        exit_code: coverage.exit_code(),
        counts: coverage.counts,
        jobs: coverage
            .jobs
            .iter()
            .map(|job| line(job, wrong.at(&job.place)))
            .collect(),
        findings: record.findings,
        unseen: &coverage.unseen,
        notes: &coverage.notes,
    };
    // There is nothing in it that JSON could not hold.
    let mut text = serde_json::to_string(&whole).unwrap_or_default();
    text.push('\n');
    text
}

fn line<'a>(job: &'a Job, wrong: &[Finding]) -> Line<'a> {
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    Line {
        job: job.name.as_str(),
        user: &job.user,
        kind: job.kind.as_str(),
        file: job.place.file.to_string_lossy().into_owned(),
        line: job.place.line,
        command: masked(&job.command),
        schedule: &job.when.text,
        timezone: job.when.zone,
        words: &job.when.words,
        next: job.when.next.map(time),
        longest_gap_seconds: job.when.gap().map(|gap| gap.as_secs()),
        state: job.state.as_str(),
        why: match &job.state {
            State::Off(why) => Some(why),
            _ => None,
        },
        beat: job.beat.is_some(),
        beat_by: job.beat.map(crate::job::Leaves::as_str),
        expected: job.expected,
        findings: wrong.iter().map(|finding| finding.code).collect(),
    }
}
