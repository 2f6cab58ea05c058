//! Times on the dial: which of them a schedule names, by a clock that is never put
//! forward or back. Sets of bits and arithmetic of days; nothing steps through
//! minutes, and nothing is allocated.

use heartbeat::schedule::{
    Calendar, Cron, Years, date_of, day_of, days_of_month, weekday, weekdays_of,
};

use super::zone::Local;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How many years cron's schedules are looked ahead and back: a leap day that
/// must be a given weekday comes back after at most 40.
const CRON_YEARS: i32 = 41;

/// What names times on the dial.
pub(super) trait Dial {
    /// Years between which there may be times, seen from a year.
    fn years(&self, from: i32) -> (i32, i32);
    /// Whether there may be times in a year.
    fn has_year(&self, year: i32) -> bool;
    /// Months of a year: bit 1 is January.
    fn months(&self) -> u16;
    /// Days of one of those months: bit 1 is the first.
    fn days_of(&self, year: i32, month: u32) -> u32;
    /// The first time of day that is not before another.
    fn time_at_or_after(&self, time: i64) -> Option<i64>;
    /// The last time of day that is not after another.
    fn time_at_or_before(&self, time: i64) -> Option<i64>;

    /// The first time that is not before another.
    fn at_or_after(&self, local: Local) -> Option<Local> {
        let day = local.div_euclid(DAY);
        let date = date_of(day);
        let (from, last) = self.years(date.0);
        let mut first_day = if from > date.0 { (from, 1, 1) } else { date };
        if self.has_day(date)
            && let Some(time) = self.time_at_or_after(local.rem_euclid(DAY))
        {
            return Some(day * DAY + time);
        }
        if first_day == date {
            first_day.2 += 1;
        }
        let (mut year, mut month, first) = first_day;
        let mut above = u32::MAX.checked_shl(first).unwrap_or(0);
        while year <= last {
            let months = self.months().checked_shr(month).unwrap_or(0);
            if months == 0 || !self.has_year(year) {
                (year, month, above) = (year + 1, 1, u32::MAX);
                continue;
            }
            if months & 1 == 0 {
                month += months.trailing_zeros();
                above = u32::MAX;
            }
            let days = self.days_of(year, month) & above;
            if days != 0 {
                let day = day_of(year, month, days.trailing_zeros());
                return Some(day * DAY + self.time_at_or_after(0)?);
            }
            (month, above) = (month + 1, u32::MAX);
        }
        None
    }

    /// The last time that is not after another.
    fn at_or_before(&self, local: Local) -> Option<Local> {
        let day = local.div_euclid(DAY);
        let date = date_of(day);
        let (first, to) = self.years(date.0);
        let last_day = if to < date.0 { (to, 12, 32) } else { date };
        if self.has_day(date)
            && let Some(time) = self.time_at_or_before(local.rem_euclid(DAY))
        {
            return Some(day * DAY + time);
        }
        let (mut year, mut month, last) = last_day;
        // Days before the last.
        let mut below = 1_u32.checked_shl(last).map_or(u32::MAX, |bit| bit - 1);
        while year >= first {
            let months = self.months() & u16::MAX >> (15 - month);
            if months == 0 || !self.has_year(year) {
                (year, month, below) = (year - 1, 12, u32::MAX);
                continue;
            }
            let found = months.ilog2();
            if found != month {
                (month, below) = (found, u32::MAX);
            }
            let days = self.days_of(year, month) & below;
            if days != 0 {
                let day = day_of(year, month, days.ilog2());
                return Some(day * DAY + self.time_at_or_before(DAY)?);
            }
            // January leads to a month 0 that is in no set.
            (month, below) = (month - 1, u32::MAX);
        }
        None
    }

    /// Whether a date is one of those it names.
    fn has_day(&self, (year, month, day): (i32, u32, u32)) -> bool {
        self.has_year(year)
            && self.months() >> month & 1 == 1
            && self.days_of(year, month) >> day & 1 == 1
    }
}

impl Dial for Cron {
    fn years(&self, from: i32) -> (i32, i32) {
        (from - CRON_YEARS, from + CRON_YEARS)
    }

    fn has_year(&self, _: i32) -> bool {
        true
    }

    fn months(&self) -> u16 {
        self.months
    }

    fn days_of(&self, year: i32, month: u32) -> u32 {
        let by_weekday = weekdays_of(self.weekdays, weekday(day_of(year, month, 1)));
        let days = if self.either_day {
            self.days | by_weekday
        } else {
            self.days & by_weekday
        };
        days & days_of_month(year, month)
    }

    fn time_at_or_after(&self, time: i64) -> Option<i64> {
        let minute = (time + MINUTE - 1) / MINUTE;
        clock_after(self.hours, self.minutes, minute).map(|minute| minute * MINUTE)
    }

    fn time_at_or_before(&self, time: i64) -> Option<i64> {
        clock_before(self.hours, self.minutes, time / MINUTE).map(|minute| minute * MINUTE)
    }
}

impl Dial for Calendar {
    fn years(&self, _: i32) -> (i32, i32) {
        (Years::FIRST, Years::LAST)
    }

    fn has_year(&self, year: i32) -> bool {
        self.years.has(year)
    }

    fn months(&self) -> u16 {
        self.months
    }

    fn days_of(&self, year: i32, month: u32) -> u32 {
        self.days_of(year, month)
    }

    fn time_at_or_after(&self, time: i64) -> Option<i64> {
        let minute = clock_after(self.hours, self.minutes, time / MINUTE)?;
        let from = if minute == time / MINUTE {
            time % MINUTE
        } else {
            0
        };
        if let Some(second) = self.seconds.at_or_after(from as u32) {
            return Some(minute * MINUTE + i64::from(second));
        }
        let minute = clock_after(self.hours, self.minutes, minute + 1)?;
        Some(minute * MINUTE + i64::from(self.seconds.at_or_after(0)?))
    }

    fn time_at_or_before(&self, time: i64) -> Option<i64> {
        const END: u32 = MINUTE as u32;
        let minute = clock_before(self.hours, self.minutes, time / MINUTE)?;
        let to = if minute == time / MINUTE {
            (time % MINUTE) as u32
        } else {
            END
        };
        if let Some(second) = self.seconds.at_or_before(to) {
            return Some(minute * MINUTE + i64::from(second));
        }
        let minute = clock_before(self.hours, self.minutes, minute - 1)?;
        Some(minute * MINUTE + i64::from(self.seconds.at_or_before(END)?))
    }
}

/// The first minute of the day in these hours and minutes, not before another.
fn clock_after(hours: u32, minutes: u64, minute: i64) -> Option<i64> {
    let (hour, within) = ((minute / 60) as u32, (minute % 60) as u32);
    let rest = hours.checked_shr(hour).unwrap_or(0);
    let now = minutes >> within;
    if rest & 1 == 1 && now != 0 {
        return Some(minute + i64::from(now.trailing_zeros()));
    }
    let later = rest >> 1;
    let first = i64::from(minutes.trailing_zeros());
    (later != 0).then(|| i64::from(hour + 1 + later.trailing_zeros()) * 60 + first)
}

/// The last minute of the day in these hours and minutes, not after another.
fn clock_before(hours: u32, minutes: u64, minute: i64) -> Option<i64> {
    if minute < 0 {
        return None;
    }
    let (hour, within) = ((minute / 60) as u32, (minute % 60) as u32);
    let now = minutes & (u64::MAX >> (63 - within));
    if hours >> hour & 1 == 1 && now != 0 {
        return Some(i64::from(hour) * 60 + i64::from(now.ilog2()));
    }
    let earlier = hours & ((1 << hour) - 1);
    let last = i64::from(minutes.checked_ilog2()?);
    (earlier != 0).then(|| i64::from(earlier.ilog2()) * 60 + last)
}

#[cfg(test)]
#[path = "dial_tests.rs"]
mod tests;
