//! Signs of life that are no success: skips and pulses; and jobs that never ran.

use heartbeat::Details;

use super::kit::{Job, Maker, ago, entry, judge, rules, seconds};
use super::*;
use crate::RunExpectations;

const MINUTE: i64 = 60_000;

#[test]
fn a_skip_is_life_and_no_success() {
    for (last, skip, verdict) in [
        // The newest sign counts.
        (5 * H, 10 * MINUTE, Fresh),
        (5 * H, 90 * MINUTE, Late),
        (5 * H, 2 * H + 1, Silent),
        (10 * MINUTE, 5 * H, Fresh),
        // Ten times nothing to do is well, more is not.
        (10 * H, 10 * MINUTE, Fresh),
        (10 * H + 1, 10 * MINUTE, Verdict::Idle),
        (10 * H + 1, 3 * H, Silent),
    ] {
        let judged = judge(&Job::default().last(ago(last)).skip(ago(skip)));
        assert_eq!(judged.verdict, verdict, "{last} {skip}");
        assert_eq!(judged.last_success, Some(super::at(NOW - last)));
    }
    let idle = judge(
        &Job::default()
            .last(ago(11 * H))
            .skip(ago(MINUTE).told(Details {
                reason: Some("no new files".into()),
                ..Details::default()
            })),
    );
    let Some(Cause::Idle { since, reason }) = idle.cause else {
        panic!("{idle:?}");
    };
    assert_eq!(
        (since, reason.as_deref()),
        (seconds(39_600), Some("no new files"))
    );
}

#[test]
fn a_failure_before_a_skip_is_put_right_and_one_after_it_is_not() {
    let with = |fail: i64, skip: i64| {
        let job = Job::default()
            .last(ago(50 * MINUTE))
            .fail(ago(fail))
            .skip(ago(skip));
        judge(&job).verdict
    };
    assert_eq!(with(20 * MINUTE, 10 * MINUTE), Fresh);
    assert_eq!(with(10 * MINUTE, 20 * MINUTE), Failed);
    let never = Job::default().fail(ago(20 * MINUTE)).skip(ago(MINUTE));
    assert_eq!(judge(&never).verdict, Fresh);
}

/// A run that started so many minutes ago and says every ten minutes that it is at
/// work, the last time so long ago.
fn at_work(started: i64, heard: i64) -> Maker {
    ago(heard * MINUTE)
        .by_boot_clock((heard * MINUTE) as u64)
        .told(Details {
            started: Some(super::at(NOW - started * MINUTE)),
            pulse: Some(seconds(600)),
            timeout: Some(seconds(36_000)),
            pid: Some(7),
            ..Details::default()
        })
}

#[test]
fn a_pulse_keeps_a_long_run_from_looking_silent_until_it_stops() {
    for (started, heard, verdict) in [
        // The hourly job takes five hours, and says that it is at work.
        (290, 5, Late),
        (290, 20, Late),
        (290, 21, Hung),
        // Over its time limit of ten hours it hangs, pulse or no.
        (601, 1, Hung),
    ] {
        let job = Job::default()
            .last(ago(660 * MINUTE).by_boot_clock(660 * 60_000))
            .run(at_work(started, heard));
        let judged = judge(&job);
        assert_eq!(judged.verdict, verdict, "{started} {heard}");
        let Some(Cause::Run {
            started: at, going, ..
        }) = judged.cause
        else {
            panic!("{judged:?}");
        };
        assert_eq!(at, super::at(NOW - started * MINUTE));
        assert_eq!(going, seconds(60 * started.unsigned_abs()));
    }
    // The first run ever.
    assert_eq!(judge(&Job::default().run(at_work(290, 5))).verdict, Waiting);
    assert_eq!(judge(&Job::default().run(at_work(290, 21))).verdict, Hung);
}

fn known(for_minutes: Option<i64>) -> Judgement {
    let expectation = Expectation {
        expected: Some(Arc::new(entry(Timing::Interval(
            super::every(3_600).unwrap(),
        )))),
        known_for: for_minutes.map(|minutes| seconds(60 * minutes.unsigned_abs())),
        file_fault: None,
    };
    let job = Job::default();
    rules(job.now, |rules| verdict(&expectation, &job.files(), rules))
}

#[test]
fn a_job_that_never_ran_is_flagged_in_its_time_and_not_before() {
    for (minutes, verdict) in [
        (None, Waiting),
        (Some(0), Waiting),
        (Some(119), Waiting),
        (Some(120), Waiting),
        (Some(121), Never),
        (Some(100_000), Never),
    ] {
        let judged = known(minutes);
        assert_eq!(judged.verdict, verdict, "{minutes:?}");
        assert_eq!((judged.age, judged.last_success), (None, None));
    }
}

#[test]
fn a_success_that_breaks_what_the_manifest_expects_is_a_failure() {
    let success = |bytes: u64, took: u64| {
        ago(MINUTE).told(Details {
            output_bytes: Some(bytes),
            duration: Some(seconds(took)),
            exit_code: Some(0),
            ..Details::default()
        })
    };
    let judged = |beat: Maker, file_fault| {
        let expected = Expected {
            expects: RunExpectations {
                output: true,
                min_duration: Some(seconds(5)),
                ..RunExpectations::default()
            },
            ..entry(Timing::Interval(super::every(3_600).unwrap()))
        };
        let expectation = Expectation {
            expected: Some(Arc::new(expected)),
            known_for: None,
            file_fault,
        };
        let job = Job::default().last(beat);
        rules(job.now, |rules| verdict(&expectation, &job.files(), rules))
    };
    let reason = |judged: &Judgement| match &judged.cause {
        Some(Cause::Failure { reason, .. }) => reason.clone().unwrap_or_default(),
        _ => "".into(),
    };
    for (bytes, took, fault, wanted) in [
        (1, 5, None, ""),
        (0, 5, None, "no_output"),
        (1, 4, None, "too_quick"),
        (1, 5, Some("file_old"), "file_old"),
    ] {
        let judged = judged(success(bytes, took), fault);
        assert_eq!(&*reason(&judged), wanted);
        let failed = !wanted.is_empty();
        assert_eq!(judged.verdict, if failed { Failed } else { Fresh });
        // None of these successes is one, so none ends the trouble.
        assert_eq!(judged.last_success.is_none(), failed);
        assert_eq!(judged.since.is_none(), failed);
    }
    // What a beat does not tell is not judged.
    assert_eq!(judged(ago(MINUTE), None).verdict, Fresh);
}
