//! Times on the dial, held against a look at every day, hour, minute and second, with
//! the calendar of another library.

use chrono::{DateTime, Datelike as _, Days, NaiveDate};
use heartbeat::Schedule;
use heartbeat::schedule::{Rule, Seconds};

use super::*;

/// How many days the slow look goes.
const FAR: u64 = 3_000;

const TEXTS: [&str; 27] = [
    "* * * * *",
    "0 2 * * *",
    "59 23 * * *",
    "0 0 1 * *",
    "7,31 5-6,23 * * 1-5",
    "*/25 */7 31 * *",
    "0 12 1,15 * 0",
    "30 4 13 * 5",
    "0 0 29 2 *",
    "5 4 * 12 *",
    "5 4 * 1 6",
    "0 0 31 1,12 *",
    "09:00",
    "*:*:*",
    "Mon..Fri 18:30:15",
    "*-*-1 00:00:59",
    "*-*~1 23:59:59",
    "*-2~1,3 4,16:0/20:0/30",
    "12-31 23:59",
    "1-1 00:00",
    "2023..2025/2-6-* 12:00",
    "2024-2-29 1:2:3",
    "*:0:0.5",
    "*:59:0/7.25",
    "Sun *-1,12-* 0:0",
    "Sat *-*-29..31 3:10:20..40/10",
    "*:0/7:15..17",
];

fn rule(text: &str) -> Rule {
    Schedule::parse(text).unwrap().rule().clone()
}

/// The date of a day, as the other library counts.
fn date(day: i64) -> NaiveDate {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    let by = Days::new(day.unsigned_abs());
    if day < 0 { epoch - by } else { epoch + by }
}

fn is_in(set: u64, bit: u32) -> bool {
    (0..64).contains(&bit) && set & (1 << bit) != 0
}

fn on_day(rule: &Rule, date: NaiveDate) -> bool {
    let weekday = date.weekday().num_days_from_sunday();
    match rule {
        Rule::Reboot => false,
        Rule::Cron(cron) => {
            let by_date = is_in(cron.days.into(), date.day());
            let by_weekday = is_in(cron.weekdays.into(), weekday);
            let day = if cron.either_day {
                by_date || by_weekday
            } else {
                by_date && by_weekday
            };
            day && is_in(cron.months.into(), date.month())
        }
        Rule::Calendar(calendar) => {
            let next = date.succ_opt().unwrap();
            let mut last = date;
            while last.succ_opt().unwrap().month() == date.month() {
                last = last.succ_opt().unwrap();
            }
            let day = if calendar.from_end {
                last.day() - date.day() + 1
            } else {
                date.day()
            };
            assert!(next > date);
            calendar.years.has(date.year())
                && is_in(calendar.months.into(), date.month())
                && is_in(calendar.days.into(), day)
                && is_in(calendar.weekdays.into(), weekday)
        }
    }
}

/// All times of a day, in microseconds, in their order.
fn times(rule: &Rule) -> Vec<i64> {
    let (hours, minutes, seconds): (u32, u64, Vec<i64>) = match rule {
        Rule::Reboot => return Vec::new(),
        Rule::Cron(cron) => (cron.hours, cron.minutes, vec![0]),
        Rule::Calendar(calendar) => {
            let seconds = match &calendar.seconds {
                Seconds::Whole(set) => (0..60)
                    .filter(|second| is_in(*set, *second))
                    .map(|second| i64::from(second) * SECOND)
                    .collect(),
                Seconds::Parts(parts) => {
                    let mut all: Vec<i64> = Vec::new();
                    for part in parts {
                        let mut at = part.start;
                        while at <= part.stop {
                            all.push(at.into());
                            if part.step == 0 {
                                break;
                            }
                            at += part.step;
                        }
                    }
                    all.sort_unstable();
                    all
                }
            };
            (calendar.hours, calendar.minutes, seconds)
        }
    };
    let mut all = Vec::new();
    for hour in (0..24).filter(|hour| is_in(hours.into(), *hour)) {
        for minute in (0..60).filter(|minute| is_in(minutes, *minute)) {
            let minute = i64::from(hour) * HOUR + i64::from(minute) * MINUTE;
            all.extend(seconds.iter().map(|second| minute + second));
        }
    }
    all
}

/// What the slow look finds after and before a time; none where that is further than
/// it goes.
fn slowly(rule: &Rule, times: &[i64], local: Local) -> (Option<Local>, Option<Local>) {
    let (day, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    let days = |way: i64| (0..FAR as i64).map(move |far| (far, day + way * far));
    let mut after = days(1).filter(|(_, day)| on_day(rule, date(*day)));
    let after = after.find_map(|(far, day)| {
        let mut fit = times.iter().filter(|at| far > 0 || **at >= time);
        fit.next().map(|at| day * DAY + at)
    });
    let mut before = days(-1).filter(|(_, day)| on_day(rule, date(*day)));
    let before = before.find_map(|(far, day)| {
        let mut fit = times.iter().rev().filter(|at| far > 0 || **at <= time);
        fit.next().map(|at| day * DAY + at)
    });
    (after, before)
}

fn quickly(rule: &Rule, local: Local) -> (Option<Local>, Option<Local>) {
    match rule {
        Rule::Reboot => (None, None),
        Rule::Cron(cron) => (cron.at_or_after(local), cron.at_or_before(local)),
        Rule::Calendar(calendar) => (calendar.at_or_after(local), calendar.at_or_before(local)),
    }
}

/// Times at the ends of hours, days, months and years, and some that are odd.
fn moments() -> Vec<Local> {
    let mut all: Vec<Local> = [
        "2023-12-31T23:59:59.999999Z",
        "2024-01-01T00:00:00Z",
        "2024-01-31T12:00:00Z",
        "2024-02-28T23:59:00Z",
        "2024-02-29T01:02:03Z",
        "2024-03-01T00:00:00Z",
        "2024-06-30T18:30:15Z",
        "2024-10-13T04:30:00Z",
        "2024-12-01T05:31:00Z",
        "2025-02-28T16:20:30Z",
        "2025-12-31T23:00:00Z",
        "2021-06-15T00:00:00Z",
        "1969-12-31T23:59:59Z",
    ]
    .iter()
    .map(|text| {
        text.parse::<DateTime<chrono::Utc>>()
            .unwrap()
            .timestamp_micros()
    })
    .collect();
    // A walk of its own, the same each time.
    let mut walk: u64 = 7;
    for _ in 0..8 {
        walk = walk.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let seconds = 1_640_995_200 + (walk >> 33) as i64 % 126_230_400;
        all.push(seconds * SECOND + (walk >> 20) as i64 % SECOND);
    }
    all
}

#[test]
fn a_slow_look_finds_the_same() {
    for text in TEXTS {
        let rule = rule(text);
        let times = times(&rule);
        for moment in moments() {
            for local in [moment - 1, moment] {
                let ((after, before), (found_after, found_before)) =
                    (slowly(&rule, &times, local), quickly(&rule, local));
                let at = DateTime::from_timestamp_micros(local).unwrap();
                let near = |found: Option<Local>| {
                    found.filter(|found| (found - local).abs() < (FAR as i64 - 1) * DAY)
                };
                assert_eq!(near(found_after), near(after), "{text} after {at}");
                assert_eq!(near(found_before), near(before), "{text} before {at}");
            }
        }
    }
}

#[test]
fn years_have_their_ends() {
    let at = |text: &str| -> Local {
        let time: DateTime<chrono::Utc> = text.parse().unwrap();
        time.timestamp_micros()
    };
    let calendar = rule("2030-5-1");
    let run = at("2030-05-01T00:00:00Z");
    for (local, expected) in [
        (at("1960-01-01T00:00:00Z"), (Some(run), None)),
        (run - 1, (Some(run), None)),
        (run, (Some(run), Some(run))),
        (run + 1, (None, Some(run))),
        (at("2300-01-01T00:00:00Z"), (None, Some(run))),
    ] {
        assert_eq!(quickly(&calendar, local), expected, "{local}");
    }
    // The ends of all years that systemd knows.
    let daily = rule("*-*-* 12:00");
    let (first, last) = (at("1970-01-01T12:00:00Z"), at("2199-12-31T12:00:00Z"));
    assert_eq!(quickly(&daily, first - DAY), (Some(first), None));
    assert_eq!(quickly(&daily, last + 9 * DAY), (None, Some(last)));
    // Within the first of these years and the last, only days on the right side count.
    let winter = rule("*-2,12-1 9:00");
    let summer = |year: &str| at(&format!("{year}-06-01T00:00:00Z"));
    let [first, last] = ["1970-12-01T09:00:00Z", "2199-02-01T09:00:00Z"].map(at);
    assert_eq!(quickly(&winter, summer("1970")).0, Some(first));
    assert_eq!(quickly(&winter, summer("2199")).1, Some(last));
    // A leap day that is a Sunday comes after 28 years, or 40 over 2100.
    let rare = rule("0 0 29 2 */8");
    let leap = |year: &str| Some(at(&format!("{year}-02-29T00:00:00Z")));
    assert_eq!(
        quickly(&rare, at("2080-01-01T00:00:00Z")),
        (leap("2088"), leap("2060"))
    );
    assert_eq!(
        quickly(&rare, at("2090-01-01T00:00:00Z")),
        (leap("2128"), leap("2088"))
    );
    assert_eq!(
        quickly(&rare, at("2127-01-01T00:00:00Z")),
        (leap("2128"), leap("2088"))
    );
}
