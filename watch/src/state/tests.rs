//! The order of the jobs, and what is kept of each.

use heartbeat::{JobName, Schedule};

use super::*;
use crate::Verdict::{Failed, Fresh, Hung, Late, Never, Silent, Skewed, Unreadable, Waiting};
use crate::{Runs, Zone};

fn state(job: &str, verdict: Verdict, age_ms: Option<u64>, every: Option<u64>) -> JobState {
    let judged = Judgement {
        age: age_ms.map(Duration::from_millis),
        due: every.map(|seconds| Due::Interval(Interval::from_seconds(seconds).unwrap())),
        last_success: age_ms.map(|_| DateTime::UNIX_EPOCH),
        since: age_ms.map(|_| DateTime::UNIX_EPOCH),
        ..Judgement::new(verdict)
    };
    JobState::new(key("root", job), judged)
}

fn key(user: &str, job: &str) -> JobKey {
    JobKey::new("h", user, job.parse::<JobName>().unwrap())
}

fn names(states: &[JobState]) -> Vec<String> {
    states.iter().map(|s| s.key.shown().to_string()).collect()
}

#[test]
fn ratio_and_missed_runs() {
    for (age_ms, every, ratio, missed) in [
        (Some(0), Some(3_600), Some(0.0), Some(0)),
        (Some(1_800_000), Some(3_600), Some(0.5), Some(0)),
        (Some(3_600_000), Some(3_600), Some(1.0), Some(1)),
        (
            Some(7_199_999),
            Some(3_600),
            Some(7_199.999 / 3_600.0),
            Some(1),
        ),
        (Some(7_200_000), Some(3_600), Some(2.0), Some(2)),
        (Some(90_000), Some(1), Some(90.0), Some(90)),
        (None, Some(3_600), None, None),
        (Some(5), None, None, None),
    ] {
        let state = state("a", Silent, age_ms, every);
        assert_eq!(state.ratio(), ratio, "{age_ms:?} {every:?}");
        assert_eq!(state.missed(), missed, "{age_ms:?} {every:?}");
    }
    // The age of a first run that never ended counts no missed runs.
    let mut first = state("a", Hung, Some(7_200_000), Some(3_600));
    first.last_success = None;
    assert_eq!((first.ratio(), first.missed()), (Some(2.0), None));
}

#[test]
fn how_often_and_what_was_missed_of_a_schedule() {
    let schedule = Schedule::parse("0 2 * * *").unwrap();
    let runs: Arc<Runs> = Runs::new(schedule, Zone::utc()).unwrap().into();
    for (missed, last, since_known, since_last) in [
        (None, None, None, None),
        (Some(0), None, None, None),
        (Some(1), None, Some(1), None),
        (Some(7), None, Some(7), None),
        (Some(7), Some(DateTime::UNIX_EPOCH), Some(7), Some(7)),
        (Some(0), Some(DateTime::UNIX_EPOCH), None, Some(0)),
    ] {
        let judged = Judgement {
            due: Some(Due::Runs(Arc::clone(&runs))),
            missed,
            last_success: last,
            ..Judgement::new(Never)
        };
        let state = JobState::new(key("root", "a"), judged);
        assert_eq!(state.every().as_deref(), Some("0 2 * * *"));
        assert_eq!(state.missed_since_known(), since_known, "{missed:?}");
        assert_eq!(state.missed(), since_last, "{missed:?}");
    }
    let daily = state("a", Never, None, Some(86_400));
    assert_eq!(daily.every().as_deref(), Some("1d"));
    assert_eq!(daily.missed_since_known(), None);
    assert_eq!(state("a", Unreadable, None, None).every(), None);
}

#[test]
fn the_detail_is_kept_for_what_is_flagged_or_has_a_cause() {
    for verdict in Verdict::ALL {
        let state = state("a", verdict, Some(1), None);
        assert_eq!(state.detail.is_some(), verdict.flagged(), "{verdict}");
        assert_eq!(state.since().is_some(), verdict.flagged());
        assert_eq!(state.flagged(), verdict.flagged());
        assert_eq!(state.cause(), None);
    }
    let judged = Judgement {
        cause: Some(Cause::NoInterval),
        ..Judgement::new(Waiting)
    };
    let waiting = JobState::new(key("root", "a"), judged);
    assert_eq!(waiting.cause(), Some(&Cause::NoInterval));
}

#[test]
fn the_worst_come_first() {
    let hours = |n: u64| Some(n * 3_600_000);
    let mut states = vec![
        state("a-fresh", Fresh, hours(0), Some(3_600)),
        state("b-waiting", Waiting, None, Some(3_600)),
        state("c-late", Late, hours(2), Some(3_600)),
        state("d-skewed", Skewed, None, Some(3_600)),
        state("e-unreadable", Unreadable, None, None),
        state("f-never", Never, hours(3), Some(3_600)),
        state("g-hung", Hung, hours(1), Some(3_600)),
        state("h-failed", Failed, hours(1), Some(3_600)),
        state("i-silent", Silent, hours(3), Some(3_600)),
        state("j-more-silent", Silent, hours(9), Some(3_600)),
        // Silent for longer, but of a job that runs less often.
        state("k-rare", Silent, hours(50), Some(86_400)),
        state("b-silent-too", Silent, hours(3), Some(3_600)),
    ];
    states.reverse();
    worst_first(&mut states);
    insta::assert_snapshot!(names(&states).join("\n"), @r"
    j-more-silent
    b-silent-too
    i-silent
    k-rare
    h-failed
    g-hung
    f-never
    e-unreadable
    d-skewed
    c-late
    b-waiting
    a-fresh
    ");
    // To a thousandth of the interval, and then by name.
    let close = |name, age_ms| state(name, Silent, Some(age_ms), Some(1_000));
    let mut states = vec![
        close("b", 3_000_999),
        close("a", 3_000_000),
        close("c", 3_001_000),
    ];
    worst_first(&mut states);
    assert_eq!(names(&states), ["c", "a", "b"]);
}

#[test]
fn a_job_seen_twice_is_kept_once_and_namesakes_are_kept() {
    let one = || state("a", Silent, Some(9_000), Some(1));
    let mut namesake = one();
    namesake.key = key("postgres", "a");
    let mut states = vec![one(), namesake, one()];
    worst_first(&mut states);
    assert_eq!(names(&states), ["a (postgres)", "a"]);
}

#[test]
fn keys_as_people_know_them() {
    let shown = [key("root", "db"), key("postgres", "db"), key("", "db")];
    let shown = shown.map(|key| key.shown().to_string()).join(", ");
    insta::assert_snapshot!(shown, @"db, db (postgres), db ()");
    let key = key("postgres", "db");
    assert_eq!((key.host(), key.user()), ("h", "postgres"));
}
