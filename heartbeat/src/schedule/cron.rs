//! The dialect of Debian's cron (3.0pl1): five fields, its names and shorthands.
//! What that cron refuses is refused here; what it reads differently from how it
//! looks (`5#2` is 5 to it, `fri-mon` no day at all) is refused too, and told.

use super::days::days_in_month;
use super::error::{ScheduleError, Why};

/// What the five fields say, as sets of bits: bit 5 of `minutes` is minute 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cron {
    /// Minutes of the hour, 0 to 59.
    pub minutes: u64,
    /// Hours of the day, 0 to 23.
    pub hours: u32,
    /// Days of the month, 1 to 31.
    pub days: u32,
    /// Months, 1 to 12.
    pub months: u16,
    /// Weekdays, 0 (Sunday) to 6.
    pub weekdays: u8,
    /// A day fits when its date or its weekday does. Else both must: so it is
    /// when one of the two fields starts with `*`.
    pub either_day: bool,
    /// The field of the minute or of the hour starts with `*`: such a job follows
    /// the clock when that is put forward or back. Others run once, whatever the
    /// clock does.
    pub follows_clock: bool,
}

/// A field: what it is called, its bounds, the names that it knows (first letters
/// of three, one after the other).
struct Field {
    place: &'static str,
    low: u32,
    high: u32,
    names: &'static str,
}

const FIELDS: [Field; 5] = [
    Field {
        place: "the minute",
        low: 0,
        high: 59,
        names: "",
    },
    Field {
        place: "the hour",
        low: 0,
        high: 23,
        names: "",
    },
    Field {
        place: "the day of the month",
        low: 1,
        high: 31,
        names: "",
    },
    Field {
        place: "the month",
        low: 1,
        high: 12,
        names: "janfebmaraprmayjunjulaugsepoctnovdec",
    },
    Field {
        place: "the weekday",
        low: 0,
        high: 7,
        names: "sunmontuewedthufrisat",
    },
];

/// The fields of a text: cron parts them by blanks and tabs. No other white space
/// is in it.
pub(super) fn fields(text: &str) -> impl Iterator<Item = &str> {
    text.split_ascii_whitespace()
}

impl Cron {
    /// Reads five fields or a shorthand, `@reboot` excepted.
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = match text.strip_prefix('@') {
            Some(name) => shorthand(name).ok_or_else(|| {
                let known = "cron knows @reboot, @yearly, @annually, @monthly, @weekly, \
                             @daily, @midnight and @hourly, in small letters";
                ScheduleError::new("the shorthand", text, Why::Is(known))
            })?,
            None => text,
        };
        if fields(text).count() != FIELDS.len() {
            let what = "cron has five fields: minute, hour, day of the month, month, weekday; \
                        it knows no seconds and no years";
            return Err(ScheduleError::new("the schedule", text, Why::Is(what)));
        }
        let mut star = [false; 5];
        let mut sets = [0; 5];
        for (at, (field, part)) in FIELDS.iter().zip(fields(text)).enumerate() {
            star[at] = part.starts_with('*');
            sets[at] = field.set(part)?;
        }
        let cron = Self {
            minutes: sets[0],
            hours: sets[1] as u32,
            days: sets[2] as u32,
            months: sets[3] as u16,
            // Sunday is 0 and 7.
            weekdays: (sets[4] & 0x7f | sets[4] >> 7) as u8,
            either_day: !star[2] && !star[4],
            follows_clock: star[0] || star[1],
        };
        if cron.ever_runs() {
            Ok(cron)
        } else {
            Err(ScheduleError::new("the schedule", text, Why::Never))
        }
    }

    /// Whether one of the months is long enough for one of the days. Each date
    /// falls on each weekday in some year, a leap day too.
    fn ever_runs(&self) -> bool {
        let first = self.days.trailing_zeros();
        let fits = |month| self.months >> month & 1 == 1 && first <= days_in_month(2000, month);
        self.either_day || (1..=12).any(fits)
    }
}

/// What cron makes of its shorthands.
fn shorthand(name: &str) -> Option<&'static str> {
    Some(match name {
        "yearly" | "annually" => "0 0 1 1 *",
        "monthly" => "0 0 1 * *",
        "weekly" => "0 0 * * 0",
        "daily" | "midnight" => "0 0 * * *",
        "hourly" => "0 * * * *",
        _ => return None,
    })
}

impl Field {
    fn set(&self, part: &str) -> Result<u64, ScheduleError> {
        // The two that are most often there, quickly.
        if part == "*" {
            return Ok((2 << self.high) - (1 << self.low));
        }
        if number(part).is_some() {
            return Ok(1 << self.value(part, part)?);
        }
        let mut set = 0;
        for element in part.split(',') {
            set |= self.element(element)?;
        }
        Ok(set)
    }

    /// `*`, `*/5`, `3`, `3-7`, `3-7/2`; names where there are some.
    fn element(&self, element: &str) -> Result<u64, ScheduleError> {
        let wrong = |what| Err(ScheduleError::new(self.place, element, Why::Is(what)));
        let (range, step) = match element.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (element, None),
        };
        let (first, last) = if range == "*" {
            (self.low, self.high)
        } else if let Some((first, last)) = range.split_once('-') {
            (self.value(first, element)?, self.value(last, element)?)
        } else {
            let value = self.value(range, element)?;
            if step.is_some() {
                return wrong("cron takes a step only after * or a range, as in 5-59/15");
            }
            (value, value)
        };
        if first > last {
            return wrong("the range runs backwards, and cron takes it for nothing at all");
        }
        let step = match step.map(number) {
            None => 1,
            Some(Some(0)) => return wrong("a step of 0 leads nowhere"),
            Some(Some(step)) => step,
            Some(None) => return wrong("the step is no number"),
        };
        let mut set = 0;
        let mut value = first;
        while value <= last {
            set |= 1 << value;
            value += step;
        }
        Ok(set)
    }

    fn value(&self, text: &str, element: &str) -> Result<u32, ScheduleError> {
        let err = |why| Err(ScheduleError::new(self.place, element, why));
        if let Some(value) = number(text) {
            return if (self.low..=self.high).contains(&value) {
                Ok(value)
            } else {
                err(Why::Range(self.low, self.high))
            };
        }
        let names = self.names.as_bytes().chunks(3);
        if let Some(at) = names
            .zip(0..)
            .find(|(name, _)| text.as_bytes().eq_ignore_ascii_case(name))
        {
            return Ok(at.1 + self.low);
        }
        err(Why::Is(if element.is_empty() {
            "an element of the list is missing"
        } else if text.contains(['L', 'W', '#', '?', '~']) {
            "Debian's cron knows no L, W, #, ? or ~"
        } else if self.names.is_empty() {
            "write *, */5, a number, a range as 3-7 or 3-7/2, or a list of these"
        } else {
            "write *, a number or the first three letters of the name, a range of \
             these, or a list"
        }))
    }
}

/// A number of at most nine digits: cron takes longer ones for something else.
pub(super) fn number(text: &str) -> Option<u32> {
    let mut value = 0_u32;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 || value > 99_999_999 {
            return None;
        }
        value = value * 10 + u32::from(digit);
    }
    (!text.is_empty()).then_some(value)
}

#[cfg(test)]
#[path = "cron_tests.rs"]
mod tests;
