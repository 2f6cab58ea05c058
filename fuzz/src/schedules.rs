//! Schedules of cron and `OnCalendar=`: what is taken reads back, has words, and its
//! runs before and after any moment fit together.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::{Schedule, ScheduleKind};
use libfuzzer_sys::arbitrary::Unstructured;
use watch::{Runs, Zone};

use crate::{between, is_one_line, pick};

/// Zones with odd changes of the clock: half an hour, at midnight, a whole day, more
/// than cron forgives, none.
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Riga",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Antarctica/Troll",
];

/// The first bytes choose zone and moment, the others are the schedule.
pub fn run(data: &[u8]) {
    let (head, text) = data.split_at(data.len().min(8));
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let mut bytes = Unstructured::new(head);
    let zone = Zone::named(pick(&mut bytes, &ZONES)).unwrap();
    // From 1970 to 2100, to the microsecond.
    let micros = between(&mut bytes, 0, 4_102_444_800_000_000);
    let moment = DateTime::from_timestamp_micros(micros).unwrap();
    let moment = if micros % 2 == 0 {
        moment
    } else {
        near_a_change(zone, moment)
    };
    let texts = [text.to_owned(), text.replace('_', " ")];
    for text in texts {
        for read in [
            Schedule::parse(&text),
            Schedule::cron(&text),
            Schedule::on_calendar(&text),
        ] {
            match read {
                Ok(schedule) => taken(&schedule, zone, moment),
                Err(why) => assert!(is_one_line(&why.to_string()), "{why}"),
            }
        }
    }
}

/// A moment within four hours of the next change of the clock: there is where it is
/// hard. The same moment where the clock is not changed within a year.
fn near_a_change(zone: Zone, moment: DateTime<Utc>) -> DateTime<Utc> {
    let offset = zone.offset_seconds(moment);
    let differs = |at: &DateTime<Utc>| zone.offset_seconds(*at) != offset;
    let mut days = (1..400).map(|days| moment + TimeDelta::days(days));
    let Some(mut after) = days.find(differs) else {
        return moment;
    };
    let mut before = after - TimeDelta::days(1);
    while after - before > TimeDelta::seconds(1) {
        let middle = before + (after - before) / 2;
        if differs(&middle) {
            after = middle;
        } else {
            before = middle;
        }
    }
    const EIGHT_HOURS: i64 = 8 * 3_600_000_000;
    let by = moment.timestamp_micros().rem_euclid(EIGHT_HOURS) - EIGHT_HOURS / 2;
    after + TimeDelta::microseconds(by)
}

fn taken(schedule: &Schedule, zone: Zone, moment: DateTime<Utc>) {
    let text = schedule.as_text();
    let again = match schedule.kind() {
        ScheduleKind::Cron => Schedule::cron(text),
        ScheduleKind::OnCalendar => Schedule::on_calendar(text),
    };
    assert_eq!(again.as_ref(), Ok(schedule));
    let Ok(runs) = Runs::new(schedule.clone(), zone) else {
        assert!(schedule.own_zone().is_some());
        return;
    };
    let words = runs.words();
    assert!(!words.is_empty(), "{text}");
    fits(&runs, moment);
    // And in plain time, where nothing is left out or repeated.
    if schedule.own_zone().is_none() {
        let plain = Runs::new(schedule.clone(), Zone::utc()).unwrap();
        in_plain_time(&plain, moment);
    }
}

const INSTANT: TimeDelta = TimeDelta::microseconds(1);

/// What holds in every zone.
fn fits(runs: &Runs, moment: DateTime<Utc>) {
    let next = runs.next_after(moment);
    let last = runs.last_before(moment);
    assert!(next.is_none_or(|next| next > moment), "{runs:?} {moment}");
    assert!(last.is_none_or(|last| last <= moment), "{runs:?} {moment}");
    // A run is the last one at its own moment, and until the next.
    if let Some(last) = last {
        assert_eq!(runs.last_before(last), Some(last), "{runs:?} {moment}");
        let before = runs.last_before(last - INSTANT);
        assert!(
            before.is_none_or(|before| before < last),
            "{runs:?} {moment}"
        );
        assert_eq!(runs.count(last, moment, 5), 0, "{runs:?} {moment}");
        assert_eq!(
            runs.count(last - INSTANT, moment, 5),
            1,
            "{runs:?} {moment}"
        );
    }
    // Later moments have no earlier runs.
    if let Some(next) = next {
        let last_then = runs.last_before(next);
        assert!(last_then >= last, "{runs:?} {moment}");
        if runs.schedule().kind() == ScheduleKind::Cron {
            assert_eq!(last_then, Some(next), "{runs:?} {moment}");
            assert_eq!(runs.last_before(next - INSTANT), last, "{runs:?} {moment}");
            assert_eq!(runs.count(moment, next, 5), 1, "{runs:?} {moment}");
        }
    }
}

fn in_plain_time(runs: &Runs, moment: DateTime<Utc>) {
    let next = runs.next_after(moment);
    let last = runs.last_before(moment);
    if let Some(last) = last {
        assert_eq!(
            runs.next_after(last - INSTANT),
            Some(last),
            "{runs:?} {moment}"
        );
        assert_eq!(runs.next_after(last), next, "{runs:?} {moment}");
    }
    if let Some(next) = next {
        assert_eq!(runs.last_before(next), Some(next), "{runs:?} {moment}");
        assert_eq!(runs.last_before(next - INSTANT), last, "{runs:?} {moment}");
        assert_eq!(runs.count(moment, next, 5), 1, "{runs:?} {moment}");
    }
    if let (Some(last), Some(next)) = (last, next) {
        let gap = (next - last).to_std().unwrap();
        let longest = runs.longest_gap();
        assert!(longest.is_some_and(|longest| longest > Duration::ZERO));
        assert!(longest >= Some(gap), "{runs:?} {last} {next} {longest:?}");
    }
}
