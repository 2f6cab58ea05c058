//! Jobs with a schedule in place of an interval.

use super::kit::{Job, ago, entry, judge, rules, seconds};
use super::*;
use crate::{KnownTimetables, Runs, Zone};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A job that succeeded then, with this schedule, judged now.
fn at(schedule: &str, zone: Option<&str>, last: &str, now: &str) -> Judgement {
    let mut beat = ago(0).schedule(schedule, zone);
    beat.0.timestamp = time(last);
    let mut job = Job::default().last(beat);
    job.now = Now {
        wall: time(now),
        boot: None,
    };
    judge(&job)
}

#[test]
fn two_runs_that_passed_make_it_silent() {
    let nightly = |now: &str| at("0 2 * * *", None, "2026-11-20T02:12:00Z", now);
    for (now, verdict, missed) in [
        ("2026-11-20T02:12:00Z", Fresh, 0),
        ("2026-11-21T01:59:59Z", Fresh, 0),
        ("2026-11-21T02:00:00Z", Late, 1),
        ("2026-11-22T01:59:00Z", Late, 1),
        // The second run is given the twelve minutes that it took before.
        ("2026-11-22T02:00:00Z", Late, 2),
        ("2026-11-22T02:12:00Z", Late, 2),
        ("2026-11-22T02:12:01Z", Silent, 2),
        ("2026-11-25T02:12:01Z", Silent, 5),
    ] {
        let judged = nightly(now);
        assert_eq!(
            (judged.verdict, judged.missed),
            (verdict, Some(missed)),
            "{now}"
        );
        assert_eq!(judged.interval(), None);
    }
    let ratio = nightly("2026-11-22T14:00:00Z").ratio.unwrap();
    assert!((2.4..2.6).contains(&ratio), "{ratio}");
}

#[test]
fn a_first_run_that_goes_on_has_missed_none() {
    let mut beat = ago(0).schedule("0 2 * * *", None);
    beat.0.timestamp = time("2026-11-20T02:00:05Z");
    let mut job = Job::default().run(beat);
    job.now = Now {
        wall: time("2026-11-21T03:00:00Z"),
        boot: None,
    };
    let judged = judge(&job);
    assert_eq!((judged.verdict, judged.missed), (Waiting, None));
}

#[test]
fn a_job_of_weekdays_is_not_silent_on_sunday() {
    // 2026-11-20 is a Friday.
    let weekdays = |now: &str| at("0 9 * * 1-5", None, "2026-11-20T09:00:07Z", now).verdict;
    assert_eq!(weekdays("2026-11-22T23:00:00Z"), Fresh);
    assert_eq!(weekdays("2026-11-23T10:00:00Z"), Late);
    assert_eq!(weekdays("2026-11-24T09:00:30Z"), Late);
    assert_eq!(weekdays("2026-11-24T09:01:01Z"), Silent);
    assert_eq!(
        at(
            "Mon..Fri 09:00",
            None,
            "2026-11-20T09:00:07Z",
            "2026-11-24T09:01:01Z"
        )
        .verdict,
        Silent
    );
}

#[test]
fn the_time_zone_of_the_schedule_counts() {
    // 09:00 in Riga is 07:00 UTC in winter.
    let riga = |now: &str| {
        at(
            "0 9 * * *",
            Some("Europe/Riga"),
            "2026-11-20T07:00:05Z",
            now,
        )
    };
    assert_eq!(riga("2026-11-21T06:59:59Z").verdict, Fresh);
    assert_eq!(riga("2026-11-21T07:00:00Z").verdict, Late);
    assert_eq!(riga("2026-11-22T07:02:00Z").verdict, Silent);
}

#[test]
fn how_long_a_run_may_take_is_told_by_the_last_one() {
    for (schedule, last, silent_from) in [
        // As long as it took.
        ("0 2 * * *", "2026-11-20T04:00:00Z", "2026-11-22T04:00:00Z"),
        // A minute at least.
        ("0 2 * * *", "2026-11-20T02:00:01Z", "2026-11-22T02:01:00Z"),
        // By hand, in the afternoon: that tells nothing.
        ("0 2 * * *", "2026-11-20T15:00:00Z", "2026-11-22T02:01:00Z"),
        // Half of the time between two runs at most.
        ("* * * * *", "2026-11-20T02:00:01Z", "2026-11-20T02:02:30Z"),
    ] {
        let judged = at(schedule, None, last, "2026-11-28T00:00:00Z");
        assert_eq!(judged.verdict, Silent);
        assert_eq!(
            judged.deadline,
            Some(time(silent_from)),
            "{schedule} {last}"
        );
    }
}

#[test]
fn a_schedule_that_makes_no_sense_is_told_unless_there_is_an_interval() {
    let judged = at(
        "0 25 * * *",
        None,
        "2026-11-20T02:12:00Z",
        "2026-11-20T03:00:00Z",
    );
    assert_eq!(judged.verdict, Bad);
    assert!(
        matches!(judged.cause, Some(Cause::Schedule(_))),
        "{judged:?}"
    );
    let nowhere = at(
        "0 2 * * *",
        Some("Mars/Base"),
        "2026-11-20T02:12:00Z",
        "2026-11-20T03:00:00Z",
    );
    assert!(
        matches!(nowhere.cause, Some(Cause::Schedule(_))),
        "{nowhere:?}"
    );
    let mut beat = ago(1_000).schedule("0 25 * * *", None);
    beat.0.interval = super::every(3_600);
    assert_eq!(judge(&Job::default().last(beat)).verdict, Fresh);
}

#[test]
fn the_manifest_wins_over_what_the_beat_says() {
    let hourly = Job::default().last(ago(3 * 3_600_000).every(60));
    let runs = Runs::new("@daily".parse_schedule(), Zone::utc()).unwrap();
    let expectation = Expectation {
        expected: Some(Arc::new(entry(Timing::Schedule(Arc::new(runs))))),
        ..Expectation::default()
    };
    let judged = rules(hourly.now, |rules| {
        verdict(&expectation, &hourly.files(), rules)
    });
    assert_eq!(judged.verdict, Late);
    assert_eq!(judge(&hourly).verdict, Silent);
}

/// A schedule out of a text.
trait ParseSchedule {
    fn parse_schedule(&self) -> heartbeat::Schedule;
}

impl ParseSchedule for str {
    fn parse_schedule(&self) -> heartbeat::Schedule {
        heartbeat::Schedule::parse(self).unwrap()
    }
}

#[test]
fn misses_and_grace_of_the_manifest_move_the_limit() {
    let job = Job::default().last(ago(5 * 3_600_000));
    for (misses, grace, verdict_wanted) in [
        (2, None, Silent),
        (5, None, Late),
        (4, None, Silent),
        (4, Some(3_600), Late),
        (4, Some(3_599), Silent),
    ] {
        let expected = Expected {
            misses,
            grace: grace.map(seconds),
            ..entry(Timing::Interval(super::every(3_600).unwrap()))
        };
        let expectation = Expectation {
            expected: Some(Arc::new(expected)),
            ..Expectation::default()
        };
        let judged = rules(job.now, |rules| verdict(&expectation, &job.files(), rules));
        assert_eq!(judged.verdict, verdict_wanted, "{misses} {grace:?}");
    }
}

#[test]
fn a_schedule_is_read_once() {
    let known = KnownTimetables::new(Zone::utc());
    let (one, two) = (known.runs("@daily", None), known.runs("@daily", None));
    assert!(Arc::ptr_eq(&one.unwrap(), &two.unwrap()));
    assert!(known.runs("@never", None).is_err());
    assert!(known.runs("@daily", Some("No/Zone")).is_err());
}
