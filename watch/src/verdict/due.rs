//! When a job is due: how many runs have fallen out since it was last heard of.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::Interval;

use crate::Runs;

/// Missed runs are counted up to this.
const COUNTED: u32 = 1_000;
/// The least time that a scheduled run may take before it counts as missed, where
/// runs are not closer than twice that.
const GRACE: Duration = Duration::from_secs(60);
/// The most time that the job is given because it took as long before.
const MOST_GRACE: Duration = Duration::from_secs(6 * 3_600);

/// How often a job should succeed.
#[derive(Debug, Clone, PartialEq)]
pub enum Due {
    /// At least this often.
    Interval(Interval),
    /// At the times of a schedule.
    Runs(Arc<Runs>),
}

/// How a job stands in its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing is missed.
    Fresh,
    /// Something is, and not so much that it is silent.
    Late,
    /// As much as makes it silent.
    Silent,
}

/// What a job's time says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reckoning {
    pub(super) standing: Standing,
    /// From when on it counts as silent.
    pub(super) deadline: DateTime<Utc>,
    /// Scheduled runs that were missed; `None` for an interval.
    pub(super) missed: Option<u32>,
    /// Over 1 late, over 2 missed twice; `None` for an interval, where it is age
    /// over interval.
    pub(super) ratio: Option<f32>,
}

impl Due {
    /// Reckons from a success that was so long ago, or from another beginning.
    pub(super) fn reckon(
        &self,
        age: Duration,
        now: DateTime<Utc>,
        misses: u32,
        grace: Option<Duration>,
    ) -> Reckoning {
        let misses = misses.max(1);
        let began = before(now, age);
        match self {
            Self::Interval(interval) => {
                let limit = interval
                    .duration()
                    .saturating_mul(misses)
                    .saturating_add(grace.unwrap_or_default());
                let standing = if age <= interval.duration() {
                    Standing::Fresh
                } else if age <= limit {
                    Standing::Late
                } else {
                    Standing::Silent
                };
                Reckoning {
                    standing,
                    deadline: after(began, limit),
                    missed: None,
                    ratio: None,
                }
            }
            Self::Runs(runs) => scheduled(runs, began, now, misses, grace),
        }
    }

    /// How far apart two runs are, about: of a schedule, the two around `at`.
    pub(super) fn spacing(&self, at: DateTime<Utc>) -> Duration {
        match self {
            Self::Interval(interval) => interval.duration(),
            Self::Runs(runs) => {
                let next = runs.next_after(at);
                let last = runs.last_before(at);
                next.zip(last)
                    .and_then(|(next, last)| (next - last).to_std().ok())
                    .unwrap_or(Duration::from_secs(86_400))
            }
        }
    }

    /// Whether more than `many` runs fell into this time before now.
    pub(super) fn more_than(&self, many: u32, age: Duration, now: DateTime<Utc>) -> bool {
        match self {
            Self::Interval(interval) => age > interval.duration().saturating_mul(many),
            Self::Runs(runs) => runs.count(before(now, age), now, many + 1) > many,
        }
    }
}

fn scheduled(
    runs: &Runs,
    began: DateTime<Utc>,
    now: DateTime<Utc>,
    misses: u32,
    grace: Option<Duration>,
) -> Reckoning {
    let Some(first) = runs.next_after(began).filter(|first| *first <= now) else {
        let next = runs.next_after(began);
        return Reckoning {
            standing: Standing::Fresh,
            deadline: next.unwrap_or(DateTime::<Utc>::MAX_UTC),
            missed: Some(0),
            ratio: Some(next.map_or(0.0, |next| part(began, now, next))),
        };
    };
    // The run whose time makes it silent, and how long that run may take.
    let decides = (1..misses.min(crate::MAX_MISSES)).try_fold(first, |run, _| runs.next_after(run));
    let grace = grace.unwrap_or_else(|| usual(runs, began, first));
    let deadline = decides.map_or(DateTime::<Utc>::MAX_UTC, |run| after(run, grace));
    let missed = runs.count(began, now, COUNTED);
    let (last, next) = (runs.last_before(now), runs.next_after(now));
    let over = last.zip(next).map_or(0.0, |(l, n)| part(l, now, n));
    Reckoning {
        standing: if now > deadline {
            Standing::Silent
        } else {
            Standing::Late
        },
        deadline,
        missed: Some(missed),
        ratio: Some(missed as f32 + over),
    }
}

/// How long a run may take before it counts as missed: as long as it took the last
/// time, as far as that can be told. A success long after its scheduled time was
/// made by hand, and tells nothing.
fn usual(runs: &Runs, began: DateTime<Utc>, first: DateTime<Utc>) -> Duration {
    let Some(slot) = runs.last_before(began) else {
        return GRACE;
    };
    let (Ok(took), Ok(gap)) = ((began - slot).to_std(), (first - slot).to_std()) else {
        return GRACE;
    };
    let least = GRACE.min(gap / 2);
    if took <= gap / 4 {
        took.clamp(least, MOST_GRACE.max(least))
    } else {
        least
    }
}

/// How far `now` is on the way, from 0 to 1.
fn part(from: DateTime<Utc>, now: DateTime<Utc>, to: DateTime<Utc>) -> f32 {
    let whole = (to - from).as_seconds_f64();
    if whole <= 0.0 {
        return 0.0;
    }
    ((now - from).as_seconds_f64() / whole).clamp(0.0, 1.0) as f32
}

fn before(now: DateTime<Utc>, age: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(age)
        .ok()
        .and_then(|age| now.checked_sub_signed(age))
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}

fn after(at: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(by)
        .ok()
        .and_then(|by| at.checked_add_signed(by))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use heartbeat::Schedule;

    use super::*;
    use crate::Zone;

    #[test]
    fn more_runs_than_so_many_fell_into_a_time() {
        const HOUR: u64 = 3_600;
        let runs = Runs::new(Schedule::parse("0 2 * * *").unwrap(), Zone::utc()).unwrap();
        let scheduled = Due::Runs(Arc::new(runs));
        let daily = Due::Interval("1d".parse().unwrap());
        let now: DateTime<Utc> = "2026-11-22T03:00:00Z".parse().unwrap();
        for (many, hours, by_schedule, by_interval) in [
            (0, 0, false, false),
            (0, 1, false, true),
            (0, 2, true, true),
            (1, 25, false, true),
            (1, 26, true, true),
            (2, 48, false, false),
            (2, 49, false, true),
            (2, 50, true, true),
            (2, 500, true, true),
        ] {
            let age = Duration::from_secs(hours * HOUR);
            let found = [&scheduled, &daily].map(|due| due.more_than(many, age, now));
            assert_eq!(found, [by_schedule, by_interval], "{many} in {hours} h");
        }
    }
}
