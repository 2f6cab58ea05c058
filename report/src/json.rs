//! The night for programs: version 1, which only ever gains keys.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use watch::{FindingLine, IssueLink, JobLine, Summary};

use crate::headline::headline;
use crate::model::{Night, Row};

/// Version of this schema.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Wire<'a> {
    v: u32,
    tool: &'static str,
    host: &'a str,
    now: String,
    quiet: bool,
    mood: &'static str,
    headline: String,
    summary: Summary,
    watch: WireWatch<'a>,
    jobs: Vec<WireJob>,
    jobs_left_out: usize,
    findings: &'a [FindingLine],
    findings_left_out: usize,
    stores: Vec<WireStore<'a>>,
}

#[derive(Serialize)]
struct WireWatch<'a> {
    state: &'static str,
    last_pass: Option<String>,
    age_seconds: Option<f64>,
    interval_seconds: u64,
    exit_code: Option<u8>,
    record: &'a str,
    recorded: bool,
    problems: &'a [String],
    notes: &'a [String],
    undelivered: &'a [String],
    undelivered_left_out: usize,
    own_jobs: Vec<JobLine>,
}

/// A job as `beat-check --format json` has it, and whether it was seen.
#[derive(Serialize)]
struct WireJob {
    #[serde(flatten)]
    line: JobLine,
    seen: bool,
}

#[derive(Serialize)]
struct WireStore<'a> {
    path: &'a str,
    error: Option<&'a str>,
}

/// One object, indented, with a line end.
#[must_use]
pub fn render(night: &Night) -> String {
    let headline = headline(night);
    let watch = &night.watch;
    let rows = night
        .flagged
        .iter()
        .chain(&night.unwell)
        .chain(&night.fresh);
    let wire = Wire {
        v: VERSION,
        tool: concat!("beat-report ", env!("CARGO_PKG_VERSION")),
        host: &night.host,
        now: text(night.now),
        quiet: headline.mood == crate::headline::Mood::Quiet,
        mood: headline.mood.word(),
        headline: format!("{} {}", headline.lead, headline.rest).trim().into(),
        summary: night.summary,
        watch: WireWatch {
            state: watch.sign.word(),
            last_pass: watch.last_pass.map(text),
            age_seconds: watch.age.map(|age| age.as_secs_f64()),
            interval_seconds: watch.every.as_secs(),
            exit_code: watch.exit_code,
            record: &watch.record,
            recorded: watch.recorded,
            problems: &watch.problems,
            notes: &watch.notes,
            undelivered: &watch.undelivered,
            undelivered_left_out: watch.undelivered_left_out,
            own_jobs: [&watch.checker, &watch.reporter]
                .into_iter()
                .flatten()
                .map(line)
                .collect(),
        },
        jobs: rows.map(job).collect(),
        jobs_left_out: night.flagged_left_out + night.unwell_left_out + night.fresh_left_out,
        findings: &night.findings,
        findings_left_out: night.findings_left_out,
        stores: night
            .stores
            .iter()
            .map(|store| WireStore {
                path: &store.path,
                error: store.fault.as_deref(),
            })
            .collect(),
    };
    // A value made of texts and numbers always has a JSON form.
    let mut out = serde_json::to_string_pretty(&wire).unwrap_or_default();
    out.push('\n');
    out
}

fn job(row: &Row) -> WireJob {
    WireJob {
        line: line(row),
        seen: row.seen,
    }
}

fn line(row: &Row) -> JobLine {
    JobLine {
        job: row.job.clone(),
        user: row.user.clone(),
        verdict: row.verdict.word().into(),
        age_seconds: row.age.map(|age| age.as_secs_f64()),
        interval_seconds: row.interval.map(|interval| interval.seconds()),
        ratio: row.ratio.map(|ratio| (ratio * 1_000.0).round() / 1_000.0),
        last_success: row.last_success.map(text),
        flagged: row.verdict.flagged(),
        reason: row.reason.clone(),
        missed: row.missed,
        issue: row.issue.as_ref().map(|issue| IssueLink {
            number: issue.number,
            url: issue.url.clone(),
        }),
        put_aside: row.put_aside,
    }
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
