//! Runs around changes of the clock, held against a walk through the minutes: slow, and
//! as plain as can be.

use std::collections::HashSet;

use super::*;

/// All runs between two moments, by a walk through the minutes: what the clock shows at
/// each, what it showed before, and what it leaves out.
fn walked(runs: &Runs, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let on_dial = |local: Local| match runs.schedule().rule() {
        Rule::Cron(cron) => cron.at_or_after(local) == Some(local),
        Rule::Calendar(calendar) => calendar.at_or_after(local) == Some(local),
        Rule::Reboot => false,
    };
    let (follows, catches_up) = match runs.schedule().rule() {
        Rule::Cron(cron) => (cron.follows_clock, !cron.follows_clock),
        _ => (false, false),
    };
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    let mut expected = None;
    let mut at = from;
    while at <= to {
        let local = at.timestamp_micros() + i64::from(runs.zone().offset_seconds(at)) * SECOND;
        let left_out = expected.map_or(0, |expected| (local - expected) / MINUTE);
        let mut missed = (0..left_out).map(|minute| local - (minute + 1) * MINUTE);
        let repeated = !seen.insert(local);
        let now = on_dial(local) && (follows || !repeated);
        if now || catches_up && missed.any(on_dial) {
            out.push(at);
        }
        expected = Some(local + MINUTE);
        at += TimeDelta::minutes(1);
    }
    out
}

#[test]
fn a_walk_through_the_minutes_finds_the_same() {
    let texts = [
        "* * * * *",
        "*/25 * * * *",
        "59,0 * * * *",
        "*/31 0-3 * * *",
        "* 3 * * *",
        "0 */2 * * *",
        "30 3 * * *",
        "0 4 * * *",
        "0,29,30,59 0-3 * * *",
        "*:0,30",
        "00..04:00,29,30,59",
    ];
    for (zone, change) in SEASONS {
        for text in texts {
            let runs = runs(text, zone);
            let change = utc(change);
            let far = TimeDelta::hours(30);
            let all = walked(&runs, change - far, change + far);
            let systemd = matches!(runs.schedule().rule(), Rule::Calendar(_));
            for tenth in -18..18 {
                let minute = change + TimeDelta::minutes(10 * tenth);
                let near = [
                    minute - TimeDelta::minutes(1),
                    minute,
                    minute + TimeDelta::minutes(1),
                ];
                for at in near
                    .into_iter()
                    .flat_map(|at| [at - TimeDelta::microseconds(1), at])
                {
                    let next = all.iter().find(|run| **run > at).copied();
                    let last = all.iter().rfind(|run| **run <= at).copied();
                    let shown = format!("{text} in {zone} at {at}");
                    assert_eq!(runs.last_before(at), last, "last, {shown}");
                    assert!(runs.next_after(at).is_some_and(|next| next > at), "{shown}");
                    // In a repeated hour systemd's answer hangs on where one stands.
                    if !systemd || at < change || at >= change + TimeDelta::hours(1) {
                        assert_eq!(runs.next_after(at), next, "next, {shown}");
                    }
                }
            }
        }
    }
}

/// Jobs of one night of the year only, in which the clock is put back: what is left of
/// that night is not the same night of the next year.
#[test]
fn the_night_of_another_year_is_another_night() {
    let cron = "*/30 3 25-31 10 */7";
    let systemd = "Sun *-10-25..31 03:0/30";
    for (text, at, last, next) in [
        (cron, "10-27 00:10", "2024-10-27 00:00", "2024-10-27 00:30"),
        (cron, "10-27 00:30", "2024-10-27 00:30", "2024-10-27 01:00"),
        (cron, "10-27 01:00", "2024-10-27 01:00", "2024-10-27 01:30"),
        (cron, "10-27 01:30", "2024-10-27 01:30", "2025-10-26 00:00"),
        (cron, "10-27 01:50", "2024-10-27 01:30", "2025-10-26 00:00"),
        (cron, "10-26 23:50", "2023-10-29 01:30", "2024-10-27 00:00"),
        (
            systemd,
            "10-27 00:10",
            "2024-10-27 00:00",
            "2024-10-27 00:30",
        ),
        (
            systemd,
            "10-27 00:30",
            "2024-10-27 00:30",
            "2025-10-26 00:00",
        ),
        (
            systemd,
            "10-27 01:10",
            "2024-10-27 00:30",
            "2024-10-27 01:30",
        ),
        (
            systemd,
            "10-27 01:30",
            "2024-10-27 00:30",
            "2025-10-26 00:00",
        ),
    ] {
        let runs = runs(text, "Europe/Riga");
        let at = utc(&format!("2024-{at}"));
        assert_eq!(
            runs.last_before(at),
            Some(utc(last)),
            "last, {text} at {at}"
        );
        assert_eq!(runs.next_after(at), Some(utc(next)), "next, {text} at {at}");
    }
    // One time of that night: the last one is that of the year before.
    let runs = runs("30 3 25-31 10 */7", "Europe/Riga");
    let at = utc("2024-10-27 00:10");
    assert_eq!(runs.last_before(at), Some(utc("2023-10-29 00:30")));
}

/// A clock that is put forward by three hours was corrected, to cron: what lies between is
/// left out. By less it is a season's change, and is made up for.
#[test]
fn a_change_by_three_hours_is_no_season() {
    let casey = runs("30 1 * * *", "Antarctica/Casey");
    let before = utc("2020-10-03 15:00");
    assert_eq!(casey.next_after(before), Some(utc("2020-10-04 14:30")));
    let riga = runs("30 3 * * *", "Europe/Riga");
    let before = utc("2024-03-31 00:00");
    assert_eq!(riga.next_after(before), Some(utc("2024-03-31 01:00")));
}
