//! Runs without an end: going on, hung, killed, or over without a trace.

use super::*;

#[test]
fn a_run_is_hung_from_beyond_its_limit() {
    for (ago_ms, verdict) in [
        (0, Fresh),
        (599_999, Fresh),
        (600_000, Fresh),
        (600_001, Hung),
    ] {
        let millis = u64::try_from(ago_ms).unwrap();
        for run in [
            ago(ago_ms).limit(600),
            ago(-5 * H).limit(600).by_boot_clock(millis),
        ] {
            let last = ago(H).by_boot_clock(3_600_000);
            let judged = judge(&Job::default().last(last).run(run));
            assert_eq!(judged.verdict, verdict, "{ago_ms} ms");
            if verdict == Hung {
                assert_eq!(judged.since, Some(at(NOW - H)));
                assert_eq!(judged.age, Some(seconds(3_600)));
                assert!(matches!(
                    judged.cause,
                    Some(Cause::Run { limit: Some(limit), pid: Some(7), going, .. })
                        if limit == seconds(600) && going == Duration::from_millis(millis)
                ));
            }
        }
    }
}

#[test]
fn a_run_without_a_limit_hangs_only_where_there_was_never_a_success() {
    for (ago_ms, verdict) in [(0, Waiting), (2 * H, Waiting), (2 * H + 1, Hung)] {
        let judged = judge(&Job::default().run(ago(ago_ms)));
        assert_eq!(judged.verdict, verdict, "first run, {ago_ms} ms");
        assert_eq!(
            judged.age,
            Some(Duration::from_millis(ago_ms.unsigned_abs()))
        );
        assert!(matches!(judged.cause, Some(Cause::Run { .. })));
        let succeeded = judge(&Job::default().last(ago(H)).run(ago(ago_ms)));
        assert_eq!(succeeded.verdict, Fresh);
    }
}

#[test]
fn a_run_of_an_earlier_boot_ended_with_it() {
    let run = |ago_ms| ago(ago_ms).limit(600).boot(2, seconds(50));
    for (ago_ms, verdict) in [(H, Waiting), (2 * H, Waiting), (2 * H + 1, Never)] {
        let judged = judge(&Job::default().run(run(ago_ms)));
        assert_eq!(judged.verdict, verdict, "{ago_ms} ms");
    }
    let late = judge(&Job::default().last(ago(2 * H)).run(run(H)));
    assert_eq!(late.verdict, Late);
    // It is not told as if it were still going on.
    let silent = judge(&Job::default().last(ago(3 * H)).run(run(H)));
    assert_eq!((silent.verdict, silent.cause), (Silent, None));
}

#[test]
fn a_silent_job_with_a_run_that_goes_on_says_so() {
    for run in [ago(H), ago(H).by_boot_clock(3_600_000)] {
        let silent = judge(&Job::default().last(ago(3 * H)).run(run));
        assert_eq!(silent.verdict, Silent);
        assert!(matches!(silent.cause, Some(Cause::Run { limit: None, .. })));
        assert_eq!(silent.since, Some(at(NOW - 3 * H)));
    }
}

#[test]
fn a_success_since_the_start_ends_the_run() {
    // A start that was left behind: the writer was killed before it removed it.
    let run = ago(H).limit(60);
    for last in [ago(H - 1), ago(H - 1).started(H), ago(H - 1).started(H - 1)] {
        let judged = judge(&Job::default().last(last).run(run.clone()));
        assert_eq!(judged.verdict, Fresh);
    }
    let silent = judge(&Job::default().last(ago(3 * H)).run(ago(4 * H)));
    assert_eq!((silent.verdict, silent.cause), (Silent, None));
    // By the boot clock, whatever the wall clock said.
    let last = ago(2 * H).by_boot_clock(3_599_999);
    let run = ago(H).limit(60).by_boot_clock(3_600_000);
    assert_eq!(judge(&Job::default().last(last).run(run)).verdict, Fresh);
}

#[test]
fn the_success_of_an_earlier_run_does_not_end_a_later_one() {
    // Two runs at once: the first ended well, the second hangs.
    let run = ago(H).limit(1_800);
    let first = |ago_ms| ago(ago_ms).started(H + 60_000);
    let half = H / 2;
    for (ended_ms, verdict) in [
        (H - 1, Hung),
        // Unless there was a success after the limit had passed.
        (half + 1, Hung),
        (half, Fresh),
        (60_000, Fresh),
    ] {
        let judged = judge(&Job::default().last(first(ended_ms)).run(run.clone()));
        assert_eq!(judged.verdict, verdict, "{ended_ms} ms");
    }
}

#[test]
fn a_failure_outranks_the_run_that_goes_on() {
    let job = Job::default().last(ago(H)).fail(ago(60_000));
    assert_eq!(judge(&job.run(ago(H / 2).limit(60))).verdict, Failed);
}

#[test]
fn a_run_from_the_future_is_odd_only_where_it_is_all_there_is() {
    let beside = judge(&Job::default().last(ago(H)).run(ago(-H).limit(1)));
    assert_eq!(beside.verdict, Fresh);
    let alone = judge(&Job::default().run(ago(-H)));
    assert_eq!(alone.verdict, Skewed);
    assert_eq!(alone.cause, Some(Cause::Ahead(seconds(3_600))));
    let a_little = judge(&Job::default().run(ago(-60_000)));
    assert_eq!(a_little.verdict, Waiting);
    assert_eq!(a_little.age, Some(Duration::ZERO));
}

#[test]
fn a_first_run_without_an_interval_cannot_be_judged() {
    let judged = judge(&Job::default().run(ago(0).bare()));
    assert_eq!(judged.cause, Some(Cause::NoInterval));
    let hung = judge(&Job::default().run(ago(H).bare().limit(60)));
    assert_eq!((hung.verdict, hung.since), (Hung, None));
}

#[test]
fn what_the_last_runs_were_goes_along_with_the_verdict() {
    let took = ago(H).told(Details {
        duration: Some(seconds(7)),
        ..Details::default()
    });
    let judged = judge(&Job::default().last(took).skip(ago(H / 2)));
    let runs = judged.last_runs.unwrap();
    assert_eq!(runs.took, Some(seconds(7)));
    assert_eq!(runs.skipped, Some(at(NOW - H / 2)));
    assert_eq!(runs.failed, None);
}
