//! Tables for what the beats say about the clock.

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::{JobKey, Judgement};

fn wall() -> DateTime<Utc> {
    "2026-11-22T02:00:00Z".parse().unwrap()
}

fn state(verdict: Verdict, cause: Option<Cause>) -> JobState {
    let judged = Judgement {
        last_success: Some(wall()),
        cause,
        ..Judgement::new(verdict)
    };
    JobState::new(JobKey::new("h", "root", "job".parse().unwrap()), judged)
}

fn ahead(seconds: u64) -> JobState {
    let cause = Cause::Ahead(Duration::from_secs(seconds));
    state(Verdict::Skewed, Some(cause))
}

fn well() -> JobState {
    state(Verdict::Fresh, None)
}

fn evidence(states: &[(JobState, bool)]) -> ClockEvidence {
    let mut evidence = ClockEvidence::default();
    for (state, trusted) in states {
        evidence.add(state, *trusted);
    }
    evidence
}

fn counted(well_ones: usize, ahead_ones: usize) -> ClockEvidence {
    let mut states = vec![(well(), true); well_ones];
    states.extend(vec![(ahead(100), true); ahead_ones]);
    evidence(&states)
}

#[test]
fn more_than_half_in_the_future_is_a_wrong_clock() {
    for (well_ones, ahead_ones, wrong) in [
        (0, 0, false),
        (1, 0, false),
        (0, 1, true),
        (1, 1, false),
        (1, 2, true),
        (2, 2, false),
        (50, 49, false),
        (49, 50, true),
    ] {
        let evidence = counted(well_ones, ahead_ones);
        let most = ClockFault::Most {
            ahead: ahead_ones,
            beats: well_ones + ahead_ones,
        };
        let expected = wrong.then_some(most);
        assert_eq!(evidence.fault(), expected, "{well_ones}, {ahead_ones}");
    }
}

/// Otherwise any user could stop the watch, with as many beats from the future as it
/// takes, on a host where the checker has not left its own yet.
#[test]
fn other_users_are_not_asked_where_the_owner_of_the_store_has_jobs() {
    let strange = (ahead(80), false);
    for (owners, wrong) in [
        (vec![], true),
        (vec![(well(), true)], false),
        (vec![(ahead(80), true), (ahead(80), true)], true),
        (vec![(well(), true), (ahead(80), true)], false),
    ] {
        let strange = vec![strange.clone(); 5];
        let mut evidence = evidence(&[owners.clone(), strange].concat());
        assert_eq!(evidence.fault().is_some(), wrong, "{owners:?}");
        // The checker's own beat is no job of the owner's.
        evidence.add_own(&well(), wall() - TimeDelta::hours(1));
        assert_eq!(evidence.own_in_past, Some(false));
        assert_eq!(evidence.fault().is_some(), wrong, "{owners:?}");
    }
}

/// A job of the owner's that cannot be read is no witness, whatever came before it.
#[test]
fn other_users_are_asked_where_the_owner_has_nothing_to_say() {
    let strange = vec![(ahead(80), false); 5];
    let unreadable = vec![(state(Verdict::Unreadable, None), true)];
    let evidence = evidence(&[strange, unreadable].concat());
    assert_eq!((evidence.trusted, evidence.others), (0, (5, 5)));
    assert!(evidence.fault().is_some());
}

#[test]
fn more_than_a_day_ahead_is_a_wrong_clock_if_the_owner_of_the_store_says_so() {
    for (seconds, trusted, wrong) in [
        (86_400, true, false),
        (86_401, true, true),
        (86_401, false, false),
        (u64::MAX, false, false),
    ] {
        let strange = (ahead(seconds), trusted);
        let evidence = evidence(&[(well(), true), (well(), true), strange.clone()]);
        let far = ClockFault::Furthest(Duration::from_secs(seconds));
        assert_eq!(evidence.fault(), wrong.then_some(far), "{seconds} s");
    }
    let two = evidence(&[
        (well(), true),
        (well(), true),
        (ahead(90_000), true),
        (ahead(80), true),
    ]);
    assert_eq!(two.furthest, Some(Duration::from_secs(90_000)));
}

#[test]
fn every_verdict_but_the_unreadable_bears_witness() {
    for verdict in Verdict::ALL {
        let counted = evidence(&[(state(verdict, None), true)]).beats;
        assert_eq!(
            counted,
            usize::from(verdict != Verdict::Unreadable),
            "{verdict}"
        );
    }
    // A beat without an interval has a time all the same.
    let no_interval = state(Verdict::Unreadable, Some(Cause::NoInterval));
    let evidence = evidence(&[
        (no_interval.clone(), true),
        (no_interval, true),
        (ahead(99), true),
    ]);
    assert_eq!((evidence.beats, evidence.ahead), (3, 1));
    assert_eq!(evidence.fault(), None);
}

#[test]
fn an_own_beat_of_the_past_vouches_for_the_clock() {
    for (own_in_past, wrong) in [(None, true), (Some(false), true), (Some(true), false)] {
        let mut evidence = evidence(&[(ahead(1_000_000), true), (ahead(70), true)]);
        evidence.own_in_past = own_in_past;
        assert_eq!(evidence.fault().is_some(), wrong, "{own_in_past:?}");
    }
}

#[test]
fn the_own_beat_is_held_against_the_wall_clock_whatever_the_boot_clock_says() {
    // Its verdict is fresh each time: it was left in this boot.
    for (ahead_ms, in_past, furthest) in [
        (-900_000, true, None),
        (0, true, None),
        (60_000, true, None),
        (60_001, false, Some(60_001)),
        (86_400_000, false, Some(86_400_000)),
        (63_072_000_000, false, Some(63_072_000_000)),
    ] {
        let now = wall() - TimeDelta::milliseconds(ahead_ms);
        let mut evidence = ClockEvidence::default();
        evidence.add_own(&well(), now);
        assert_eq!(evidence.own_in_past, Some(in_past), "{ahead_ms} ms");
        assert_eq!(evidence.furthest, furthest.map(Duration::from_millis));
        assert_eq!(evidence.beats, 1);
        let set_back = ahead_ms > 86_400_000;
        assert_eq!(evidence.fault().is_some(), set_back, "{ahead_ms} ms");
    }
    // The furthest of all is kept, and a checker that never passed is no witness.
    let mut evidence = evidence(&[(ahead(100_000), true)]);
    let before = wall() - TimeDelta::seconds(90_000);
    evidence.add_own(&well(), before);
    assert_eq!(evidence.furthest, Some(Duration::from_secs(100_000)));
    let mut never = well();
    never.last_success = None;
    let mut evidence = ClockEvidence::default();
    evidence.add_own(&never, wall());
    assert_eq!(evidence.own_in_past, None);
    // No time is out of reach.
    evidence.add_own(&well(), DateTime::<Utc>::MIN_UTC);
    evidence.add_own(&well(), DateTime::<Utc>::MAX_UTC);
}

#[test]
fn faults_in_words() {
    let most = ClockFault::Most { ahead: 3, beats: 5 };
    insta::assert_snapshot!(most, @"3 of 5 beats lie in the future");
    let far = ClockFault::Furthest(Duration::from_secs(31_536_000));
    insta::assert_snapshot!(far, @"the newest beat is 365 d ahead of the clock");
}
