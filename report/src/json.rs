//! The night for programs: version 1, which only ever gains keys.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use watch::{
    CoverageCounts, CoverageFinding, CoverageJob, FindingLine, JobLine, OutageLine, Summary,
    WireOutage,
};

use crate::coverage::{Coverage, Known};
use crate::headline::headline;
use crate::model::{Night, Row};
use crate::outages::Outaged;

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
    outages: Vec<OutageLine>,
    coverage: WireCoverage<'a>,
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

/// How many of the jobs that the host schedules leave a beat.
#[derive(Serialize)]
struct WireCoverage<'a> {
    state: &'static str,
    record: &'a str,
    error: Option<&'a str>,
    seen: Option<String>,
    age_seconds: Option<f64>,
    stale: bool,
    counts: Option<CoverageCounts>,
    lacking: &'a [CoverageJob],
    lacking_left_out: usize,
    findings: &'a [CoverageFinding],
    findings_left_out: usize,
    unseen: &'a [String],
    unseen_left_out: usize,
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
        outages: night.outages.iter().map(outage).collect(),
        coverage: coverage(&night.coverage),
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
    let schedule = row.schedule.as_ref();
    let muted = row.muted.as_ref();
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
        issue: row.issue.clone(),
        put_aside: row.put_aside,
        schedule: schedule.map(|schedule| schedule.text.clone()),
        timezone: schedule.map(|schedule| schedule.timezone.clone()),
        next_run: schedule.and_then(|schedule| schedule.next_run).map(text),
        expected: row.expected,
        muted_until: muted.map(|muted| text(muted.until)),
        mute_reason: muted
            .and_then(|muted| muted.reason.as_deref())
            .map(str::to_owned),
        waits_for: row.waits_for.clone(),
        severity: row.severity.map(|severity| severity.word().to_owned()),
        owner: row.owner.clone(),
        runbook: row.runbook.clone(),
        took_seconds: row.took.map(|took| took.as_millis() as f64 / 1_000.0),
        last_failure: row.last_failure.as_ref().map(|(at, _)| text(*at)),
        last_failure_how: row.last_failure.as_ref().map(|(_, how)| how.clone()),
        last_skip: row.last_skip.map(text),
        output_tail: row.output_tail.clone(),
    }
}

fn outage(story: &Outaged) -> OutageLine {
    OutageLine {
        outage: WireOutage::from(&story.outage),
        missed: story.missed.clone(),
        left_out: story.left_out,
    }
}

fn coverage(coverage: &Coverage) -> WireCoverage<'_> {
    let (state, error, look) = match &coverage.known {
        Known::Nothing => ("missing", None, None),
        Known::Unreadable(why) => ("unreadable", Some(why.as_str()), None),
        Known::Look(look) => ("known", None, Some(look)),
    };
    WireCoverage {
        state,
        record: &coverage.path,
        error,
        seen: look.and_then(|look| look.at).map(text),
        age_seconds: look.and_then(|look| look.age).map(|age| age.as_secs_f64()),
        stale: look.is_some_and(|look| look.stale()),
        counts: look.map(|look| look.counts),
        lacking: look.map_or(&[], |look| &look.lacking),
        lacking_left_out: look.map_or(0, |look| look.lacking_left_out),
        findings: look.map_or(&[], |look| &look.findings),
        findings_left_out: look.map_or(0, |look| look.findings_left_out),
        unseen: look.map_or(&[], |look| &look.unseen),
        unseen_left_out: look.map_or(0, |look| look.unseen_left_out),
    }
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
