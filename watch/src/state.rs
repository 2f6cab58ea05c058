//! What is kept of each job after it was judged: small, because there may be a
//! million of them.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::Interval;

use crate::{Cause, Due, Expected, JobKey, Judgement, LastRuns, Muted, Outage, Runs, Verdict};

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
    /// Its schedule, where it has one in place of an interval.
    pub scheduled: Option<Box<Scheduled>>,
    /// What the manifest says of it.
    pub expected: Option<Arc<Expected>>,
    /// What is known of its last runs, beyond the last success.
    pub last_runs: Option<Box<LastRuns>>,
    /// What else there is to say; only for jobs that are not fresh.
    pub detail: Option<Box<Detail>>,
}

/// A schedule and how a job stands in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scheduled {
    /// When it should run.
    pub runs: Arc<Runs>,
    /// Runs that were missed since the last success; `None` where that is not known.
    pub missed: Option<u32>,
    /// See [`Judgement::ratio`].
    pub ratio: Option<f32>,
}

/// What is only known of jobs that are not fresh.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// See [`Judgement::since`].
    pub since: Option<DateTime<Utc>>,
    /// See [`Judgement::cause`].
    pub cause: Option<Cause>,
    /// See [`Judgement::deadline`].
    pub deadline: Option<DateTime<Utc>>,
    /// See [`Judgement::story`].
    pub story: Option<Outage>,
}

impl JobState {
    /// Keeps what matters of a judgement.
    #[must_use]
    pub fn new(key: JobKey, judged: Judgement) -> Self {
        let detail = judged.verdict.flagged() || judged.cause.is_some();
        let interval = judged.interval();
        let scheduled = match judged.due {
            Some(Due::Runs(runs)) => Some(Box::new(Scheduled {
                runs,
                missed: judged.missed,
                ratio: judged.ratio,
            })),
            _ => None,
        };
        Self {
            key,
            verdict: judged.verdict,
            interval,
            age: judged.age,
            last_success: judged.last_success,
            scheduled,
            expected: None,
            last_runs: judged.last_runs,
            detail: detail.then(|| {
                Box::new(Detail {
                    since: judged.since,
                    cause: judged.cause,
                    deadline: judged.deadline,
                    story: judged.story,
                })
            }),
        }
    }

    /// The same with what the manifest says of it.
    #[must_use]
    pub fn expected(self, expected: Option<Arc<Expected>>) -> Self {
        Self { expected, ..self }
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

    /// The moment by which this trouble is told from the job's next one; `None` where there
    /// is none, so that closing an issue by hand holds for a while only. A file that cannot
    /// be read has none: one that nobody mends stays the same for good, and one that each
    /// run leaves is another each time.
    #[must_use]
    pub fn told_apart_by(&self) -> Option<DateTime<Utc>> {
        let moment = self.verdict != Verdict::Unreadable;
        self.since().filter(|_| moment)
    }

    /// What stands behind the verdict.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        self.detail
            .as_ref()
            .and_then(|detail| detail.cause.as_ref())
    }

    /// From when on it counts as silent; `None` also for jobs that are well.
    #[must_use]
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        self.detail.as_ref().and_then(|detail| detail.deadline)
    }

    /// The outage of the host in which it went silent.
    #[must_use]
    pub fn story(&self) -> Option<&Outage> {
        self.detail
            .as_ref()
            .and_then(|detail| detail.story.as_ref())
    }

    /// Whether no issue is opened for it now.
    #[must_use]
    pub fn muted(&self, now: DateTime<Utc>) -> Option<Muted> {
        self.expected.as_ref()?.muted(now)
    }

    /// How often it should succeed, for people: `1d`, or the text of a schedule.
    #[must_use]
    pub fn every(&self) -> Option<String> {
        match &self.scheduled {
            Some(scheduled) => Some(scheduled.runs.schedule().as_text().to_owned()),
            None => self.interval.map(|interval| interval.to_string()),
        }
    }

    /// Age over interval, or the same for a schedule: 1 is due, over 2 is silent.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        if let Some(scheduled) = &self.scheduled {
            return scheduled.ratio.map(f64::from);
        }
        let interval = f64::from(self.interval?.seconds());
        Some(self.age?.as_secs_f64() / interval)
    }

    /// Scheduled runs since a job that never succeeded is known.
    #[must_use]
    pub fn missed_since_known(&self) -> Option<u64> {
        let scheduled = self.scheduled.as_ref()?;
        scheduled.missed.filter(|missed| *missed > 0).map(u64::from)
    }

    /// Runs that should have succeeded since the last success.
    #[must_use]
    pub fn missed(&self) -> Option<u64> {
        self.last_success?;
        if let Some(scheduled) = &self.scheduled {
            return scheduled.missed.map(u64::from);
        }
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
