//! systemd's calendar expressions. What it takes and refuses was asked of
//! `systemd-analyze calendar` (252).

use crate::schedule::{Rule, Schedule, ScheduleKind};

use super::*;

fn calendar(text: &str) -> Calendar {
    match Schedule::on_calendar(text).unwrap().rule() {
        Rule::Calendar(calendar) => calendar.clone(),
        other => panic!("{other:?}"),
    }
}

fn bits(set: u64) -> Vec<u32> {
    (0..64).filter(|bit| set >> bit & 1 == 1).collect()
}

#[test]
fn weekday_names() {
    for (text, days) in [
        ("Mon", vec![1]),
        ("monday,TUE 10:00", vec![1, 2]),
        ("Mon..Fri", vec![1, 2, 3, 4, 5]),
        ("Mon-Wed,Sunday", vec![0, 1, 2, 3]),
        ("Mon..Wed,Fri..Sun", vec![0, 1, 2, 3, 5, 6]),
        ("Sat,", vec![6]),
        ("Sat, 10:00", vec![6]),
        ("Sun..Sun", vec![0]),
        ("10:00", vec![0, 1, 2, 3, 4, 5, 6]),
    ] {
        assert_eq!(bits(calendar(text).weekdays.into()), days, "{text}");
    }
}

#[test]
fn days_of_months() {
    for (text, year, month, days) in [
        ("*-*-5", 2024, 2, vec![5]),
        ("*-*-5..5", 2024, 2, vec![5]),
        ("*-*-28..31", 2023, 2, vec![28]),
        ("*-*-1/9", 2024, 1, vec![1, 10, 19, 28]),
        (
            "*-*-1..5,10..20/3",
            2024,
            1,
            vec![1, 2, 3, 4, 5, 10, 13, 16, 19],
        ),
        ("*-*~1", 2024, 2, vec![29]),
        ("*-*~1", 2023, 2, vec![28]),
        ("*-*~1", 2023, 12, vec![31]),
        ("*-*~3", 2024, 1, vec![29]),
        ("*~7/1", 2023, 2, vec![22, 23, 24, 25, 26, 27, 28]),
        ("*-02~01..03/2", 2024, 2, vec![27, 29]),
        ("*~28/27", 2024, 1, vec![4, 31]),
        ("Mon *-*~7/1", 2024, 1, vec![29]),
        ("Sat,Sun *-*-*", 2023, 2, vec![4, 5, 11, 12, 18, 19, 25, 26]),
        ("*~*", 2023, 4, (1..=30).collect()),
    ] {
        assert_eq!(
            bits(calendar(text).days_of(year, month).into()),
            days,
            "{text}"
        );
    }
}

#[test]
fn years() {
    let years = |text: &str| -> Vec<i32> {
        let years = calendar(text).years;
        (1900..2300).filter(|year| years.has(*year)).collect()
    };
    assert_eq!(years("2024-1-1"), [2024]);
    assert_eq!(years("24..26-1-1"), [2024, 2025, 2026]);
    assert_eq!(years("70-1-1"), [1970]);
    assert_eq!(years("2024/50-1-1"), [2024, 2074, 2124, 2174]);
    assert_eq!(years("2030..2040/4-1-1"), [2030, 2034, 2038]);
    assert_eq!(years("1-1").len(), 230);
    assert!(calendar("*-1-1").years.is_every());
}

#[test]
fn times() {
    let time = |text: &str| {
        let calendar = calendar(text);
        (
            bits(calendar.hours.into()),
            bits(calendar.minutes),
            calendar.seconds,
        )
    };
    assert_eq!(time("10:5"), (vec![10], vec![5], Seconds::Whole(1)));
    assert_eq!(
        time("0/8:0/20:30"),
        (vec![0, 8, 16], vec![0, 20, 40], Seconds::Whole(1 << 30))
    );
    assert_eq!(
        time("9,17:00..02"),
        (vec![9, 17], vec![0, 1, 2], Seconds::Whole(1))
    );
    assert_eq!(time("*-*-*"), (vec![0], vec![0], Seconds::Whole(1)));
    assert_eq!(calendar("*:*:*").seconds, Seconds::Whole(Seconds::EVERY));
    let fractions = calendar("*:*:0..1/0.5,3.1234567").seconds;
    let all: Vec<u32> =
        std::iter::successors(fractions.at_or_after(0), |at| fractions.at_or_after(at + 1))
            .collect();
    assert_eq!(all, [0, 500_000, 1_000_000, 3_123_457]);
    let back: Vec<u32> = std::iter::successors(fractions.at_or_before(59_999_999), |at| {
        fractions.at_or_before(at.checked_sub(1)?)
    })
    .collect();
    assert_eq!(back, [3_123_457, 1_000_000, 500_000, 0]);
}

/// Each second that is named is the first from itself on and the last up to itself, and
/// between two of them nothing is found.
#[test]
fn seconds_before_and_after() {
    for (text, all) in [
        ("*:*:7", vec![7_000_000]),
        ("*:*:0,59", vec![0, 59_000_000]),
        ("*:*:2,2", vec![2_000_000]),
        ("*:*:4..5", vec![4_000_000, 5_000_000]),
        ("*:*:0.5..1.5", vec![500_000, 1_500_000]),
        ("*:*:20..40/10", vec![20_000_000, 30_000_000, 40_000_000]),
        ("*:*:0.25,7", vec![250_000, 7_000_000]),
        ("*:*:1.5..3/0.7", vec![1_500_000, 2_200_000, 2_900_000]),
        ("*:*:0/29.999999", vec![0, 29_999_999, 59_999_998]),
        // A step that is longer than any number.
        ("*:*:0.5..59/4294.9", vec![500_000]),
        ("*:*:0.5..59/99999", vec![500_000]),
    ] {
        let seconds = calendar(text).seconds;
        let mut before = None;
        for at in &all {
            let from = before.map_or(0, |before: u32| before + 1);
            for moment in [from, from + 1, at - u32::from(*at > from), *at] {
                let fits = moment >= from && moment <= *at;
                assert!(!fits || seconds.at_or_after(moment) == Some(*at), "{text}");
            }
            assert_eq!(seconds.at_or_before(*at), Some(*at), "{text}");
            if let Some(last) = at.checked_sub(1) {
                assert_eq!(seconds.at_or_before(last), before, "{text} before {at}");
            }
            before = Some(*at);
        }
        let last = all[all.len() - 1];
        assert_eq!(seconds.at_or_after(last + 1), None, "{text}");
        assert_eq!(seconds.at_or_before(59_999_999), Some(last), "{text}");
    }
}

#[test]
fn what_is_written_otherwise_is_the_same() {
    for (twice, once) in [
        ("*-1..12-1..31", "*-*-*"),
        ("0..23:0..59:0..59", "*:*:*"),
        ("Mon..Sun", "*-*-*"),
        ("*:0,0,30", "*:0,30"),
        ("0..2,1:5", "0..2:5"),
        ("*-1,1,2-3,3", "*-1,2-3"),
        ("2024,24-1-1", "2024-1-1"),
        ("Mon,Mon..Wed", "Mon..Wed"),
        ("Sun,Sat..Sun", "Sat,Sun"),
        ("*:*:5,5,0/5", "*:*:0/5"),
    ] {
        assert_eq!(calendar(twice), calendar(once), "{twice}");
    }
}

#[test]
fn shorthands() {
    for (short, long) in [
        ("minutely", "*-*-* *:*:00"),
        ("hourly", "*-*-* *:00:00"),
        ("daily", "*-*-* 00:00:00"),
        ("DAILY", "*-*-* 00:00:00"),
        ("weekly", "Mon *-*-* 00:00:00"),
        ("monthly", "*-*-01 00:00:00"),
        ("yearly", "*-01-01 00:00:00"),
        ("annually", "*-01-01 00:00:00"),
        ("quarterly", "*-01,04,07,10-01 00:00:00"),
        ("semiannually", "*-01,07-01 00:00:00"),
        ("bi-annually", "*-01,07-01 00:00:00"),
    ] {
        assert_eq!(calendar(short), calendar(long), "{short}");
    }
}

#[test]
fn zones() {
    for (text, zone) in [
        ("10:00 UTC", Some("UTC")),
        ("10:00 utc", Some("UTC")),
        ("daily Europe/Riga", Some("Europe/Riga")),
        (
            "Mon *-*-* 10:00 America/Argentina/Ushuaia",
            Some("America/Argentina/Ushuaia"),
        ),
        ("Mon 10:00", None),
        ("daily", None),
    ] {
        let schedule = Schedule::parse(text).unwrap();
        assert_eq!((schedule.own_zone(), schedule.as_text()), (zone, text));
        assert_eq!(schedule.kind(), ScheduleKind::OnCalendar);
    }
}

#[test]
fn days_that_never_come() {
    for text in [
        "*-02-30",
        "2023-2-29",
        "Mon 2024-01-02",
        "*-4,6-31",
        "Tue 2100-2-29 UTC",
    ] {
        let error = Schedule::parse(text).unwrap_err();
        assert!(error.never_runs(), "{text}: {error}");
    }
    for text in [
        "*-02-29",
        "2024-2-29",
        "Thu 2024-2-29",
        "Mon *-2-29",
        "1971-1-1",
        "*-2,3-30",
    ] {
        Schedule::parse(text).unwrap();
    }
}

#[test]
fn refusals() {
    let mut said = Vec::new();
    for text in [
        "*",
        "5",
        "soon",
        "Fri..Mon",
        "Mon..",
        "Mon.Tue",
        "Mon..Wed..Fri",
        "Mon,,Tue",
        "Tues",
        ",Mon",
        "Mon *",
        "Mon Tue",
        "*-*~29",
        "*-*~1/1",
        "*-*-5..3",
        "*-*-1/31",
        "*-*-0",
        "*-13-1",
        "1969-1-1",
        "2200-1-1",
        "100-1-1",
        "1-2-3-4",
        "*-*-1~3",
        "2024~1-1",
        "*-*-1,",
        "1,,2:00",
        "*,5:00",
        "*/2:00",
        "1..*:00",
        "24:00",
        "*:60",
        "*:0/60",
        "*:0/0",
        "*:5/x",
        "*:*:60",
        "*:*:5.",
        "*:*:.5",
        "*:*:0.1..0.9",
        "*:*:0..0",
        "*:*:5..5.5",
        "10:00:00:00",
        "-5:00",
        "10:00  UTC",
        "10:00 10:00",
        "10:00 *-*-1",
        "10:00 UTC UTC",
        "99999999999:00",
    ] {
        let error = Schedule::on_calendar(text).unwrap_err();
        assert!(!error.never_runs(), "{text}");
        said.push(format!("{text:<15}{error}"));
    }
    insta::assert_snapshot!(said.join("\n"));
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[-0-9a-zA-Z*/,@ :~.é]{0,40}") {
        let _ = Schedule::on_calendar(&text);
    }

    #[test]
    fn nearly_a_time(text in "[0-9*/.,:~-]{1,20}") {
        let _ = Schedule::on_calendar(&text);
    }
}
