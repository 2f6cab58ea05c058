//! The dialect of systemd's `OnCalendar=` (systemd.time(7), as of version 252):
//! weekdays, a date, a time, a time zone. What systemd refuses is refused here.
//!
//! Two things that systemd reads are left out: `@` with a number of seconds, which
//! is one moment and no schedule, and the zone's own abbreviations (`EEST`), which
//! hang on the machine.

use std::ops::BitOr as _;

use super::cron::number;
use super::days::{day_of, days_in_month, days_of_month, weekday, weekdays_of};
use super::error::{ScheduleError, Why};

mod element;

use element::{Numbers, element};
pub use element::{Part, Seconds};

/// What an `OnCalendar=` says, as sets of bits: bit 5 of `minutes` is minute 5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Weekdays, 0 (Sunday) to 6.
    pub weekdays: u8,
    /// Years.
    pub years: Years,
    /// Months, 1 to 12.
    pub months: u16,
    /// Days of the month, 1 to 31.
    pub days: u32,
    /// The days are counted from the end of the month: 1 is its last day.
    pub from_end: bool,
    /// Hours of the day, 0 to 23.
    pub hours: u32,
    /// Minutes of the hour, 0 to 59.
    pub minutes: u64,
    /// Seconds of the minute, and fractions of them.
    pub seconds: Seconds,
    /// Where in the text the time zone begins.
    zone_at: Option<u16>,
}

/// A set of years, 1970 to 2199: systemd looks no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Years([u64; 4]);

impl Years {
    /// The first year that there is.
    pub const FIRST: i32 = 1970;
    /// The last.
    pub const LAST: i32 = 2199;

    const ALL: Self = Self([u64::MAX; 4]);
    const NONE: Self = Self([0; 4]);

    /// Whether a year is one of them.
    #[must_use]
    pub const fn has(&self, year: i32) -> bool {
        if year < Self::FIRST || year > Self::LAST {
            return false;
        }
        let at = (year - Self::FIRST) as usize;
        self.0[at / 64] >> (at % 64) & 1 == 1
    }

    /// Whether it is every year.
    #[must_use]
    pub fn is_every(&self) -> bool {
        *self == Self::ALL
    }

    fn add(&mut self, year: u32) {
        let at = (year as usize).saturating_sub(Self::FIRST as usize) % 256;
        self.0[at / 64] |= 1 << (at % 64);
    }
}

const EVERY_WEEKDAY: u8 = 0x7f;
const DAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];

/// The shorthands, longhand.
const SHORTHANDS: [(&str, &str); 13] = [
    ("minutely", "*:*"),
    ("hourly", "*:0"),
    ("daily", "0:0"),
    ("weekly", "mon"),
    ("monthly", "*-1"),
    ("yearly", "1-1"),
    ("annually", "1-1"),
    ("anually", "1-1"),
    ("quarterly", "1,4,7,10-1"),
    ("semiannually", "1,7-1"),
    ("semi-annually", "1,7-1"),
    ("biannually", "1,7-1"),
    ("bi-annually", "1,7-1"),
];

impl Calendar {
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let (body, zone_at) = split_zone(text);
        let known = SHORTHANDS.iter();
        let long = known
            .clone()
            .find(|(name, _)| name.eq_ignore_ascii_case(body));
        let mut calendar = Self::longhand(long.map_or(body, |(_, long)| long))?;
        calendar.zone_at = zone_at;
        if calendar.ever_runs() {
            Ok(calendar)
        } else {
            Err(ScheduleError::new("the schedule", text, Why::Never))
        }
    }

    /// The time zone at the end of the text that this was read from.
    pub(super) fn zone_in<'a>(&self, text: &'a str) -> Option<&'a str> {
        let zone = text.get(usize::from(self.zone_at?)..)?;
        // systemd takes this one in any letters.
        Some(if zone.eq_ignore_ascii_case("UTC") {
            "UTC"
        } else {
            zone
        })
    }

    fn longhand(text: &str) -> Result<Self, ScheduleError> {
        let mut calendar = Self {
            weekdays: EVERY_WEEKDAY,
            years: Years::ALL,
            months: 0x1ffe,
            days: u32::MAX - 1,
            from_end: false,
            hours: 1,
            minutes: 1,
            seconds: Seconds::Whole(1),
            zone_at: None,
        };
        let mut parts = text.split(' ').filter(|part| !part.is_empty()).peekable();
        if let Some(part) = parts.next_if(|part| part.as_bytes()[0].is_ascii_alphabetic()) {
            calendar.weekdays = weekdays(part)?;
        }
        if let Some(part) = parts.next_if(|part| !part.contains(':')) {
            calendar.date(part)?;
        }
        if let Some(part) = parts.next() {
            calendar.time(part)?;
        }
        // A blank at the end: systemd wants the zone next to it.
        if parts.next().is_some() || text.ends_with(' ') {
            let what = "write weekdays, a date, a time and a time zone, in this order, \
                        as in Mon..Fri *-*-* 09:00 Europe/Riga";
            return Err(ScheduleError::new(
                "the calendar expression",
                text,
                Why::Is(what),
            ));
        }
        Ok(calendar)
    }

    /// `*-*-1`, `*-2~1`, `1-1`.
    fn date(&mut self, text: &str) -> Result<(), ScheduleError> {
        let wrong = |what| Err(ScheduleError::new("the date", text, Why::Is(what)));
        let seen = text.bytes().filter(|b| matches!(b, b'-' | b'~')).count();
        let mut parts = text.split(['-', '~']);
        let (Some(first), Some(second)) = (parts.next(), parts.next()) else {
            return wrong("write year-month-day or month-day, as in *-*-1 or 12-24");
        };
        let (year, month, day) = match (seen, parts.next()) {
            (1, None) => (None, first, second),
            (2, Some(third)) => (Some(first), second, third),
            _ => return wrong("it has more than year, month and day"),
        };
        let end = text.find('~');
        if end.is_some_and(|at| text[at..].contains('-')) || text.rfind('~') != end {
            return wrong("~ stands before the day only: *-2~1 is the last day of February");
        }
        if let Some(year) = year.filter(|year| *year != "*") {
            self.years = Years::NONE;
            for part in year.split(',') {
                let numbers = Numbers {
                    place: "the year",
                    low: 1970,
                    high: 2199,
                };
                let part = element(part, &numbers, false)?;
                for year in part.values() {
                    self.years.add(year);
                }
            }
        }
        if let Some(set) = set("the month", month, 1, 12, false)? {
            self.months = set as u16;
        }
        if let Some(set) = set("the day of the month", day, 1, 31, end.is_some())? {
            self.days = set as u32;
            self.from_end = end.is_some();
        }
        Ok(())
    }

    /// `10:00`, `*:0/15:30.5`.
    fn time(&mut self, text: &str) -> Result<(), ScheduleError> {
        let mut parts = text.split(':');
        let (Some(hour), Some(minute)) = (parts.next(), parts.next()) else {
            let what = "write hour:minute or hour:minute:second";
            return Err(ScheduleError::new("the time", text, Why::Is(what)));
        };
        self.hours = set("the hour", hour, 0, 23, false)?.unwrap_or(0xff_ffff) as u32;
        self.minutes = set("the minute", minute, 0, 59, false)?.unwrap_or(Seconds::EVERY);
        if let Some(second) = parts.next() {
            self.seconds = Seconds::parse(second)?;
        }
        if parts.next().is_some() {
            let what = "it has more than hour, minute and second";
            return Err(ScheduleError::new("the time", text, Why::Is(what)));
        }
        Ok(())
    }

    /// Whether there is a day for it, within the years that systemd looks at.
    fn ever_runs(&self) -> bool {
        let late = self.days & 0x1fff_fffe == 0 && !self.from_end;
        if !late && self.years.is_every() {
            return true;
        }
        (Years::FIRST..=Years::LAST)
            .filter(|year| self.years.has(*year))
            .any(|year| {
                (1..=12)
                    .any(|month| self.months >> month & 1 == 1 && self.days_of(year, month) != 0)
            })
    }

    /// The days of one month on which it runs: bit 1 is the first. Whether year
    /// and month are among those of the schedule is not looked at.
    #[must_use]
    pub const fn days_of(&self, year: i32, month: u32) -> u32 {
        let days = if self.from_end {
            let last = days_in_month(year, month);
            // Day 1 becomes the last one. The days from the end reach to 28 only.
            (self.days.reverse_bits() << 1) >> (31 - last)
        } else {
            self.days
        };
        let first = weekday(day_of(year, month, 1));
        days & weekdays_of(self.weekdays, first) & days_of_month(year, month)
    }
}

/// A text's body, and where the time zone begins that it ends with.
fn split_zone(text: &str) -> (&str, Option<u16>) {
    let Some(at) = text.rfind(' ') else {
        return (text, None);
    };
    let word = &text[at + 1..];
    let like = word.starts_with(|c: char| c.is_ascii_alphabetic()) && day_at(word).is_none();
    if like && let Ok(begins) = u16::try_from(at + 1) {
        return (&text[..at], Some(begins));
    }
    (text, None)
}

/// The weekday that a text begins with, and how long its name is there.
fn day_at(text: &str) -> Option<(u32, usize)> {
    let named = |length: usize, name: &str| {
        let head = text.get(..length)?;
        head.eq_ignore_ascii_case(&name[..length]).then_some(length)
    };
    (0..).zip(DAYS).find_map(|(day, name)| {
        let length = named(name.len(), name).or_else(|| named(3, name))?;
        Some((day, length))
    })
}

/// `Mon`, `Mon..Fri`, `Sat,Sun`, `Mon-Wed,Sunday`.
fn weekdays(text: &str) -> Result<u8, ScheduleError> {
    let wrong = |what| Err(ScheduleError::new("the weekday", text, Why::Is(what)));
    let mut set = 0;
    let mut rest = text;
    let mut from: Option<u32> = None;
    loop {
        let Some((day, length)) = day_at(rest) else {
            return wrong("write names as Mon or Monday, a range as Mon..Fri, a list as Sat,Sun");
        };
        rest = &rest[length..];
        // The week begins with Monday.
        let at = (day + 6) % 7;
        let first = from.unwrap_or(at);
        if first > at {
            return wrong("the range runs backwards; the week ends with Sunday");
        }
        // Sunday is bit 0.
        let days = (first..=at).map(|at| 1 << ((at + 1) % 7));
        set |= days.fold(0, u8::bitor);
        let range = rest.strip_prefix("..").or_else(|| rest.strip_prefix('-'));
        if rest.is_empty() {
            break;
        } else if let (Some(tail), None) = (range, from) {
            from = Some(at);
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix(',') {
            from = None;
            rest = tail;
            if rest.is_empty() {
                break;
            }
        } else {
            return wrong("write names as Mon or Monday, a range as Mon..Fri, a list as Sat,Sun");
        }
    }
    Ok(set)
}

/// A list of numbers as a set; none for `*`.
fn set(
    place: &'static str,
    text: &str,
    low: u32,
    high: u32,
    from_end: bool,
) -> Result<Option<u64>, ScheduleError> {
    if text == "*" {
        return Ok(None);
    }
    // A day that each month has.
    let high = if from_end { high - 3 } else { high };
    // What is most often there, quickly.
    if let Some(value) = number(text).filter(|value| (low..=high).contains(value)) {
        return Ok(Some(1 << value));
    }
    let numbers = Numbers { place, low, high };
    let mut set = 0;
    for part in text.split(',') {
        let part = element(part, &numbers, from_end)?;
        set |= part.values().map(|value| 1 << value).fold(0, u64::bitor);
    }
    Ok(Some(set))
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
