//! Tables: every row of the format's verdicts, their edges, and both clocks.

mod clocks;
mod kit;
mod outages;
mod props;
mod runs;
mod signs;
mod timetable;

use kit::{Job, NOW, ago, at, every, judge, rules, seconds, slot};

use heartbeat::{Details, UnreadableKind};

use super::*;
use Verdict::{Failed, Fresh, Hung, Late, Never, Silent, Skewed, Unreadable as Bad, Waiting};

/// Milliseconds of an hour, the interval in these tables.
const H: i64 = 3_600_000;

#[test]
fn the_age_of_the_last_success_decides_to_the_millisecond() {
    for (ago_ms, verdict) in [
        (-60_001, Skewed),
        (-60_000, Fresh),
        (-1, Fresh),
        (0, Fresh),
        (H - 1, Fresh),
        (H, Fresh),
        (H + 1, Late),
        (2 * H - 1, Late),
        (2 * H, Late),
        (2 * H + 1, Silent),
        (1_000 * H, Silent),
    ] {
        let judged = judge(&Job::default().last(ago(ago_ms)));
        assert_eq!(judged.verdict, verdict, "{ago_ms} ms ago");
        assert_eq!(judged.last_success, Some(at(NOW - ago_ms)));
        assert_eq!(judged.interval(), every(3_600));
        let age = Duration::from_millis(ago_ms.max(0).unsigned_abs());
        let known = (verdict != Skewed).then_some(age);
        assert_eq!(judged.age, known, "{ago_ms} ms ago");
        let since = (verdict != Skewed).then_some(at(NOW - ago_ms));
        assert_eq!(judged.since, since);
    }
}

#[test]
fn one_nanosecond_over_the_limit_is_over_it() {
    let mut job = Job::default().last(ago(2 * H));
    job.now.wall += chrono::TimeDelta::nanoseconds(1);
    assert_eq!(judge(&job).verdict, Silent);
    job.now.wall -= chrono::TimeDelta::nanoseconds(1);
    assert_eq!(judge(&job).verdict, Late);
}

#[test]
fn misses_move_the_limit() {
    for (misses, ago_ms, verdict) in [
        (0, H, Fresh),
        (0, H + 1, Silent),
        (1, H, Fresh),
        (1, H + 1, Silent),
        (2, 2 * H, Late),
        (3, 2 * H + 1, Late),
        (3, 3 * H, Late),
        (3, 3 * H + 1, Silent),
        (u32::MAX, 400_000 * H, Late),
    ] {
        let mut job = Job::default().last(ago(ago_ms));
        job.misses = misses;
        assert_eq!(judge(&job).verdict, verdict, "{misses} misses, {ago_ms} ms");
    }
}

#[test]
fn the_interval_comes_from_what_is_expected_then_from_any_file() {
    let plain = |job: &Job| judge(job).interval();
    let all = Job::default()
        .last(ago(0).every(10))
        .fail(ago(H).every(20))
        .run(ago(H).every(30));
    assert_eq!(plain(&all), every(10));
    let last_without = Job::default()
        .last(ago(0).bare())
        .fail(ago(H).every(20))
        .run(ago(0).every(30));
    assert_eq!(plain(&last_without), every(20));
    let only_run = Job::default().last(ago(0).bare()).run(ago(0).every(30));
    assert_eq!(plain(&only_run), every(30));
    let mut expected = all;
    expected.interval = every(99);
    assert_eq!(plain(&expected), every(99));
}

#[test]
fn without_an_interval_nobody_can_say_when_it_is_late() {
    let judged = judge(&Job::default().last(ago(H).bare()));
    assert_eq!(judged.verdict, Bad);
    assert_eq!(judged.cause, Some(Cause::NoInterval));
    assert_eq!(judged.age, Some(seconds(3_600)));
    // Each beat of a living job would look like another silence.
    assert_eq!(judged.since, None);
    let mut expected = Job::default().last(ago(H).bare());
    expected.interval = every(3_600);
    assert_eq!(judge(&expected).verdict, Fresh);
    // A failure is a failure without an interval too.
    let failed = Job::default().last(ago(H).bare()).fail(ago(0).bare());
    assert_eq!(judge(&failed).verdict, Failed);
}

#[test]
fn the_newest_outcome_counts() {
    for (fail, verdict) in [
        (H + 1, Fresh),
        (H, Fresh),
        (H - 1, Failed),
        (0, Failed),
        (-60_000, Failed),
        (-60_001, Skewed),
    ] {
        let judged = judge(&Job::default().last(ago(H)).fail(ago(fail)));
        assert_eq!(judged.verdict, verdict, "failed {fail} ms ago");
        assert_eq!(judged.last_success, Some(at(NOW - H)));
        if verdict == Failed {
            assert_eq!(judged.since, Some(at(NOW - H)));
            assert_eq!(judged.age, Some(seconds(3_600)));
        }
    }
    // However long ago the success was, and with none at all.
    let silent_too = Job::default().last(ago(100 * H)).fail(ago(99 * H));
    assert_eq!(judge(&silent_too).verdict, Failed);
    let first = judge(&Job::default().fail(ago(99 * H)));
    assert_eq!((first.verdict, first.age), (Failed, None));
    assert_eq!((first.since, first.last_success), (None, None));
    // An older failure does not make a silent job well.
    let silent = Job::default().last(ago(3 * H)).fail(ago(4 * H));
    assert_eq!(judge(&silent).verdict, Silent);
}

#[test]
fn a_failure_is_told_with_what_is_known_of_it() {
    let fail = ago(0).told(Details {
        exit_code: Some(3),
        signal: Some("TERM".into()),
        reason: Some("exit".into()),
        duration: Some(seconds(5)),
        output_tail: Some("tail".into()),
        ..Details::default()
    });
    let judged = judge(&Job::default().fail(fail));
    let expected = Cause::Failure {
        at: at(NOW),
        exit_code: Some(3),
        signal: Some("TERM".into()),
        reason: Some("exit".into()),
        duration: Some(seconds(5)),
        output_tail: Some("tail".into()),
    };
    assert_eq!(judged.cause, Some(expected));
}

#[test]
fn a_file_that_cannot_be_read_never_looks_fresh() {
    let modified = Some(at(NOW - 5 * H));
    for (at_slot, file) in [FileKind::Last, FileKind::Fail, FileKind::Run]
        .into_iter()
        .enumerate()
    {
        let mut files = Job::default().last(ago(0)).fail(ago(H)).run(ago(0)).files();
        let broken = Unreadable {
            kind: UnreadableKind::TooLarge(70_000),
            modified,
        };
        let slots = [&mut files.last, &mut files.fail, &mut files.run];
        for (number, slot) in slots.into_iter().enumerate() {
            if number == at_slot {
                *slot = Some(Box::new(Err(broken.clone())));
            }
        }
        let judged = rules(Job::default().now, |rules| {
            verdict(&Expectation::default(), &files, rules)
        });
        assert_eq!(judged.verdict, Bad, "{file:?}");
        assert!(matches!(&judged.cause, Some(Cause::Unreadable { file: f, .. }) if *f == file));
        assert_eq!(judged.since, modified);
        let last_success = (file != FileKind::Last).then_some(at(NOW));
        assert_eq!(judged.last_success, last_success);
        let interval = (file != FileKind::Last).then(|| every(3_600)).flatten();
        assert_eq!(judged.interval(), interval);
        assert_eq!(judged.age, None);
    }
}

/// A file that nobody mends hides nothing worse, where what it says could not change that.
#[test]
fn what_cannot_be_read_hides_no_silence() {
    let hourly = kit::entry(crate::Timing::Interval(every(3_600).unwrap()));
    let expected = Expectation {
        expected: Some(std::sync::Arc::new(hourly)),
        known_for: Some(Duration::from_secs(9 * 3_600)),
        ..Expectation::default()
    };
    let cases = [
        (FileKind::Fail, Job::default().last(ago(3 * H)), Silent),
        (FileKind::Fail, Job::default().last(ago(H)), Bad),
        (FileKind::Fail, Job::default(), Never),
        (FileKind::Run, Job::default().last(ago(3 * H)), Silent),
        (
            FileKind::Run,
            Job::default().last(ago(H)).fail(ago(0)),
            Failed,
        ),
        // It may be at its first run, or have found nothing to do, or have succeeded.
        (FileKind::Run, Job::default(), Bad),
        (FileKind::Skip, Job::default().last(ago(3 * H)), Bad),
        (
            FileKind::Skip,
            Job::default().last(ago(2 * H)).fail(ago(H)),
            Bad,
        ),
        (FileKind::Last, Job::default().fail(ago(H)), Bad),
    ];
    for (kind, job, told) in cases {
        let mut files = job.files();
        let slot = match kind {
            FileKind::Last => &mut files.last,
            FileKind::Fail => &mut files.fail,
            FileKind::Run => &mut files.run,
            FileKind::Skip => &mut files.skip,
        };
        *slot = Some(Box::new(Err(Unreadable {
            kind: UnreadableKind::TooLarge(70_000),
            modified: None,
        })));
        let judged = rules(job.now, |rules| verdict(&expected, &files, rules));
        assert_eq!(judged.verdict, told, "{kind:?}");
        let names_it =
            matches!(&judged.cause, Some(Cause::Unreadable { file, .. }) if *file == kind);
        assert_eq!(names_it, told != Failed, "{kind:?}");
    }
}

#[test]
fn of_several_that_cannot_be_read_the_success_is_told() {
    let broken = |errno| {
        Some(Box::new(Err(Unreadable {
            kind: UnreadableKind::TooLarge(errno),
            modified: None,
        })))
    };
    let mut files = Job::default().files();
    files.fail = broken(2);
    files.run = broken(3);
    let told = |files: &JobFiles| {
        let judged = rules(Job::default().now, |rules| {
            verdict(&Expectation::default(), files, rules)
        });
        match judged.cause {
            Some(Cause::Unreadable { file, why }) => (file, why),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(told(&files), (FileKind::Fail, UnreadableKind::TooLarge(2)));
    files.last = broken(1);
    assert_eq!(told(&files), (FileKind::Last, UnreadableKind::TooLarge(1)));
    files.last = slot(Some(ago(0)));
    files.fail = None;
    assert_eq!(told(&files), (FileKind::Run, UnreadableKind::TooLarge(3)));
}

#[test]
fn a_beat_from_the_future_says_how_far_and_starts_no_silence() {
    let judged = judge(&Job::default().last(ago(-60_001)));
    assert_eq!(
        judged.cause,
        Some(Cause::Ahead(Duration::from_millis(60_001)))
    );
    assert_eq!(judged.since, None);
    // Also where the interval is unknown, and before a failure of the past.
    assert_eq!(judge(&Job::default().last(ago(-H).bare())).verdict, Skewed);
    assert_eq!(
        judge(&Job::default().last(ago(-H)).fail(ago(H))).verdict,
        Skewed
    );
    let fail_ahead = judge(&Job::default().last(ago(0)).fail(ago(-2 * H)));
    assert_eq!(fail_ahead.cause, Some(Cause::Ahead(seconds(7_200))));
}

#[test]
fn a_time_that_no_marker_can_carry_starts_no_silence() {
    for seconds in [-62_167_219_201, 253_402_300_800] {
        let mut files = Job::default().last(ago(0)).files();
        let beat = Beat {
            timestamp: DateTime::from_timestamp(seconds, 0).unwrap(),
            ..files.last.unwrap().unwrap()
        };
        files.last = Some(Box::new(Ok(beat)));
        let judged = rules(Job::default().now, |rules| {
            verdict(&Expectation::default(), &files, rules)
        });
        assert!(judged.verdict.flagged());
        assert_eq!(judged.since, None, "{seconds}");
        let unreadable = Unreadable {
            kind: UnreadableKind::TooLarge(1),
            modified: DateTime::from_timestamp(seconds, 0),
        };
        files.last = Some(Box::new(Err(unreadable)));
        let judged = rules(Job::default().now, |rules| {
            verdict(&Expectation::default(), &files, rules)
        });
        assert_eq!(judged.since, None, "{seconds}");
    }
}

#[test]
fn flags_words_and_order() {
    let flagged = [Silent, Failed, Hung, Never, Skewed, Bad, Verdict::Idle];
    for verdict in Verdict::ALL {
        assert_eq!(verdict.flagged(), flagged.contains(&verdict), "{verdict}");
        assert_eq!(Verdict::from_word(verdict.word()), Some(verdict));
        assert_eq!(format!("{verdict:>12}").len(), 12);
    }
    assert_eq!(Verdict::from_word("Silent"), None);
    let words = Verdict::ALL.map(Verdict::word).join(" ");
    insta::assert_snapshot!(words, @"fresh waiting late idle skewed unreadable never hung failed silent");
    assert!(Verdict::ALL.is_sorted());
}

#[test]
fn a_job_that_is_expected_and_left_nothing_yet_is_awaited() {
    let job = Job {
        interval: every(3_600),
        ..Job::default()
    };
    let judged = judge(&job);
    assert_eq!((judged.verdict, judged.cause), (Waiting, None));
    assert_eq!((judged.age, judged.since), (None, None));
}
