//! When a schedule runs, reckoned the plain way: each day of the calendar is asked of
//! the zone. It knows nothing of the code that it is held against.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use chrono::{Datelike, LocalResult, NaiveDate, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;

/// Milliseconds since 1970.
pub type Moment = i64;

/// One minute.
pub const MINUTE: Moment = 60_000;
/// One hour.
pub const HOUR: Moment = 60 * MINUTE;
/// One day.
pub const DAY: Moment = 24 * HOUR;
/// 2026-01-01 00:00 UTC, where all stories begin.
pub const BEGIN: Moment = 1_767_225_600_000;

/// On which days and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Each hour at this minute.
    Hourly(u32),
    /// Each day.
    Daily(u32, u32),
    /// Monday to Friday.
    Weekdays(u32, u32),
    /// On Sunday.
    Sunday(u32, u32),
    /// On the first of the month.
    First(u32, u32),
}

/// A schedule in a zone, in the dialect of cron or of systemd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timetable {
    /// When.
    pub rule: Rule,
    /// Whether it is cron's.
    pub cron: bool,
    /// Where.
    pub zone: Tz,
}

impl Timetable {
    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        match (self.rule, self.cron) {
            (Rule::Hourly(m), true) => format!("{m} * * * *"),
            (Rule::Daily(h, m), true) => format!("{m} {h} * * *"),
            (Rule::Weekdays(h, m), true) => format!("{m} {h} * * 1-5"),
            (Rule::Sunday(h, m), true) => format!("{m} {h} * * 0"),
            (Rule::First(h, m), true) => format!("{m} {h} 1 * *"),
            (Rule::Hourly(m), false) => format!("*:{m:02}"),
            (Rule::Daily(h, m), false) => format!("{h:02}:{m:02}"),
            (Rule::Weekdays(h, m), false) => format!("Mon..Fri {h:02}:{m:02}"),
            (Rule::Sunday(h, m), false) => format!("Sun {h:02}:{m:02}"),
            (Rule::First(h, m), false) => format!("*-*-01 {h:02}:{m:02}"),
        }
    }

    /// All its runs from 100 days before the beginning to four years after.
    #[must_use]
    pub fn runs(&self) -> Rc<Vec<Moment>> {
        thread_local! {
            static KNOWN: RefCell<HashMap<Timetable, Rc<Vec<Moment>>>> = RefCell::default();
        }
        let found = KNOWN.with(|known| known.borrow().get(self).cloned());
        found.unwrap_or_else(|| {
            let made = Rc::new(self.reckon());
            KNOWN.with(|known| known.borrow_mut().insert(*self, Rc::clone(&made)));
            made
        })
    }

    fn reckon(&self) -> Vec<Moment> {
        let mut runs = Vec::new();
        if let (Rule::Hourly(minute), true) = (self.rule, self.cron) {
            // Cron looks at the clock on the wall: whenever it shows that minute.
            let mut at = BEGIN - 100 * DAY;
            while at < BEGIN + 1_460 * DAY {
                let shown = self.zone.timestamp_millis_opt(at).single();
                let shown = shown.map_or(0, |shown| shown.minute());
                // Never so far that a change of the clock is jumped over.
                let ahead = match (minute + 60 - shown) % 60 {
                    0 => {
                        runs.push(at);
                        15
                    }
                    wait => wait.min(15),
                };
                at += i64::from(ahead) * MINUTE;
            }
            return runs;
        }
        let first = NaiveDate::from_ymd_opt(2025, 9, 20).unwrap_or_default();
        for day in first.iter_days().take(1_560) {
            let wanted = match self.rule {
                Rule::Hourly(_) | Rule::Daily(..) => true,
                Rule::Weekdays(..) => day.weekday().number_from_monday() <= 5,
                Rule::Sunday(..) => day.weekday().number_from_monday() == 7,
                Rule::First(..) => day.day() == 1,
            };
            if !wanted {
                continue;
            }
            match self.rule {
                Rule::Hourly(minute) => {
                    runs.extend((0..24).filter_map(|hour| self.at(day, hour, minute)));
                }
                Rule::Daily(hour, minute)
                | Rule::Weekdays(hour, minute)
                | Rule::Sunday(hour, minute)
                | Rule::First(hour, minute) => runs.extend(self.at(day, hour, minute)),
            }
        }
        runs
    }

    /// The moment of a time on a day: the first of two; where there is none, cron
    /// comes right after the gap, and systemd leaves it out.
    fn at(&self, day: NaiveDate, hour: u32, minute: u32) -> Option<Moment> {
        let mut local = day.and_hms_opt(hour, minute, 0)?;
        loop {
            match self.zone.from_local_datetime(&local) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => {
                    return Some(at.timestamp_millis());
                }
                LocalResult::None if self.cron => local += TimeDelta::minutes(1),
                LocalResult::None => return None,
            }
        }
    }
}

/// The run number `n` (from 1) after a moment.
#[must_use]
pub fn nth_after(runs: &[Moment], after: Moment, n: usize) -> Option<Moment> {
    let at = runs.partition_point(|run| *run <= after);
    runs.get(at + n.max(1) - 1).copied()
}

/// The last run that is not after a moment.
#[must_use]
pub fn last_before(runs: &[Moment], moment: Moment) -> Option<Moment> {
    let at = runs.partition_point(|run| *run <= moment);
    at.checked_sub(1).map(|at| runs[at])
}
