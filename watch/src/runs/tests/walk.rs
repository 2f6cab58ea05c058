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
                    // In a repeated hour systemd's answer hangs on where one stands.
                    if !systemd || at < change || at >= change + TimeDelta::hours(1) {
                        assert_eq!(runs.next_after(at), next, "next, {shown}");
                    }
                }
            }
        }
    }
}
