//! Schedules in words, short. What has no short form is shown as it was written.

use std::ops::BitOr as _;

use heartbeat::Schedule;
use heartbeat::schedule::{Calendar, Cron, Rule, Seconds};

const EVERY_DAY: u32 = !1;
const EVERY_MONTH: u16 = 0x1ffe;
const EVERY_WEEKDAY: u8 = 0x7f;
const EVERY_HOUR: u32 = 0xff_ffff;
const EVERY_MINUTE: u64 = (1 << 60) - 1;
/// Monday to Friday; Sunday is bit 0.
const WORKDAYS: u8 = 0b0011_1110;
const WEEKEND: u8 = 0b0100_0001;
/// More than this in a list tells nobody anything.
const MOST: u32 = 4;

const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// See [`super::Runs::words`].
pub(super) fn words(schedule: &Schedule) -> String {
    let said = match schedule.rule() {
        Rule::Reboot => return "at each start of the host".into(),
        Rule::Cron(cron) => View::of_cron(cron).words(),
        Rule::Calendar(calendar) => View::of_calendar(calendar).and_then(|view| view.words()),
    };
    match (said, schedule.own_zone()) {
        (Some(said), Some(zone)) => format!("{said}, {zone}"),
        (Some(said), None) => said,
        (None, _) => format!("\"{schedule}\""),
    }
}

/// What both dialects have in common.
struct View {
    minutes: u64,
    hours: u32,
    /// The one second of the minute; none for each of them.
    second: Option<u32>,
    days: u32,
    from_end: bool,
    months: u16,
    weekdays: u8,
    either_day: bool,
}

/// The time of day in words.
enum Times {
    /// `at 02:00`, which wants its day named.
    At(String),
    /// `every 15 minutes`.
    Every(String),
}

impl View {
    fn of_cron(cron: &Cron) -> Self {
        Self {
            minutes: cron.minutes,
            hours: cron.hours,
            second: Some(0),
            days: cron.days,
            from_end: false,
            months: cron.months,
            weekdays: cron.weekdays,
            either_day: cron.either_day,
        }
    }

    fn of_calendar(calendar: &Calendar) -> Option<Self> {
        let second = match calendar.seconds {
            Seconds::Whole(set) if set.count_ones() == 1 => Some(set.trailing_zeros()),
            Seconds::Whole(EVERY_MINUTE) => None,
            _ => return None,
        };
        calendar.years.is_every().then_some(Self {
            minutes: calendar.minutes,
            hours: calendar.hours,
            second,
            days: calendar.days,
            from_end: calendar.from_end,
            months: calendar.months,
            weekdays: calendar.weekdays,
            either_day: false,
        })
    }

    fn words(&self) -> Option<String> {
        let day = self.day()?;
        Some(match self.times()? {
            Times::At(text) if day.is_empty() => format!("{text} every day"),
            Times::At(text) if day.starts_with("in ") => format!("{text} every day {day}"),
            Times::Every(text) if day.is_empty() => text,
            Times::At(text) | Times::Every(text) => format!("{text} {day}"),
        })
    }

    fn times(&self) -> Option<Times> {
        let Some(second) = self.second else {
            let all = self.minutes == EVERY_MINUTE && self.hours == EVERY_HOUR;
            return all.then(|| Times::Every("every second".into()));
        };
        let clock = |hour: u32, minute: u32| {
            if second == 0 {
                format!("{hour:02}:{minute:02}")
            } else {
                format!("{hour:02}:{minute:02}:{second:02}")
            }
        };
        let few = self.minutes.count_ones() * self.hours.count_ones() <= MOST;
        if few {
            let hours = (0..24).filter(|hour| self.hours >> hour & 1 == 1);
            let minutes = || (0..60).filter(|minute| self.minutes >> minute & 1 == 1);
            let times = hours.flat_map(|hour| minutes().map(move |minute| (hour, minute)));
            let times = times.map(|(hour, minute)| clock(hour, minute)).collect();
            return Some(Times::At(format!("at {}", list(times))));
        }
        if second != 0 {
            return None;
        }
        let (first, start) = (self.minutes.trailing_zeros(), self.hours.trailing_zeros());
        let (last, end) = (self.minutes.ilog2(), self.hours.ilog2());
        let step = step(self.minutes, 60)?;
        let hours = step_of_hours(self.hours);
        let what = match step {
            1 => "every minute".to_owned(),
            60 => match hours {
                Some(1) | None => "hourly".to_owned(),
                Some(hours) => format!("every {hours} hours"),
            },
            _ => format!("every {step} minutes"),
        };
        let whole_day = step == 60 && hours.is_some() || self.hours == EVERY_HOUR;
        let text = if whole_day {
            let from = if start > 0 {
                format!(", from {}", clock(start, first))
            } else if first == 0 {
                String::new()
            } else if step == 60 {
                format!(", at minute {first}")
            } else {
                format!(", from minute {first}")
            };
            what + &from
        } else if (self.hours >> start).count_ones() == end - start + 1 {
            format!(
                "{what} from {} to {}",
                clock(start, first),
                clock(end, last)
            )
        } else {
            return None;
        };
        Some(Times::Every(text))
    }

    /// The days in words; empty when it is every one.
    fn day(&self) -> Option<String> {
        let any_date = self.days >> 1 == EVERY_DAY >> 1 && !self.from_end;
        let any_weekday = self.weekdays == EVERY_WEEKDAY;
        let months = match self.months {
            EVERY_MONTH => None,
            _ => Some(self.months()?),
        };
        let in_months = months.as_ref().map(|months| format!("in {months}"));
        let by_weekday = || by_weekday(self.weekdays);
        Some(match (any_date, any_weekday) {
            (true, true) => in_months.unwrap_or_default(),
            // One of the two fields says nothing, and either will do.
            (true, false) | (false, true) if self.either_day => in_months.unwrap_or_default(),
            (true, false) => join(by_weekday(), in_months),
            (false, true) => self.date(months)?,
            (false, false) if self.either_day && months.is_none() => {
                format!("{} and {}", self.date(None)?, by_weekday())
            }
            (false, false) => return None,
        })
    }

    fn date(&self, months: Option<String>) -> Option<String> {
        if self.days.count_ones() > MOST {
            return None;
        }
        let days = (1..32).filter(|day| self.days >> day & 1 == 1);
        let of = months.clone().unwrap_or_else(|| "the month".into());
        if self.from_end {
            let days = days.map(|day| match day {
                1 => "last".to_owned(),
                day => format!("{} last", ordinal(day)),
            });
            return Some(format!("on the {} day of {of}", list(days.collect())));
        }
        if self.days.count_ones() == 1 && self.months.count_ones() == 1 {
            return Some(format!("on {} {of}", self.days.trailing_zeros()));
        }
        Some(format!(
            "on the {} of {of}",
            list(days.map(ordinal).collect())
        ))
    }

    /// The names of the months; none when there are too many for a list.
    fn months(&self) -> Option<String> {
        let named = (1..)
            .zip(MONTHS)
            .filter(|(month, _)| self.months >> month & 1 == 1);
        let names: Vec<String> = named.map(|(_, name)| name.to_owned()).collect();
        (names.len() <= MOST as usize).then(|| list(names))
    }
}

/// How many units lie between the members of a set, the same for all and evenly on
/// over its end; the size itself when there is one member.
fn step(set: u64, size: u32) -> Option<u32> {
    let step = size.checked_div(set.count_ones())?;
    let first = set.trailing_zeros();
    let even = (first..size).step_by(step.max(1) as usize);
    let even = even.map(|at| 1_u64 << at).fold(0, u64::bitor);
    (even == set && size.is_multiple_of(step)).then_some(step)
}

/// The same for hours, as far as it is worth a word.
fn step_of_hours(hours: u32) -> Option<u32> {
    step(u64::from(hours), 24).filter(|step| *step <= 12)
}

fn by_weekday(set: u8) -> String {
    match set {
        WORKDAYS => return "on weekdays".into(),
        WEEKEND => return "at weekends".into(),
        _ => {}
    }
    // The week begins with Monday.
    let order = [1, 2, 3, 4, 5, 6, 0];
    let named: Vec<usize> = order
        .into_iter()
        .filter(|day| set >> day & 1 == 1)
        .collect();
    let at = |day: &usize| order.iter().position(|known| known == day);
    if let [first, .., last] = named[..]
        && named.len() > 2
        && at(&last)
            .zip(at(&first))
            .map(|(last, first)| last - first + 1)
            == Some(named.len())
    {
        return format!("from {} to {}", WEEKDAYS[first], WEEKDAYS[last]);
    }
    let names = named.into_iter().map(|day| format!("{}s", WEEKDAYS[day]));
    format!("on {}", list(names.collect()))
}

fn ordinal(day: u32) -> String {
    let ending = match day {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

fn join(text: String, more: Option<String>) -> String {
    match more {
        Some(more) => format!("{text} {more}"),
        None => text,
    }
}

/// `a`, `a and b`, `a, b and c`.
fn list(mut parts: Vec<String>) -> String {
    match parts.pop() {
        Some(last) if !parts.is_empty() => format!("{} and {last}", parts.join(", ")),
        last => last.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_say_it() {
        let said: Vec<String> = [
            "@reboot",
            "@daily",
            "@hourly",
            "@weekly",
            "@monthly",
            "@yearly",
            "* * * * *",
            "*/15 * * * *",
            "3-59/15 * * * *",
            "*/7 * * * *",
            "17 * * * *",
            "0 */2 * * *",
            "17 */6 * * *",
            "0 1-23/2 * * *",
            "0 2 * * *",
            "0 2,14 * * *",
            "0,30 6,18 * * *",
            "0 9 * * 1-5",
            "0 9 * * sat,sun",
            "30 4 * * 7",
            "0 8 * * 1,3,5",
            "0 8 * * 1-6",
            "0 8 * * 2-4",
            "0 8 * * 1,2",
            "0 8 2,22 * *",
            "0 8 3,23 * *",
            "0 8 1-4 * *",
            "25 6 1 * *",
            "52 6 1,15 * *",
            "0 0 29 2 *",
            "0 0 1 1,4,7,10 *",
            "0 0 * 6-8 *",
            "0 12 * 6 mon",
            "0 0 1 * 5",
            "0 0 1 6 5",
            "*/10 9-17 * * 1-5",
            "0 9-17 * * *",
            "* 3 * * *",
            "*/10 17-23 * * *",
            "*/5 3,9 * * *",
            "1,2,7,9,33 * * * *",
            "0 0 */10 * 1",
            "0 0 1-31 * 1",
            "0 0 1-9 * *",
            "*/20 * * 12 *",
            "minutely",
            "hourly",
            "daily",
            "weekly",
            "monthly",
            "yearly",
            "quarterly",
            "semiannually",
            "*:*:*",
            "*:0:*",
            "*:0/5",
            "*:30:15",
            "Mon..Fri 09:00",
            "Sat 23:59:30",
            "*-*~1 04:00",
            "*-*~1,3 04:00",
            "*-2~1 04:00",
            "12-24",
            "2027-12-24",
            "Mon *-*-1..7",
            "10:00 UTC",
            "Mon *-*-* 10:00 Europe/Riga",
            "*:*:0/5",
            "*:0:0.5",
        ]
        .into_iter()
        .map(|text| {
            let schedule = Schedule::parse(text).unwrap();
            format!("{text:<28}{}", words(&schedule))
        })
        .collect();
        insta::assert_snapshot!(said.join("\n"));
    }
}
