//! Metrics for node_exporter's textfile collector, by Prometheus' conventions:
//! base units, `_timestamp_seconds` for moments, no timestamps on the lines.

use std::fmt::Display;
use std::io::{self, Write};

use chrono::{DateTime, Utc};
use watch::words::is_odd;
use watch::{Cause, DeliveryOutcome, JobState, Verdict};

use super::{Result, by_name};

pub(super) fn write(out: &mut dyn Write, result: &Result<'_>) -> io::Result<()> {
    let bad = result.not_fresh();
    let mut order: Vec<usize> = (0..bad).collect();
    order.extend(by_name(result.states, bad..result.states.len()));
    let jobs: Vec<&JobState> = order.into_iter().map(|at| &result.states[at]).collect();
    let mut metrics = Metrics { out, jobs: &jobs };
    metrics.of_jobs(
        "heartbeat_job_last_success_timestamp_seconds",
        "When the job last succeeded, as its beat says.",
        |state| state.last_success.map(seconds),
    )?;
    metrics.of_jobs(
        "heartbeat_job_age_seconds",
        "Time since the last success when the checker passed.",
        |state| state.age.map(|age| age.as_secs_f64()),
    )?;
    metrics.of_jobs(
        "heartbeat_job_interval_seconds",
        "How often the job should succeed.",
        |state| state.interval.map(|interval| f64::from(interval.seconds())),
    )?;
    metrics.of_jobs(
        "heartbeat_job_flagged",
        "1 when somebody must look at the job, else 0.",
        |state| Some(if state.flagged() { 1.0 } else { 0.0 }),
    )?;
    metrics.of_jobs(
        "heartbeat_job_muted",
        "1 while no issue is opened for the job.",
        |state| state.muted(result.now).map(|_| 1.0),
    )?;
    metrics.of_jobs(
        "heartbeat_job_missed_runs",
        "Runs that the job missed since its last success.",
        |state| state.missed().map(|missed| missed as f64),
    )?;
    metrics.of_jobs(
        "heartbeat_job_next_run_timestamp_seconds",
        "When the job should run next, by its schedule.",
        |state| {
            let scheduled = state.scheduled.as_ref()?;
            scheduled.runs.next_after(result.now).map(seconds)
        },
    )?;
    metrics.of_jobs(
        "heartbeat_job_last_duration_seconds",
        "How long the last success took, as its beat says.",
        |state| Some(state.last_runs.as_ref()?.took?.as_secs_f64()),
    )?;
    metrics.of_jobs(
        "heartbeat_job_last_failure_timestamp_seconds",
        "When the job last failed, as its beat says.",
        |state| Some(seconds(state.last_runs.as_ref()?.failed.as_ref()?.0)),
    )?;
    metrics.failures()?;
    let out = metrics.out;
    head(out, "heartbeat_jobs", "Jobs by verdict.")?;
    for verdict in Verdict::ALL {
        let count = jobs.iter().filter(|state| state.verdict == verdict).count();
        writeln!(out, "heartbeat_jobs{{verdict=\"{verdict}\"}} {count}")?;
    }
    single(
        out,
        "heartbeat_check_last_pass_timestamp_seconds",
        "When the checker passed.",
        seconds(result.now),
    )?;
    single(
        out,
        "heartbeat_check_exit_code",
        "Exit code of that pass.",
        result.exit_code,
    )?;
    single(
        out,
        "heartbeat_check_findings",
        "Oddities of the stores.",
        result.findings.len(),
    )?;
    let failed = |delivery: &&watch::Delivery| delivery.outcome == DeliveryOutcome::Failed;
    single(
        out,
        "heartbeat_check_undelivered",
        "What could not be said to the forge in that pass.",
        result.deliveries.iter().filter(failed).count(),
    )
}

struct Metrics<'a> {
    out: &'a mut dyn Write,
    jobs: &'a [&'a JobState],
}

impl Metrics<'_> {
    fn of_jobs(
        &mut self,
        name: &str,
        help: &str,
        value: impl Fn(&JobState) -> Option<f64>,
    ) -> io::Result<()> {
        if !self.jobs.iter().any(|state| value(state).is_some()) {
            return Ok(());
        }
        head(self.out, name, help)?;
        for state in self.jobs {
            if let Some(value) = value(state) {
                // Job names need no escaping, and user names hardly ever.
                let user = escape(state.key.user());
                writeln!(
                    self.out,
                    "{name}{{job_name=\"{}\",user=\"{user}\"}} {value}",
                    state.key.job
                )?;
            }
        }
        Ok(())
    }
}

impl Metrics<'_> {
    /// Why a job that is flagged as failed did fail: the reason is a label.
    fn failures(&mut self) -> io::Result<()> {
        let failed = |state: &&&JobState| matches!(state.cause(), Some(Cause::Failure { .. }));
        if !self.jobs.iter().any(|state| failed(&state)) {
            return Ok(());
        }
        let name = "heartbeat_job_failure_info";
        head(self.out, name, "1 for a job that failed, with the reason.")?;
        for state in self.jobs.iter().filter(failed) {
            if let Some(Cause::Failure {
                reason, exit_code, ..
            }) = state.cause()
            {
                let (job, user) = (&state.key.job, escape(state.key.user()));
                let reason = escape(reason.as_deref().unwrap_or("unknown"));
                let code = exit_code.map_or(String::new(), |code| code.to_string());
                writeln!(
                    self.out,
                    "{name}{{job_name=\"{job}\",user=\"{user}\",reason=\"{reason}\",exit_code=\"{code}\"}} 1"
                )?;
            }
        }
        Ok(())
    }
}

fn head(out: &mut dyn Write, name: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")
}

fn single(out: &mut dyn Write, name: &str, help: &str, value: impl Display) -> io::Result<()> {
    head(out, name, help)?;
    writeln!(out, "{name} {value}")
}

fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp_millis() as f64 / 1_000.0
}

/// As a label's value. What a job says is cut short, and nothing in it is obeyed by a
/// terminal.
fn escape(text: &str) -> String {
    let clean = |c: char| if is_odd(c) { ' ' } else { c };
    let text: String = text.chars().map(clean).take(100).collect();
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
