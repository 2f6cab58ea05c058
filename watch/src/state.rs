//! What is kept of each job after it was judged: small, because there may be a
//! million of them.

use std::cmp::Reverse;
use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::Interval;

use crate::{Cause, JobKey, Judgement, Verdict};

/// A job and the verdict on it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobState {
    /// Whose.
    pub key: JobKey,
    /// What is to be said of it.
    pub verdict: Verdict,
    /// How often it should succeed.
    pub interval: Option<Interval>,
    /// Time since the last success.
    pub age: Option<Duration>,
    /// When it last succeeded, as the beat says.
    pub last_success: Option<DateTime<Utc>>,
    /// What else there is to say; only for jobs that are not fresh.
    pub detail: Option<Box<Detail>>,
}

/// What is only known of jobs that are not fresh.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// See [`Judgement::since`].
    pub since: Option<DateTime<Utc>>,
    /// See [`Judgement::cause`].
    pub cause: Option<Cause>,
}

impl JobState {
    /// Keeps what matters of a judgement.
    #[must_use]
    pub fn new(key: JobKey, judged: Judgement) -> Self {
        let detail = judged.verdict.flagged() || judged.cause.is_some();
        Self {
            key,
            verdict: judged.verdict,
            interval: judged.interval,
            age: judged.age,
            last_success: judged.last_success,
            detail: detail.then(|| {
                Box::new(Detail {
                    since: judged.since,
                    cause: judged.cause,
                })
            }),
        }
    }

    /// Whether somebody must look.
    #[must_use]
    pub fn flagged(&self) -> bool {
        self.verdict.flagged()
    }

    /// See [`Judgement::since`]; `None` also for jobs that are well.
    #[must_use]
    pub fn since(&self) -> Option<DateTime<Utc>> {
        self.detail.as_ref().and_then(|detail| detail.since)
    }

    /// What stands behind the verdict.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        self.detail
            .as_ref()
            .and_then(|detail| detail.cause.as_ref())
    }

    /// Age over interval: 1 is due, over 2 is silent.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        let interval = f64::from(self.interval?.seconds());
        Some(self.age?.as_secs_f64() / interval)
    }

    /// Runs that should have succeeded since the last success.
    #[must_use]
    pub fn missed(&self) -> Option<u64> {
        self.last_success?;
        Some(self.age?.as_secs() / u64::from(self.interval?.seconds()))
    }
}

/// Sorts the worst first: by verdict, then by how far over the interval, then
/// by name. A job that a moving directory showed twice, and that read the same
/// both times, is kept once.
pub fn worst_first(states: &mut Vec<JobState>) {
    states.sort_unstable_by(|a, b| {
        let rank = |s: &JobState| Reverse((s.verdict, s.ratio().map(|r| (r * 1_000.0) as u64)));
        rank(a).cmp(&rank(b)).then_with(|| a.key.cmp(&b.key))
    });
    states.dedup_by(|a, b| a.key == b.key);
}

#[cfg(test)]
mod tests;
