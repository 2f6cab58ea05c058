//! The boot clock against the wall clock: setting the wall clock neither hides a
//! silence nor invents one.

use super::kit::UPTIME;
use super::*;

const YEAR: i64 = 31_536_000;

#[test]
fn setting_the_wall_clock_changes_no_verdict_of_this_boot() {
    for set_by in [
        0,
        3_600,
        -3_600,
        7_300,
        -7_300,
        YEAR,
        -YEAR,
        30 * YEAR,
        -50 * YEAR,
    ] {
        for (ago_ms, verdict) in [
            (0, Fresh),
            (H, Fresh),
            (H + 1, Late),
            (2 * H, Late),
            (2 * H + 1, Silent),
        ] {
            let millis = ago_ms.unsigned_abs();
            let beat = ago(ago_ms).by_boot_clock(millis);
            // Set after the beat was left.
            let judged = judge(&Job::default().last(beat.clone()).wall_set_by(set_by));
            assert_eq!(judged.verdict, verdict, "set by {set_by} s, {ago_ms} ms");
            assert_eq!(judged.age, Some(Duration::from_millis(millis)));
            // Set before it was left, and set right since.
            let mut wrong = beat;
            wrong.0.timestamp += chrono::TimeDelta::seconds(set_by);
            assert_eq!(judge(&Job::default().last(wrong)).verdict, verdict);
        }
    }
}

#[test]
fn a_beat_of_another_boot_goes_by_the_wall_clock() {
    for (set_by, verdict) in [
        (0, Late),
        (-H / 1_000, Fresh),
        (H / 1_000, Silent),
        (-YEAR, Skewed),
    ] {
        let beat = ago(2 * H).boot(2, seconds(5));
        let judged = judge(&Job::default().last(beat).wall_set_by(set_by));
        assert_eq!(judged.verdict, verdict, "set by {set_by} s");
    }
}

#[test]
fn without_a_boot_clock_on_either_side_the_wall_clock_counts() {
    let mut job = Job::default().last(ago(3 * H).by_boot_clock(0));
    assert_eq!(judge(&job).verdict, Fresh);
    job.now.boot = None;
    assert_eq!(judge(&job).verdict, Silent);
    let no_stamp = Job::default().last(ago(3 * H));
    assert_eq!(judge(&no_stamp).verdict, Silent);
}

#[test]
fn a_stamp_from_later_in_this_boot_is_no_stamp() {
    for (later_ms, verdict, age) in [
        (0, Fresh, 0),
        (60_000, Fresh, 0),
        (60_001, Silent, 3 * H),
        (86_400_000, Silent, 3 * H),
    ] {
        let beat = ago(3 * H).boot(1, UPTIME + Duration::from_millis(later_ms));
        let judged = judge(&Job::default().last(beat));
        assert_eq!(judged.verdict, verdict, "{later_ms} ms later");
        assert_eq!(judged.age, Some(Duration::from_millis(age.unsigned_abs())));
    }
    let ahead = ago(-H).boot(1, UPTIME * 2);
    assert_eq!(judge(&Job::default().last(ahead)).verdict, Skewed);
}

#[test]
fn the_order_of_two_beats_of_one_boot_goes_by_its_clock() {
    for id in [1, 2] {
        // The wall clock was set back between the two: the failure came last.
        let last = ago(H / 2).boot(id, UPTIME - seconds(6));
        let fail = ago(H).boot(id, UPTIME - seconds(5));
        let judged = judge(&Job::default().last(last).fail(fail));
        assert_eq!(judged.verdict, Failed, "boot {id}");
        // Set forward: the success came last.
        let last = ago(H).boot(id, UPTIME - seconds(5));
        let fail = ago(H / 2).boot(id, UPTIME - seconds(6));
        let judged = judge(&Job::default().last(last).fail(fail));
        assert_eq!(judged.verdict, Fresh, "boot {id}");
    }
    let same = |millis| ago(millis).by_boot_clock(1_000);
    let judged = judge(&Job::default().last(same(H)).fail(same(H / 2)));
    assert_eq!(judged.verdict, Fresh);
}

#[test]
fn a_beat_of_the_running_boot_is_newer_than_one_of_an_earlier_boot() {
    // Before the restart the clock was ahead: by times alone the success of then
    // would hide the failure of now.
    let then = ago(H / 2).boot(2, seconds(500));
    let now = ago(H).by_boot_clock(3_600_000);
    let failed = Job::default().last(then.clone()).fail(now.clone());
    assert_eq!(judge(&failed).verdict, Failed);
    // And the failure of then would hide the success of now.
    let well = Job::default().last(now).fail(then);
    assert_eq!(judge(&well).verdict, Fresh);
}

#[test]
fn a_failure_that_is_over_skews_nothing() {
    let last = ago(H).by_boot_clock(3_600_000);
    let a_year_ahead = ago(-YEAR * 1_000);
    let over = a_year_ahead.clone().boot(2, seconds(9));
    let well = Job::default().last(last.clone()).fail(over.clone());
    assert_eq!(judge(&well).verdict, Fresh);
    // One that may not be over does.
    let unknown = Job::default().last(last).fail(a_year_ahead);
    assert_eq!(judge(&unknown).verdict, Skewed);
    assert_eq!(judge(&Job::default().fail(over)).verdict, Skewed);
}

#[test]
fn two_beats_of_different_earlier_boots_go_by_the_wall_clock() {
    let older = |id| ago(H).boot(id, seconds(9_000));
    let newer = |id| ago(H / 2).boot(id, seconds(9));
    let failed = Job::default().last(older(2)).fail(newer(3));
    assert_eq!(judge(&failed).verdict, Failed);
    let well = Job::default().last(newer(2)).fail(older(3));
    assert_eq!(judge(&well).verdict, Fresh);
    // A stamp from later in this boot proves nothing about order either.
    let strange = ago(H).boot(1, UPTIME * 2);
    let well = Job::default().last(newer(2)).fail(strange);
    assert_eq!(judge(&well).verdict, Fresh);
}
