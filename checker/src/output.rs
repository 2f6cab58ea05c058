//! What a pass prints. Each format is one file.

mod json;
mod nagios;
mod prometheus;
mod table;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use heartbeat::Finding;
use watch::{
    Cause, Delivery, FindingLine, IssueLink, JobLine, JobState, OutageLine, Summary, Verdict,
    reason,
};

use crate::cli::Format;

pub use json::record;
pub use nagios::{exit_code as nagios_exit_code, exit_code_of as nagios_exit_code_of};

/// All that can be said of a pass.
#[derive(Debug)]
pub struct Result<'a> {
    /// Name of the host.
    pub host: &'a str,
    /// The moment of the pass.
    pub now: DateTime<Utc>,
    /// Exit code of the pass.
    pub exit_code: u8,
    /// All jobs: those that are not fresh first, worst first.
    pub states: &'a [JobState],
    /// What is odd about the stores.
    pub findings: &'a [Finding],
    /// What is wrong with the pass as a whole.
    pub problems: &'a [String],
    /// What was said to the forge.
    pub deliveries: &'a [Delivery],
    /// The open issue of a job, by its index.
    pub issues: &'a std::collections::HashMap<usize, IssueLink>,
    /// Jobs whose silence a person has put aside.
    pub acknowledged: &'a [usize],
    /// Flagged jobs that wait for another one: which.
    pub waits_for: &'a std::collections::BTreeMap<usize, usize>,
    /// Times in which no job could run.
    pub outages: &'a [OutageLine],
}

/// How a table is to look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// List all fresh jobs.
    pub all: bool,
    /// Colour, on a terminal only.
    pub colour: bool,
}

/// Writes a result in a format.
///
/// # Errors
/// Those of `out`.
pub fn write(
    out: &mut dyn Write,
    format: Format,
    result: &Result<'_>,
    look: Look,
) -> io::Result<()> {
    match format {
        Format::Table => table::write(out, result, look),
        Format::Json => json::write(out, result),
        Format::Prometheus => prometheus::write(out, result),
        Format::Nagios => nagios::write(out, result),
    }
}

impl Result<'_> {
    /// Counts by verdict.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut counts = [0; Verdict::ALL.len()];
        for state in self.states {
            counts[state.verdict as usize] += 1;
        }
        let of = |verdict: Verdict| counts[verdict as usize];
        Summary {
            jobs: self.states.len() as u64,
            flagged: Verdict::ALL
                .into_iter()
                .filter(|v| v.flagged())
                .map(of)
                .sum(),
            fresh: of(Verdict::Fresh),
            waiting: of(Verdict::Waiting),
            late: of(Verdict::Late),
            idle: of(Verdict::Idle),
            skewed: of(Verdict::Skewed),
            unreadable: of(Verdict::Unreadable),
            never: of(Verdict::Never),
            hung: of(Verdict::Hung),
            failed: of(Verdict::Failed),
            silent: of(Verdict::Silent),
        }
    }

    /// How many jobs are not fresh: they come first.
    #[must_use]
    pub fn not_fresh(&self) -> usize {
        self.states
            .partition_point(|state| state.verdict != Verdict::Fresh)
    }

    /// One job as it stands in the record.
    #[must_use]
    pub fn line(&self, at: usize) -> JobLine {
        let state = &self.states[at];
        let scheduled = state.scheduled.as_ref();
        let expected = state.expected.as_ref();
        let muted = state.muted(self.now);
        let runs = state.last_runs.as_deref();
        let failed = runs.and_then(|runs| runs.failed.as_ref());
        let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        JobLine {
            job: state.key.job.to_string(),
            user: state.key.user().to_owned(),
            verdict: state.verdict.word().to_owned(),
            age_seconds: state.age.map(|age| age.as_millis() as f64 / 1_000.0),
            interval_seconds: state.interval.map(heartbeat::Interval::seconds),
            ratio: state
                .ratio()
                .map(|ratio| (ratio * 1_000.0).round() / 1_000.0),
            last_success: state.last_success.map(rfc3339),
            flagged: state.flagged(),
            reason: reason(state),
            missed: state.missed().filter(|missed| *missed > 0),
            issue: self.issues.get(&at).cloned(),
            put_aside: self.acknowledged.contains(&at),
            schedule: scheduled.map(|s| s.runs.schedule().as_text().to_owned()),
            timezone: scheduled.map(|s| s.runs.zone().name().to_owned()),
            next_run: scheduled
                .and_then(|s| s.runs.next_after(self.now))
                .map(rfc3339),
            expected: expected.is_some(),
            mute_reason: muted.as_ref().and_then(|muted| text(&muted.reason)),
            muted_until: muted.map(|muted| rfc3339(muted.until)),
            waits_for: self
                .waits_for
                .get(&at)
                .map(|root| self.states[*root].key.shown().to_string()),
            severity: expected.map(|e| e.severity.word().to_owned()),
            owner: expected.and_then(|e| text(&e.owner)),
            runbook: expected.and_then(|e| text(&e.runbook)),
            took_seconds: runs
                .and_then(|runs| runs.took)
                .map(|took| took.as_millis() as f64 / 1_000.0),
            last_failure: failed.map(|(at, _)| rfc3339(*at)),
            last_failure_how: failed.map(|(_, how)| how.to_string()),
            last_skip: runs.and_then(|runs| runs.skipped).map(rfc3339),
            output_tail: match state.cause() {
                Some(Cause::Failure { output_tail, .. }) => text(output_tail),
                _ => None,
            },
        }
    }

    fn finding_lines(&self) -> Vec<FindingLine> {
        let line = |finding: &Finding| FindingLine {
            path: finding.path.display().to_string(),
            what: finding.what.clone(),
            blind: finding.blind,
        };
        self.findings.iter().map(line).collect()
    }
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Fresh jobs in the order of their names: only made when they are listed.
fn by_name(states: &[JobState], range: std::ops::Range<usize>) -> Vec<usize> {
    let mut order: Vec<usize> = range.collect();
    order.sort_unstable_by(|a, b| {
        let (a, b) = (&states[*a].key, &states[*b].key);
        (&a.job, a.user()).cmp(&(&b.job, b.user()))
    });
    order
}
