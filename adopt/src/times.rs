//! Schedules as they are told: in words, with the next run and the longest wait. Each
//! text is worked out once, however many jobs have it.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use hashbrown::HashMap;
use heartbeat::Schedule;
use watch::{Runs, Zone};

/// When a job runs.
#[derive(Debug, Clone)]
pub struct When {
    /// As it is written.
    pub text: Box<str>,
    /// Whether `text` is a schedule that `beat` and the manifest can carry.
    pub schedule: bool,
    /// The time zone that it is meant in.
    pub zone: Option<&'static str>,
    /// For people: `at 02:00 every day`.
    pub words: Box<str>,
    /// The next run, where it can be told.
    pub next: Option<DateTime<Utc>>,
    /// The longest time between two runs, where it is not the schedule's own.
    pub set_gap: Option<Duration>,
    /// The schedule, and its longest wait once somebody asked: it takes long to find.
    runs: Option<Box<Runs>>,
    found_gap: OnceLock<Option<Duration>>,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

/// What is wrong with a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It has no run to come.
    Never(String),
    /// It cannot be read.
    Unreadable(String),
}

impl When {
    /// One that is no schedule, only told in words.
    #[must_use]
    pub fn told(text: &str, words: &str) -> Self {
        Self {
            text: text.into(),
            schedule: false,
            zone: None,
            words: words.into(),
            next: None,
            set_gap: None,
            runs: None,
            found_gap: OnceLock::new(),
            fault: None,
        }
    }
}

impl When {
    /// The longest time between two runs.
    #[must_use]
    pub fn gap(&self) -> Option<Duration> {
        if self.set_gap.is_some() {
            return self.set_gap;
        }
        let found = || self.runs.as_ref().and_then(|runs| runs.longest_gap());
        *self.found_gap.get_or_init(found)
    }
}

/// The clock of a run, its zone, and what was worked out.
#[derive(Debug)]
pub struct Times {
    now: DateTime<Utc>,
    zone: Option<Zone>,
    cron: RefCell<HashMap<Box<str>, Arc<When>>>,
    calendar: RefCell<HashMap<Box<str>, Arc<When>>>,
}

impl Times {
    /// For a moment and the host's own zone. Without a zone nothing can be said of the
    /// next run.
    #[must_use]
    pub fn new(now: DateTime<Utc>, zone: Option<Zone>) -> Self {
        Self {
            now,
            zone,
            cron: RefCell::default(),
            calendar: RefCell::default(),
        }
    }

    /// The moment.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The host's zone.
    #[must_use]
    pub fn zone(&self) -> Option<Zone> {
        self.zone
    }

    /// A schedule of cron.
    pub fn cron(&self, text: &str) -> Arc<When> {
        self.of(&self.cron, text, Schedule::cron)
    }

    /// An `OnCalendar=` of systemd.
    pub fn calendar(&self, text: &str) -> Arc<When> {
        self.of(&self.calendar, text, Schedule::on_calendar)
    }

    fn of(
        &self,
        cache: &RefCell<HashMap<Box<str>, Arc<When>>>,
        text: &str,
        read: fn(&str) -> Result<Schedule, heartbeat::ScheduleError>,
    ) -> Arc<When> {
        if let Some(when) = cache.borrow().get(text) {
            return Arc::clone(when);
        }
        let when = Arc::new(self.work_out(text, read(text)));
        cache.borrow_mut().insert(text.into(), Arc::clone(&when));
        when
    }

    fn work_out(&self, text: &str, read: Result<Schedule, heartbeat::ScheduleError>) -> When {
        let mut when = When::told(text, text);
        let schedule = match read {
            Ok(schedule) => schedule,
            Err(error) => {
                let said = error.to_string();
                when.fault = Some(if error.never_runs() {
                    Fault::Never(said)
                } else {
                    Fault::Unreadable(said)
                });
                return when;
            }
        };
        when.schedule = true;
        let runs = match Runs::new(schedule, self.zone.unwrap_or_else(Zone::utc)) {
            Ok(runs) => runs,
            Err(error) => {
                when.schedule = false;
                when.fault = Some(Fault::Unreadable(error.to_string()));
                return when;
            }
        };
        when.words = runs.words().into();
        if self.zone.is_some() || runs.schedule().own_zone().is_some() {
            when.zone = Some(runs.zone().name());
            when.next = runs.next_after(self.now);
        }
        let reboot = text.trim() == "@reboot";
        if when.zone.is_some() && when.next.is_none() && !reboot {
            when.fault = Some(Fault::Never(format!("{text:?} has no run to come")));
        }
        when.schedule &= !reboot;
        when.runs = Some(Box::new(runs));
        when
    }
}
