//! After an outage of the host jobs get time to catch up, and no more.

use super::kit::{Job, ago, entry, seconds};
use super::*;
use crate::{KnownTimetables, OutageKind, Zone};

/// Milliseconds.
const MINUTE: i64 = 60_000;

/// The host was off from so many minutes ago until so many minutes ago.
fn judged(from: i64, to: i64, job: &Job, known_for: Option<Duration>) -> Judgement {
    let off = Outage {
        kind: OutageKind::Off,
        from: Some(super::at(NOW - from * MINUTE)),
        to: super::at(NOW - to * MINUTE),
        lost: seconds(60 * (from - to).unsigned_abs()),
    };
    let expected =
        known_for.map(|_| Arc::new(entry(Timing::Interval(super::every(3_600).unwrap()))));
    let rules = Rules {
        now: job.now,
        timetables: &KnownTimetables::new(Zone::utc()),
        outages: &Outages::new(vec![off]),
        catch_up: seconds(7_200),
    };
    let expectation = Expectation {
        expected,
        known_for,
        file_fault: None,
    };
    verdict(&expectation, &job.files(), &rules)
}

/// An hourly job that last succeeded so many minutes ago.
fn hourly(last: i64) -> Job {
    Job::default().last(ago(last * MINUTE))
}

#[test]
fn a_job_may_catch_up_for_an_interval_and_is_told_with_its_story_then() {
    // Off for eight hours; the job ran half an hour before.
    for (back_for, verdict, story) in [(0, Late, false), (60, Late, false), (61, Silent, true)] {
        let job = hourly(510 + back_for);
        let judged = judged(480 + back_for, back_for, &job, None);
        assert_eq!(judged.verdict, verdict, "back for {back_for} min");
        assert_eq!(judged.story.is_some(), story);
        let catching = matches!(judged.cause, Some(Cause::CatchingUp { .. }));
        assert_eq!(catching, !story);
    }
}

#[test]
fn who_was_silent_before_the_outage_stays_flagged() {
    let job = hourly(610);
    let judged = judged(480, 10, &job, None);
    assert_eq!((judged.verdict, judged.story), (Silent, None));
}

#[test]
fn who_went_silent_long_after_it_has_no_excuse() {
    // Back for ten hours; it ran once since, and then no more.
    let job = hourly(300);
    let judged = judged(1_000, 600, &job, None);
    assert_eq!((judged.verdict, judged.story), (Silent, None));
}

#[test]
fn rare_jobs_wait_no_longer_than_is_allowed_and_frequent_ones_half_an_hour() {
    let day = 24 * 60;
    for (every, last, back_for, verdict) in [
        (86_400, 2 * day + 60, 120, Late),
        (86_400, 2 * day + 60, 121, Silent),
        (300, 500, 30, Late),
        (300, 500, 31, Silent),
    ] {
        let job = Job::default().last(ago(last * MINUTE).every(every));
        let judged = judged(495, back_for, &job, None);
        assert_eq!(
            judged.verdict, verdict,
            "{every} s, back for {back_for} min"
        );
    }
}

#[test]
fn a_job_that_never_ran_waits_as_long() {
    let job = Job::default();
    let known = |minutes: u64| Some(seconds(60 * minutes));
    assert_eq!(judged(480, 10, &job, known(130)).verdict, Waiting);
    // Known for forty minutes before it, and for long enough since.
    assert_eq!(judged(480, 90, &job, known(130)).verdict, Never);
    assert_eq!(judged(480, 200, &job, known(1_000)).verdict, Never);
}

#[test]
fn a_failure_is_a_failure_after_an_outage_too() {
    let job = hourly(510).fail(ago(500 * MINUTE));
    assert_eq!(judged(480, 10, &job, None).verdict, Failed);
}
