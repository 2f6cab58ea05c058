//! Builders for the tables of verdicts.

use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::{BootId, Details, Slot};

use super::super::*;
use crate::{KnownTimetables, Written, Zone};

/// The moment of all tables, in milliseconds since 1970.
pub(super) const NOW: i64 = 1_795_312_807_412;
/// How long the running boot has been running.
pub(super) const UPTIME: Duration = Duration::from_secs(10 * 86_400);

pub(super) fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap()
}

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn every(seconds: u64) -> Option<Interval> {
    Some(Interval::from_seconds(seconds).unwrap())
}

/// A boot, told from others by its last digit.
pub(super) fn boot(id: u8) -> BootId {
    BootId::parse(&format!("00000000-0000-0000-0000-00000000000{id}")).unwrap()
}

/// A beat in the making.
#[derive(Clone)]
pub(super) struct Maker(pub(super) Beat);

/// Left this many milliseconds ago by the wall clock, every hour, no boot clock.
pub(super) fn ago(millis: i64) -> Maker {
    Maker(Beat {
        timestamp: at(NOW - millis),
        interval: every(3_600),
        boot: None,
        details: None,
    })
}

impl Maker {
    pub(super) fn every(mut self, seconds: u64) -> Self {
        self.0.interval = every(seconds);
        self
    }

    pub(super) fn bare(mut self) -> Self {
        self.0.interval = None;
        self
    }

    /// Left at this time after the start of that boot. The running one is 1.
    pub(super) fn boot(mut self, id: u8, uptime: Duration) -> Self {
        self.0.boot = Some(BootStamp {
            id: boot(id),
            uptime,
        });
        self
    }

    /// Left this many milliseconds ago in the running boot.
    pub(super) fn by_boot_clock(self, millis: u64) -> Self {
        self.boot(1, UPTIME - Duration::from_millis(millis))
    }

    pub(super) fn told(mut self, details: Details) -> Self {
        self.0.details = Some(Box::new(details));
        self
    }

    /// A time limit, of a run.
    pub(super) fn limit(self, seconds: u64) -> Self {
        self.told(Details {
            timeout: Some(Duration::from_secs(seconds)),
            pid: Some(7),
            ..Details::default()
        })
    }

    /// What a beat by a schedule carries.
    pub(super) fn schedule(mut self, schedule: &str, zone: Option<&str>) -> Self {
        self.0.interval = None;
        self.told(Details {
            schedule: Some(schedule.into()),
            timezone: zone.map(Into::into),
            ..Details::default()
        })
    }

    /// The run that left it started this many milliseconds ago.
    pub(super) fn started(self, millis: i64) -> Self {
        self.told(Details {
            started: Some(at(NOW - millis)),
            ..Details::default()
        })
    }
}

/// A job and the moment at which it is judged.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) last: Option<Maker>,
    pub(super) fail: Option<Maker>,
    pub(super) run: Option<Maker>,
    pub(super) skip: Option<Maker>,
    pub(super) interval: Option<Interval>,
    pub(super) misses: u32,
    pub(super) now: Now,
}

impl Default for Job {
    fn default() -> Self {
        Self {
            last: None,
            fail: None,
            run: None,
            skip: None,
            interval: None,
            misses: 2,
            now: Now {
                wall: at(NOW),
                boot: Some(BootStamp {
                    id: boot(1),
                    uptime: UPTIME,
                }),
            },
        }
    }
}

impl Job {
    pub(super) fn last(mut self, beat: Maker) -> Self {
        self.last = Some(beat);
        self
    }

    pub(super) fn fail(mut self, beat: Maker) -> Self {
        self.fail = Some(beat);
        self
    }

    pub(super) fn run(mut self, beat: Maker) -> Self {
        self.run = Some(beat);
        self
    }

    pub(super) fn skip(mut self, beat: Maker) -> Self {
        self.skip = Some(beat);
        self
    }

    /// Judged with the wall clock set by this many seconds, the boot clock not.
    pub(super) fn wall_set_by(mut self, seconds: i64) -> Self {
        self.now.wall += TimeDelta::seconds(seconds);
        self
    }

    pub(super) fn files(&self) -> JobFiles {
        JobFiles {
            job: "db_backup".parse().unwrap(),
            last: slot(self.last.clone()),
            fail: slot(self.fail.clone()),
            run: slot(self.run.clone()),
            skip: slot(self.skip.clone()),
        }
    }
}

pub(super) fn slot(beat: Option<Maker>) -> Slot {
    beat.map(|Maker(beat)| Box::new(Ok(beat)))
}

/// No outages, and schedules by UTC.
pub(super) fn rules(now: Now, judge: impl FnOnce(&Rules<'_>) -> Judgement) -> Judgement {
    judge(&Rules {
        now,
        timetables: &KnownTimetables::new(Zone::named("UTC").unwrap()),
        outages: &Outages::default(),
        catch_up: seconds(7_200),
    })
}

/// A manifest's entry for the job of these tables.
pub(super) fn entry(timing: Timing) -> Expected {
    let place = Written {
        file: Arc::new("jobs.toml".into()),
        line: 1,
    };
    Expected::new("root", "db_backup".parse().unwrap(), timing, place)
}

pub(super) fn judge(job: &Job) -> Judgement {
    let expected = (job.interval.is_some() || job.misses != 2).then(|| {
        let interval = job.interval.or(every(3_600)).unwrap();
        Arc::new(Expected {
            misses: job.misses,
            ..entry(Timing::Interval(interval))
        })
    });
    let expectation = Expectation {
        expected,
        ..Expectation::default()
    };
    rules(job.now, |rules| verdict(&expectation, &job.files(), rules))
}
