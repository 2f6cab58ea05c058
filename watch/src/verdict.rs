//! The verdict on one job: a pure function of what is expected, what was seen
//! and one moment.

mod cause;
mod due;
mod going;
mod judge;
mod last_runs;
mod order;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike, Utc};
use heartbeat::{Beat, BootStamp, FileKind, Interval, JobFiles, Unreadable};

pub use cause::Cause;
pub use due::Due;
pub use last_runs::LastRuns;
pub use order::{Age, age};

use crate::{Expected, Outage, Outages, Timetables, Timing};
use judge::{Judge, Seen};

/// How far ahead a beat may be before its time is called wrong: clocks of one
/// network differ by that much.
pub(crate) const TOLERANCE: Duration = Duration::from_secs(60);

/// One moment, on both clocks. Read once a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The wall clock.
    pub wall: DateTime<Utc>,
    /// The boot clock, where there is one.
    pub boot: Option<BootStamp>,
}

/// After so many runs that found nothing to do a job is idle.
pub const IDLE_AFTER: u32 = 10;

/// What holds for all jobs of a pass.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// The moment.
    pub now: Now,
    /// Where the schedules that beats carry are looked up.
    pub timetables: &'a dyn Timetables,
    /// Times in which no job could run.
    pub outages: &'a Outages,
    /// The longest time that a job gets to catch up after one.
    pub catch_up: Duration,
}

/// What is expected of one job.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expectation {
    /// The manifest's entry; without one the beat says how often it should succeed.
    pub expected: Option<Arc<Expected>>,
    /// For how long it has been known, where no success of it is known.
    pub known_for: Option<Duration>,
    /// What is wrong with the files that its run should have left: one of the
    /// reasons of a failure.
    pub file_fault: Option<&'static str>,
}

impl Expectation {
    fn misses(&self) -> u32 {
        let expected = self.expected.as_ref();
        expected.map_or(crate::DEFAULT_MISSES, |expected| expected.misses)
    }

    fn grace(&self) -> Option<Duration> {
        self.expected.as_ref()?.grace
    }

    fn due(&self) -> Option<Due> {
        Some(match &self.expected.as_ref()?.timing {
            Timing::Interval(interval) => Due::Interval(*interval),
            Timing::Schedule(runs) => Due::Runs(Arc::clone(runs)),
        })
    }
}

/// What is to be said of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It succeeded within its interval.
    Fresh,
    /// Expected, no beat yet, still in time.
    Waiting,
    /// Over its interval, at most twice the interval. Shown, not flagged.
    Late,
    /// Alive, and has found nothing to do many times in a row.
    Idle,
    /// The time of its beat lies in the future.
    Skewed,
    /// A beat is there and cannot be read, or carries no interval anywhere.
    Unreadable,
    /// Expected, no success ever, and known for more than twice its interval.
    Never,
    /// A run has been going for longer than its time limit allows.
    Hung,
    /// The newest outcome is a failure.
    Failed,
    /// No success for more than twice its interval.
    Silent,
}

impl Verdict {
    /// All of them, best first.
    pub const ALL: [Self; 10] = [
        Self::Fresh,
        Self::Waiting,
        Self::Late,
        Self::Idle,
        Self::Skewed,
        Self::Unreadable,
        Self::Never,
        Self::Hung,
        Self::Failed,
        Self::Silent,
    ];

    /// Whether somebody must look.
    #[must_use]
    pub const fn flagged(self) -> bool {
        !matches!(self, Self::Fresh | Self::Waiting | Self::Late)
    }

    /// The word for it, as in the record and in markers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Waiting => "waiting",
            Self::Late => "late",
            Self::Idle => "idle",
            Self::Skewed => "skewed",
            Self::Unreadable => "unreadable",
            Self::Never => "never",
            Self::Hung => "hung",
            Self::Failed => "failed",
            Self::Silent => "silent",
        }
    }

    /// The verdict that a word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The verdict on one job with what led to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// What is to be said.
    pub verdict: Verdict,
    /// Time since the last success (or since the first start, where there was
    /// none yet).
    pub age: Option<Duration>,
    /// How often it should succeed.
    pub due: Option<Due>,
    /// Scheduled runs that were missed; `None` where there is no schedule.
    pub missed: Option<u32>,
    /// How far it is over its schedule: over 1 late, over 2 silent, by default.
    /// `None` where there is none.
    pub ratio: Option<f32>,
    /// When it last succeeded, as the beat says.
    pub last_success: Option<DateTime<Utc>>,
    /// Since when this has been so, as far as it can be told in a way that stays
    /// the same from pass to pass: the last success, else when an unreadable
    /// file was written. `None` where each new beat would move it, because the
    /// job may be alive: a beat from the future or without an interval.
    pub since: Option<DateTime<Utc>>,
    /// From when on it counts as silent.
    pub deadline: Option<DateTime<Utc>>,
    /// What stands behind it.
    pub cause: Option<Cause>,
    /// The outage in which it went silent.
    pub story: Option<Outage>,
    /// What is known of its last runs, beyond the last success.
    pub last_runs: Option<Box<LastRuns>>,
}

impl Judgement {
    /// A verdict of which nothing else is known.
    #[must_use]
    pub const fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            age: None,
            due: None,
            missed: None,
            ratio: None,
            last_success: None,
            since: None,
            deadline: None,
            cause: None,
            story: None,
            last_runs: None,
        }
    }

    /// The interval, where it is one.
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        match &self.due {
            Some(Due::Interval(interval)) => Some(*interval),
            _ => None,
        }
    }
}

/// Judges one job.
///
/// The first that holds decides: a file that cannot be read, a time in the
/// future, a failure that is newer than the last success, a run over its limit,
/// and then the time since it was last heard of. At exactly twice the interval a
/// job is not silent yet. After an outage of the host it gets time to catch up.
///
/// What is worse by the other files, and would be whatever a failure's or a run's file
/// said, is told all the same: a file that nobody mends must not hide a silence.
#[must_use]
pub fn verdict(expectation: &Expectation, files: &JobFiles, rules: &Rules<'_>) -> Judgement {
    let (seen, fault) = Seen::open(files, &rules.now);
    let last = seen.last();
    let judge = Judge {
        expectation,
        rules,
        due: expectation.due(),
        seen,
    };
    let judged = match fault {
        None => judge.judge(),
        Some((file @ (FileKind::Fail | FileKind::Run), fault)) => {
            let told = unreadable(file, fault, last);
            let judged = judge.judge();
            // A job that never succeeded may be at its first run.
            let open = file == FileKind::Run && judged.verdict == Verdict::Never;
            if judged.verdict > Verdict::Unreadable && !open {
                Judgement {
                    cause: judged.cause.or(told.cause),
                    ..judged
                }
            } else {
                told
            }
        }
        Some((file, fault)) => unreadable(file, fault, last),
    };
    Judgement {
        last_runs: LastRuns::of(files),
        ..judged
    }
}

fn unreadable(file: FileKind, fault: &Unreadable, last: Option<&Beat>) -> Judgement {
    Judgement {
        due: last.and_then(|beat| beat.interval).map(Due::Interval),
        last_success: last.map(|beat| beat.timestamp),
        since: fault.modified.filter(|at| tellable(*at)),
        cause: Some(Cause::Unreadable {
            file,
            why: fault.kind.clone(),
        }),
        ..Judgement::new(Verdict::Unreadable)
    }
}

/// Years that RFC 3339 can name: what a marker could not carry would look like
/// another silence at each pass.
pub(crate) fn tellable(time: DateTime<Utc>) -> bool {
    (0..=9_999).contains(&time.year())
}

#[cfg(test)]
mod tests;
