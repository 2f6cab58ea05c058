//! The longest time between two runs of a schedule. Changes of the clock are left
//! out: they would say more about one night of the year than about the schedule.

use std::time::Duration;

use heartbeat::schedule::{Calendar, Cron, Rule, Seconds, day_of};

use super::dial::Dial;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Where the look begins, so that it is the same at all times: a year that begins
/// with four of which one has a leap day.
const FROM: i64 = day_of(2024, 1, 1) * DAY;
/// Days with runs that are looked at: four years of a daily job, and of a job that
/// runs more seldom all that there are.
const DAYS: usize = 1_500;
/// Fractions of seconds that are looked at, within one minute.
const FRACTIONS: usize = 1_000;

pub(super) fn longest(rule: &Rule) -> Option<Duration> {
    let micros = match rule {
        Rule::Reboot => None,
        Rule::Cron(cron) => between(cron, of_cron(cron), enough(cron)),
        Rule::Calendar(calendar) => between(calendar, of_calendar(calendar), DAYS),
    }?;
    u64::try_from(micros).ok().map(Duration::from_micros)
}

/// How many days with runs tell all of a cron expression: where only weekdays are
/// chosen, a week repeats itself, and where only dates are, four years do.
fn enough(cron: &Cron) -> usize {
    const ALL_MONTHS: u16 = 0x1ffe;
    const ALL_DAYS: u32 = 0xffff_fffe;
    const ALL_WEEKDAYS: u8 = 0x7f;
    // Days that each month and each year has.
    const SURE_DAYS: u32 = 0x1fff_fffe;
    let each_month = cron.months.count_ones() as usize;
    if cron.months == ALL_MONTHS && cron.days == ALL_DAYS {
        8
    } else if cron.weekdays == ALL_WEEKDAYS && !cron.either_day && cron.days & SURE_DAYS != 0 {
        4 * each_month * cron.days.count_ones() as usize
    } else {
        DAYS
    }
}

/// The first and the last time in a span, and the longest gap between two.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: i64,
    last: i64,
    gap: Option<i64>,
}

impl Span {
    /// The same, in each of a set of units.
    fn in_each(self, set: u64, unit: i64) -> Self {
        let mut rest = set;
        let mut gap = self.gap;
        let mut before: Option<i64> = None;
        let first = i64::from(set.trailing_zeros()) * unit + self.first;
        while rest != 0 {
            let at = i64::from(rest.trailing_zeros()) * unit;
            rest &= rest - 1;
            gap = gap.max(before.map(|last| at + self.first - last));
            before = Some(at + self.last);
        }
        let last = before.unwrap_or(first);
        Self { first, last, gap }
    }
}

fn of_cron(cron: &Cron) -> Span {
    let minute = Span {
        first: 0,
        last: 0,
        gap: None,
    };
    let hour = minute.in_each(cron.minutes, MINUTE);
    hour.in_each(u64::from(cron.hours), HOUR)
}

fn of_calendar(calendar: &Calendar) -> Span {
    let second = Span {
        first: 0,
        last: 0,
        gap: None,
    };
    let minute = match &calendar.seconds {
        Seconds::Whole(set) => second.in_each(*set, SECOND),
        fractions @ Seconds::Parts(_) => of_fractions(fractions),
    };
    let hour = minute.in_each(calendar.minutes, MINUTE);
    hour.in_each(u64::from(calendar.hours), HOUR)
}

fn of_fractions(seconds: &Seconds) -> Span {
    let first = seconds.at_or_after(0).map_or(0, i64::from);
    let last = seconds.at_or_before(59_999_999).map_or(first, i64::from);
    let mut gap = None;
    let mut at = first;
    for _ in 0..FRACTIONS {
        let from = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let Some(next) = seconds.at_or_after(from) else {
            break;
        };
        gap = gap.max(Some(i64::from(next) - at));
        at = i64::from(next);
    }
    Span { first, last, gap }
}

/// The longest gap within a day, or from one day to the next one with runs.
fn between(dial: &impl Dial, day: Span, days: usize) -> Option<i64> {
    // Years that are all past: from the first on.
    let first = dial.at_or_after(FROM).or_else(|| dial.at_or_after(0))?;
    let mut at = first.div_euclid(DAY);
    let mut most = 0;
    for _ in 0..days {
        let Some(next) = dial.at_or_after((at + 1) * DAY) else {
            break;
        };
        let next = next.div_euclid(DAY);
        most = most.max(next - at);
        at = next;
    }
    let over_night = (most > 0).then(|| most * DAY + day.first - day.last);
    day.gap.max(over_night)
}

#[cfg(test)]
mod tests {
    use heartbeat::Schedule;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_look_begins_with_a_leap_year() {
        assert_eq!(FROM, 1_704_067_200 * SECOND);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// However few days are looked at, the long look finds no longer gap.
        #[test]
        fn the_short_look_is_enough(
            day in prop_oneof![Just("*".to_owned()), Just("*/2".to_owned()), (1..=31_u32).prop_map(|d| d.to_string()), (1..=15_u32).prop_map(|d| format!("{d},{}", d + 15))],
            month in prop_oneof![Just("*".to_owned()), (1..=12_u32).prop_map(|m| m.to_string()), (1..=6_u32).prop_map(|m| format!("{m}-{}", m + 6))],
            weekday in prop_oneof![Just("*".to_owned()), (0..=6_u32).prop_map(|d| d.to_string()), Just("1-5".to_owned())],
        ) {
            let text = format!("5 4 {day} {month} {weekday}");
            // A day that never comes is refused.
            if let Ok(schedule) = Schedule::cron(&text) {
                let Rule::Cron(cron) = schedule.rule() else {
                    return Ok(());
                };
                let short = between(cron, of_cron(cron), enough(cron));
                prop_assert_eq!(short, between(cron, of_cron(cron), DAYS), "{}", text);
            }
        }
    }
}
