//! When a schedule runs in a time zone, as Debian's cron and systemd do it: also
//! in the hours that a change of the clock leaves out or repeats.
//!
//! | | hour left out | hour repeated |
//! |---|---|---|
//! | cron, minute or hour starts with `*` | nothing runs in it | runs in both |
//! | cron, any other | runs once, right after it | runs in the first |
//! | systemd | skipped | runs in the first |
//!
//! Cron takes a change of three hours or more for a correction: nothing is caught
//! up, and what is repeated runs again.
//!
//! Where systemd 252 loses its way, the plain meaning is followed: it leaves out the
//! first run of a day of a repetition that does not come out even (`*:0/7`: it makes
//! 00:03 of 23:63), and all that is left of a day after a gap in a few zones. The
//! oracle test names these cases.

mod dial;
mod gap;
mod words;
mod zone;

use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::Schedule;
use heartbeat::schedule::{Calendar, Cron, Rule};

pub use zone::{Zone, ZoneError};

use dial::Dial;
use zone::{Local, Moment, Shown};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
/// From here on, cron takes a change of the clock for a correction.
const CORRECTION: i64 = 180 * MINUTE;

/// A schedule in a time zone: when it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runs {
    schedule: Schedule,
    zone: Zone,
}

impl Runs {
    /// A schedule in a time zone. A zone in the schedule's own text wins.
    ///
    /// # Errors
    /// When the text names a zone that there is not.
    pub fn new(schedule: Schedule, zone: Zone) -> Result<Self, ZoneError> {
        let zone = schedule.own_zone().map_or(Ok(zone), Zone::named)?;
        Ok(Self { schedule, zone })
    }

    /// The schedule.
    #[must_use]
    pub const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The time zone in force.
    #[must_use]
    pub const fn zone(&self) -> Zone {
        self.zone
    }

    /// The first run after a moment. None when there is none any more, and for
    /// `@reboot`.
    ///
    /// In an hour that is repeated, systemd's answer hangs on where one stands: a
    /// timer that came through the first leaves the second out, one that is
    /// started in the second runs in it. This says what systemd says, seen from
    /// the moment. [`Runs::last_before`] and [`Runs::count`] know the timer that
    /// came through.
    #[must_use]
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let after = after.timestamp_micros();
        let next = match self.schedule.rule() {
            Rule::Reboot => None,
            Rule::Cron(cron) => self
                .plain(after, |local| cron.at_or_after(local + 1))
                .or_else(|| {
                    if cron.follows_clock {
                        self.next_by_clock(cron, after)
                    } else {
                        self.next_once(cron, after, Habit::Cron)
                    }
                }),
            Rule::Calendar(calendar) => self
                .plain(after, |local| calendar.at_or_after(local + 1))
                .or_else(|| self.next_by_systemd(calendar, after)),
        };
        next.and_then(DateTime::from_timestamp_micros)
    }

    /// The last run that is not after a moment.
    #[must_use]
    pub fn last_before(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let moment = moment.timestamp_micros();
        let last = match self.schedule.rule() {
            Rule::Reboot => None,
            Rule::Cron(cron) => self
                .plain(moment, |local| cron.at_or_before(local))
                .or_else(|| {
                    if cron.follows_clock {
                        self.last_by_clock(cron, moment)
                    } else {
                        self.last_once(cron, moment, Habit::Cron)
                    }
                }),
            Rule::Calendar(calendar) => self
                .plain(moment, |local| calendar.at_or_before(local))
                .or_else(|| self.last_once(calendar, moment, Habit::Systemd)),
        };
        last.and_then(DateTime::from_timestamp_micros)
    }

    /// How many runs there are after one moment, up to and with another; `cap`
    /// when there are more than that. Counted from the end.
    #[must_use]
    pub fn count(&self, after: DateTime<Utc>, up_to: DateTime<Utc>, cap: u32) -> u32 {
        let mut seen = 0;
        let mut end = up_to;
        while seen < cap
            && let Some(last) = self.last_before(end).filter(|last| *last > after)
        {
            seen += 1;
            end = last - chrono::TimeDelta::microseconds(1);
        }
        seen
    }

    /// When it runs, for people: `at 02:00 every day`, `every 15 minutes`.
    #[must_use]
    pub fn words(&self) -> String {
        words::words(&self.schedule)
    }

    /// The longest time from one run to the next by a clock that is never changed:
    /// three days for a job of weekdays. None when there are no two runs.
    #[must_use]
    pub fn longest_gap(&self) -> Option<Duration> {
        gap::longest(self.schedule.rule())
    }

    /// The way for nearly all: the clock is not changed around the moment and the
    /// time that is found on the dial.
    fn plain(&self, moment: Moment, find: impl Fn(Local) -> Option<Local>) -> Option<Moment> {
        let calm = self.zone.calm(moment)?;
        let run = find(moment + calm.offset)? - calm.offset;
        calm.has(run).then_some(run)
    }

    /// Jobs that run once for each time on the dial.
    fn next_once(&self, dial: &impl Dial, after: Moment, habit: Habit) -> Option<Moment> {
        let mut from = self.zone.local(after)?;
        loop {
            let time = dial.at_or_after(from)?;
            from = match habit.of(self.zone.shown(time)?) {
                Ok(run) if run > after => return Some(run),
                // This very one, or shown a second time, and it ran at the first.
                Ok(_) => time + 1,
                Err(to) => to,
            };
        }
    }

    fn last_once(&self, dial: &impl Dial, moment: Moment, habit: Habit) -> Option<Moment> {
        let local = self.zone.local(moment)?;
        // Seen from the second showing, times later on the dial have been.
        let mut to = match self.zone.shown(local)? {
            Shown::Twice(first, _) => local + (moment - first),
            _ => local,
        };
        loop {
            let time = dial.at_or_before(to)?;
            let shown = self.zone.shown(time)?;
            to = match habit.of(shown) {
                Ok(run) if run <= moment => return Some(run),
                Ok(_) => time - 1,
                Err(_) => before_gap(shown, time),
            };
        }
    }

    fn next_by_systemd(&self, calendar: &Calendar, after: Moment) -> Option<Moment> {
        let local = self.zone.local(after)?;
        if let Shown::Twice(first, second) = self.zone.shown(local)?
            && second == after
            && let Some(time) = calendar.at_or_after(local + 1)
            // The same night, and not the one of another year.
            && time - local < second - first
            && let Shown::Twice(_, run) = self.zone.shown(time)?
        {
            return Some(run);
        }
        self.next_once(calendar, after, Habit::Systemd)
    }

    /// Jobs of cron that run whenever the clock shows their time.
    fn next_by_clock(&self, cron: &Cron, after: Moment) -> Option<Moment> {
        let local = self.zone.local(after)?;
        let mut time = cron.at_or_after(local + 1)?;
        if let Shown::Twice(first, second) = self.zone.shown(local)? {
            let back = second - first;
            // What is left of this showing; the same night of another year is far off.
            if time - local < back
                && let Shown::Twice(one, two) = self.zone.shown(time)?
            {
                return Some(if after == first { one } else { two });
            }
            if after == first {
                // Nothing is: on to the second.
                let mut again = cron.at_or_after(local - back)?;
                while again <= local {
                    if let Shown::Twice(_, run) = self.zone.shown(again)? {
                        return Some(run);
                    }
                    again = cron.at_or_after(again + 1)?;
                }
            }
        }
        loop {
            match self.zone.shown(time)? {
                Shown::Once(run) | Shown::Twice(run, _) => return Some(run),
                Shown::Never { to, .. } => time = cron.at_or_after(to)?,
            }
        }
    }

    fn last_by_clock(&self, cron: &Cron, moment: Moment) -> Option<Moment> {
        let local = self.zone.local(moment)?;
        let mut time = cron.at_or_before(local)?;
        if let Shown::Twice(first, second) = self.zone.shown(local)?
            && second == moment
        {
            // In the second showing: that has been so far, then the end of the first.
            let back = second - first;
            if local - time < back
                && let Shown::Twice(_, run) = self.zone.shown(time)?
            {
                return Some(run);
            }
            let mut later = cron.at_or_before(local + back)?;
            while later > local {
                if let Shown::Twice(run, _) = self.zone.shown(later)? {
                    return Some(run);
                }
                later = cron.at_or_before(later - 1)?;
            }
        }
        loop {
            let shown = self.zone.shown(time)?;
            match shown {
                Shown::Once(run) => return Some(run),
                Shown::Twice(_, run) if run <= moment => return Some(run),
                Shown::Twice(run, _) => return Some(run),
                Shown::Never { .. } => time = cron.at_or_before(before_gap(shown, time))?,
            }
        }
    }
}

/// How those that run once for each time on the dial go through a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    Cron,
    Systemd,
}

impl Habit {
    /// When a time on the dial runs; or the time on the dial at which the clock
    /// goes on, when it does not.
    fn of(self, shown: Shown) -> Result<Moment, Local> {
        match shown {
            Shown::Once(run) | Shown::Twice(run, _) => Ok(run),
            Shown::Never { at, from, to } if self == Self::Cron && to - from < CORRECTION => Ok(at),
            Shown::Never { to, .. } => Err(to),
        }
    }
}

/// The last time on the dial before one that was left out.
fn before_gap(shown: Shown, time: Local) -> Local {
    match shown {
        Shown::Never { from, .. } => from - 1,
        _ => time - 1,
    }
}

#[cfg(test)]
mod tests;
