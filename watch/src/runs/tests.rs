//! Runs at and around the changes of clocks, by hand; what holds for every
//! schedule, by the hundred.

mod walk;

use chrono::{NaiveDateTime, TimeDelta};
use proptest::prelude::*;

use super::*;

fn runs(text: &str, zone: &str) -> Runs {
    Runs::new(Schedule::parse(text).unwrap(), Zone::named(zone).unwrap()).unwrap()
}

fn utc(text: &str) -> DateTime<Utc> {
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S");
    time.or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M"))
        .unwrap()
        .and_utc()
}

/// The runs after a moment, as a clock in the zone shows them.
fn shown(text: &str, zone: &str, from: &str, many: usize) -> Vec<String> {
    let runs = runs(text, zone);
    let next = |at: &DateTime<Utc>| runs.next_after(*at);
    let all = std::iter::successors(runs.next_after(utc(from)), next);
    let there = |at: DateTime<Utc>| {
        let offset = i64::from(runs.zone().offset_seconds(at));
        (at + TimeDelta::seconds(offset))
            .format("%d %H:%M")
            .to_string()
    };
    all.take(many).map(there).collect()
}

/// In Riga the clock goes from 03:00 to 04:00 on 2024-03-31, and from 04:00 back to
/// 03:00 on 2024-10-27.
#[test]
fn put_forward() {
    for (text, expected) in [
        // Cron runs what was left out right after; systemd on the next day.
        ("30 3 * * *", ["31 04:00", "01 03:30", "02 03:30"]),
        ("*-*-* 03:30", ["01 03:30", "02 03:30", "03 03:30"]),
        ("0,30 3,4 * * *", ["31 04:00", "31 04:30", "01 03:00"]),
        // A star follows the clock.
        ("*/30 3 * * *", ["01 03:00", "01 03:30", "02 03:00"]),
        ("30 * * * *", ["31 02:30", "31 04:30", "31 05:30"]),
        ("*:30", ["31 02:30", "31 04:30", "31 05:30"]),
    ] {
        assert_eq!(
            shown(text, "Europe/Riga", "2024-03-30 23:59", 3),
            expected,
            "{text}"
        );
    }
}

#[test]
fn put_back() {
    for (text, expected) in [
        ("30 3 * * *", ["27 03:30", "28 03:30", "29 03:30"]),
        ("*-*-* 03:30", ["27 03:30", "28 03:30", "29 03:30"]),
        ("0,30 3,4 * * *", ["27 03:00", "27 03:30", "27 04:00"]),
        ("*/40 3 * * *", ["27 03:00", "27 03:40", "27 03:00"]),
        ("30 * * * *", ["27 03:30", "27 03:30", "27 04:30"]),
        // A timer that came through the first hour leaves the second out.
        ("*:30", ["27 03:30", "27 04:30", "27 05:30"]),
    ] {
        assert_eq!(
            shown(text, "Europe/Riga", "2024-10-26 23:59", 3),
            expected,
            "{text}"
        );
    }
    // One that is started in the second hour runs in it; nobody counts on that.
    let timer = runs("*:30", "Europe/Riga");
    let (second, end) = (utc("2024-10-27 01:10"), utc("2024-10-27 02:00"));
    assert_eq!(timer.next_after(second), Some(utc("2024-10-27 01:30")));
    assert_eq!(timer.last_before(end), Some(utc("2024-10-27 00:30")));
    assert_eq!(timer.count(second, end, 9), 0);
}

#[test]
fn corrections_are_not_caught_up() {
    // A whole day that never was, in Samoa.
    let fixed = shown("30 3 * * *", "Pacific/Apia", "2011-12-29 13:31", 2);
    assert_eq!(fixed, ["31 03:30", "01 03:30"]);
}

#[test]
fn last_runs() {
    for (text, zone, at, last) in [
        ("0 2 * * *", "UTC", "2024-05-01 02:00", "2024-05-01 02:00"),
        (
            "0 2 * * *",
            "UTC",
            "2024-05-01 01:59:59",
            "2024-04-30 02:00",
        ),
        ("0 9 * * 1-5", "UTC", "2024-05-05 12:00", "2024-05-03 09:00"),
        (
            "30 3 * * *",
            "Europe/Riga",
            "2024-03-31 01:30",
            "2024-03-31 01:00",
        ),
        (
            "30 3 * * *",
            "Europe/Riga",
            "2024-03-31 00:59:59",
            "2024-03-30 01:30",
        ),
        (
            "03:30",
            "Europe/Riga",
            "2024-03-31 12:00",
            "2024-03-30 01:30",
        ),
        (
            "30 3 * * *",
            "Europe/Riga",
            "2024-10-27 01:45",
            "2024-10-27 00:30",
        ),
        (
            "30 3-5 * * *",
            "Europe/Riga",
            "2024-10-27 01:10",
            "2024-10-27 00:30",
        ),
        (
            "0,30 3,4 * * *",
            "Europe/Riga",
            "2024-10-27 01:10",
            "2024-10-27 00:30",
        ),
        (
            "*/30 3 * * *",
            "Europe/Riga",
            "2024-10-27 01:10",
            "2024-10-27 01:00",
        ),
        (
            "*/45 3 * * *",
            "Europe/Riga",
            "2024-10-27 01:00",
            "2024-10-27 01:00",
        ),
        // The repeated hour of this year, and not the one of six years ago.
        (
            "45 */24 3 11 */7",
            "America/Havana",
            "2030-11-03 05:10",
            "2030-11-03 04:45",
        ),
        ("0 0 29 2 *", "UTC", "2103-01-01 00:00", "2096-02-29 00:00"),
        ("*:*:*", "UTC", "2024-05-01 02:00:01", "2024-05-01 02:00:01"),
    ] {
        assert_eq!(
            runs(text, zone).last_before(utc(at)),
            Some(utc(last)),
            "{text} at {at}"
        );
    }
}

#[test]
fn seldom_ones() {
    for (text, from, next) in [
        ("0 0 29 2 *", "2024-02-29 00:00", Some("2028-02-29 00:00")),
        ("0 0 29 2 *", "2096-02-29 00:00", Some("2104-02-29 00:00")),
        // A leap day that is a Sunday: 40 years on, because 2100 has none.
        ("0 0 29 2 */8", "2088-02-29 00:00", Some("2128-02-29 00:00")),
        ("Mon *-2-29", "2072-02-29 00:00", Some("2112-02-29 00:00")),
        ("0 0 */28 2 1", "2072-02-29 00:00", Some("2077-02-01 00:00")),
        ("Fri *-2-29", "2096-02-29 00:00", Some("2104-02-29 00:00")),
        ("Wed *-2-29", "2080-03-01 00:00", Some("2096-02-29 00:00")),
        ("2020-*-*", "2024-01-01 00:00", None),
        ("2199-12-31 23:59:59", "2199-12-31 23:59:59", None),
        ("@reboot", "2024-01-01 00:00", None),
    ] {
        assert_eq!(
            runs(text, "UTC").next_after(utc(from)),
            next.map(utc),
            "{text}"
        );
    }
    assert_eq!(
        runs("@reboot", "UTC").last_before(utc("2024-01-01 00:00")),
        None
    );
    assert_eq!(
        runs("2030-1-1", "UTC").last_before(utc("2024-01-01 00:00")),
        None
    );
}

#[test]
fn a_zone_in_the_text_wins() {
    let own = runs("10:00 Asia/Tokyo", "Europe/Riga");
    assert_eq!(own.zone().name(), "Asia/Tokyo");
    assert_eq!(
        own.next_after(utc("2024-05-01 00:00")),
        Some(utc("2024-05-01 01:00"))
    );
    let schedule = Schedule::parse("10:00 Asia/Tokio").unwrap();
    let error = Runs::new(schedule, Zone::utc()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no time zone \"Asia/Tokio\"; did you mean Asia/Tokyo?"
    );
}

#[test]
fn counts() {
    let weekdays = runs("0 9 * * 1-5", "UTC");
    // Friday 09:00 to Monday 08:59 and to Tuesday 09:00.
    let friday = utc("2024-05-03 09:00");
    assert_eq!(weekdays.count(friday, utc("2024-05-06 08:59"), 9), 0);
    assert_eq!(weekdays.count(friday, utc("2024-05-07 09:00"), 9), 2);
    assert_eq!(weekdays.count(friday, utc("2025-05-07 09:00"), 9), 9);
    assert_eq!(weekdays.count(friday, friday, 9), 0);
    assert_eq!(weekdays.count(utc("2024-05-06 08:59"), friday, 9), 0);
    assert_eq!(weekdays.count(utc("2024-05-03 08:59:59"), friday, 9), 1);
    assert_eq!(weekdays.count(friday, utc("2025-05-07 09:00"), 0), 0);
}

#[test]
fn longest_gaps() {
    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * HOUR;
    for (text, gap) in [
        ("* * * * *", Some(60)),
        ("*/15 * * * *", Some(900)),
        ("0,10 * * * *", Some(3_000)),
        ("17 * * * *", Some(HOUR)),
        ("0 9-17 * * *", Some(16 * HOUR)),
        ("0 2 * * *", Some(DAY)),
        ("0 9 * * 1-5", Some(3 * DAY)),
        ("*/10 9-17 * * 1-5", Some(3 * DAY - 8 * HOUR - 3_000)),
        ("0 0 1 * *", Some(31 * DAY)),
        ("0 0 31 * *", Some(61 * DAY)),
        ("0 0 1 1 *", Some(366 * DAY)),
        ("0 0 29 2 *", Some(8 * 365 * DAY + DAY)),
        ("Mon *-*-1..7", Some(35 * DAY)),
        ("*:*:*", Some(1)),
        ("*:*:0/20", Some(20)),
        ("*:*:0,0.5", Some(59)),
        ("2020-1-1,2", Some(DAY)),
        ("2020-1-1", None),
        ("@reboot", None),
        ("0 1,2,20 * * *", Some(18 * HOUR)),
        ("17 1,20 * * *", Some(19 * HOUR)),
        ("20,50 1,20 * * *", Some(18 * HOUR + 1_800)),
        ("*:*:0.5,40.5", Some(40)),
        ("0,20 9 * * 1", Some(7 * DAY - 1_200)),
        ("*:0:0.5", Some(HOUR)),
        // All of it past, or one day that is yet to come.
        ("1980,1990-1-1", Some(3_653 * DAY)),
        ("2050-1-1 10,12:00", Some(2 * HOUR)),
        ("2050-1-1", None),
    ] {
        let longest = runs(text, "Europe/Riga").longest_gap();
        assert_eq!(longest.map(|gap| gap.as_secs()), gap, "{text}");
    }
}

#[test]
fn the_ends_of_time_are_none() {
    for text in ["0 2 * * *", "*/5 * * * *", "02:00", "@reboot"] {
        for zone in ["UTC", "Europe/Riga"] {
            let runs = runs(text, zone);
            for end in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
                let _ = (
                    runs.next_after(end),
                    runs.last_before(end),
                    runs.count(end, end, 3),
                );
            }
        }
    }
}

/// Changes of the clock for a season: by an hour, by half of one, at midnight.
const SEASONS: [(&str, &str); 6] = [
    ("Europe/Riga", "2024-03-31 01:00"),
    ("Europe/Riga", "2024-10-27 01:00"),
    ("Australia/Lord_Howe", "2024-04-06 15:00"),
    ("Australia/Lord_Howe", "2024-10-05 15:30"),
    ("America/Havana", "2024-03-10 05:00"),
    ("America/Havana", "2024-11-03 05:00"),
];

/// What holds for any moment, here for each quarter of an hour around changes of the
/// clock: by an hour, by half of one, at midnight, and by a whole day.
#[test]
fn next_last_and_count_agree_around_changes() {
    let others = [
        ("Pacific/Apia", "2011-12-30 10:00"),
        // By more than cron takes for a change of season.
        ("America/Caracas", "1912-02-12 04:27:40"),
        ("Antarctica/Casey", "2020-10-03 16:01"),
        ("Antarctica/Casey", "2021-03-13 13:00"),
    ];
    let texts = [
        "* * * * *",
        "*/20 * * * *",
        "7 * * * *",
        "30 * * * *",
        "*/25 3 * * *",
        "0 */2 * * *",
        "30 3 * * *",
        "0,45 0-4 * * *",
        "15 0,23 * * *",
        "5 2 * * 0",
    ];
    for (zone, change) in SEASONS.into_iter().chain(others) {
        for text in texts {
            let runs = runs(text, zone);
            for quarter in -28..28 {
                let at = utc(change) + TimeDelta::minutes(15 * quarter);
                for at in [at, at - TimeDelta::microseconds(1)] {
                    agrees(&runs, at);
                }
            }
        }
    }
}

/// A run after a moment is the next one: none lies between, and it is the last one
/// from then on.
fn agrees(runs: &Runs, at: DateTime<Utc>) {
    let before = TimeDelta::microseconds(1);
    let (last, next) = (runs.last_before(at).unwrap(), runs.next_after(at).unwrap());
    let shown = (runs.schedule().as_text(), runs.zone().name(), at);
    assert!(last <= at && at < next, "{shown:?}");
    assert_eq!(runs.last_before(next), Some(next), "{shown:?}");
    assert_eq!(runs.last_before(next - before), Some(last), "{shown:?}");
    assert_eq!(runs.next_after(last), Some(next), "{shown:?}");
    assert_eq!(runs.next_after(last - before), Some(last), "{shown:?}");
    assert_eq!(runs.count(last, next, 9), 1, "{shown:?}");
}

fn any_schedule() -> impl Strategy<Value = String> {
    let minute = prop_oneof![
        "[0-9]",
        "[1-5][0-9]",
        Just("*".into()),
        "\\*/[1-9]",
        "[0-9],3[0-9]"
    ];
    let hour = prop_oneof![
        "[0-9]",
        "[0-3]",
        Just("*".into()),
        "\\*/[1-9]",
        "[0-4],1[0-9]"
    ];
    let day = prop_oneof![
        Just("*".into()),
        Just("*".into()),
        "[1-9]",
        "[12][0-9]",
        "\\*/[1-9]"
    ];
    let weekday = prop_oneof![Just("*".into()), Just("*".into()), "[0-7]", "[0-3]-[4-7]"];
    let cron = (minute, hour, day, weekday)
        .prop_map(|(minute, hour, day, weekday)| format!("{minute} {hour} {day} * {weekday}"));
    let calendar = prop_oneof![
        "[0-9]:[0-5][0-9]",
        "[0-3]:0/(7|15|20)",
        "\\*:[0-5][0-9](:(15|0/30|0/0\\.5))?",
        "(Mon|Tue,Sun|Wed\\.\\.Sat) [0-4]:30",
        "\\*-\\*~[1-9] 0[0-3]:[0-5]0",
        "\\*-[1-9]-[1-9] 2:30",
    ];
    prop_oneof![cron, calendar]
}

fn any_zone() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "UTC",
        "Europe/Riga",
        "America/New_York",
        "Australia/Lord_Howe",
        "Pacific/Chatham",
        "Asia/Beirut",
        "America/Havana",
        "Africa/Casablanca",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Runs follow each other: none lies between a moment and its next run, and
    /// all ways to ask agree.
    #[test]
    fn next_last_and_count_agree(
        text in any_schedule(),
        zone in any_zone(),
        base in 1_704_067_200_000_000_i64..1_830_297_600_000_000,
    ) {
        let runs = runs(&text, zone);
        let base = DateTime::from_timestamp_micros(base).unwrap();
        let step = TimeDelta::microseconds(1);
        // From a run that a timer coming through has: see `next_after`.
        let Some(start) = runs.last_before(base) else { return Ok(()); };
        prop_assert!(start <= base);
        let mut at = start;
        for many in 1..5 {
            let Some(next) = runs.next_after(at) else { break; };
            prop_assert!(next > at);
            prop_assert_eq!(runs.last_before(next), Some(next));
            prop_assert_eq!(runs.last_before(next - step), Some(at));
            prop_assert_eq!(runs.count(start, next, 100), many);
            prop_assert_eq!(runs.count(start, next - step, 100), many - 1);
            at = next;
        }
    }
}
