//! Properties over any times at all.

use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::{Details, Slot, UnreadableKind};
use proptest::option::of;
use proptest::prelude::*;

use super::super::*;
use super::kit::{NOW, boot, rules};

fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    let millis = |range| {
        Strategy::prop_map(range, |ms| {
            DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::<Utc>::MAX_UTC)
        })
    };
    prop_oneof![
        Just(first),
        Just(last),
        Just(DateTime::UNIX_EPOCH),
        millis(first.timestamp_millis()..=last.timestamp_millis()),
        millis(1_700_000_000_000..=1_800_000_000_000),
    ]
}

fn span() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        (0..200_000_000_u64).prop_map(Duration::from_millis),
        any::<u64>().prop_map(Duration::from_secs),
    ]
}

fn stamp() -> impl Strategy<Value = BootStamp> {
    (1..=3_u8, span()).prop_map(|(id, uptime)| BootStamp {
        id: boot(id),
        uptime,
    })
}

fn interval() -> impl Strategy<Value = Interval> {
    let seconds = prop_oneof![1..=34_560_000_u64, 1..=20_000_u64];
    seconds.prop_map(|seconds| Interval::from_seconds(seconds).unwrap())
}

fn beat() -> impl Strategy<Value = Beat> {
    let details = (of(moment()), of(span()), of(any::<u64>()));
    let details = details.prop_map(|(started, timeout, pid)| {
        Box::new(Details {
            started,
            timeout,
            pid,
            ..Details::default()
        })
    });
    (moment(), of(interval()), of(stamp()), of(details)).prop_map(
        |(timestamp, interval, boot, details)| Beat {
            timestamp,
            interval,
            boot,
            details,
        },
    )
}

fn file() -> BoxedStrategy<Slot> {
    let unreadable = of(moment()).prop_map(|modified| Unreadable {
        kind: UnreadableKind::TooLarge(1),
        modified,
    });
    prop_oneof![
        3 => Just(None),
        6 => beat().prop_map(|beat| Some(Box::new(Ok(beat)))),
        1 => unreadable.prop_map(|fault| Some(Box::new(Err(fault)))),
    ]
    .boxed()
}

fn files() -> impl Strategy<Value = JobFiles> {
    (file(), file(), file(), file()).prop_map(|(last, fail, run, skip)| JobFiles {
        job: "job".parse().unwrap(),
        last,
        fail,
        run,
        skip,
    })
}

fn expectation() -> impl Strategy<Value = Expectation> {
    let entry = (interval(), any::<u32>()).prop_map(|(interval, misses)| {
        Arc::new(Expected {
            misses,
            ..super::kit::entry(Timing::Interval(interval))
        })
    });
    (of(entry), of(span())).prop_map(|(expected, known_for)| Expectation {
        expected,
        known_for,
        file_fault: None,
    })
}

fn any_now() -> impl Strategy<Value = Now> {
    (moment(), of(stamp())).prop_map(|(wall, boot)| Now { wall, boot })
}

/// How long this boot has been going, and an earlier one before it.
const BOOT: Duration = Duration::from_millis(3_000_000_000);

/// A beat as an honest writer of this machine leaves it: in the running boot or
/// in the one before, never later than now.
#[derive(Debug, Clone, Copy)]
struct Honest {
    past: Duration,
    this_boot: bool,
    limit: Option<Duration>,
}

fn honest() -> impl Strategy<Value = Honest> {
    let past = 0..3_000_000_000_u64;
    (past, any::<bool>(), of(0..4_000_000_u64)).prop_map(|(past, this_boot, limit)| Honest {
        past: Duration::from_millis(past),
        this_boot,
        limit: limit.map(Duration::from_secs),
    })
}

impl Honest {
    fn beat(&self, every: Interval) -> Beat {
        let before = if self.this_boot { Duration::ZERO } else { BOOT };
        Beat {
            timestamp: super::at(NOW) - self.past - before,
            interval: Some(every),
            boot: Some(BootStamp {
                id: boot(if self.this_boot { 1 } else { 2 }),
                uptime: BOOT - self.past,
            }),
            details: self.limit.map(|limit| {
                Box::new(Details {
                    timeout: Some(limit),
                    ..Details::default()
                })
            }),
        }
    }
}

fn later(by: Duration, wall_set_by_ms: i64) -> Now {
    Now {
        wall: super::at(NOW) + by + TimeDelta::milliseconds(wall_set_by_ms),
        boot: Some(BootStamp {
            id: boot(1),
            uptime: BOOT + by,
        }),
    }
}

type Three = (Option<Honest>, Option<Honest>, Option<Honest>);

fn judge((last, fail, run): Three, every: Interval, now: &Now) -> Judgement {
    let slot = |honest: Option<Honest>| honest.map(|h| Box::new(Ok(h.beat(every))));
    let files = JobFiles {
        job: "job".parse().unwrap(),
        last: slot(last),
        fail: slot(fail),
        run: slot(run),
        skip: None,
    };
    rules(*now, |rules| {
        verdict(&Expectation::default(), &files, rules)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_time_panics(files in files(), expected in expectation(), now in any_now()) {
        let judged = rules(now, |rules| verdict(&expected, &files, rules));
        let key = crate::JobKey::new("h", "root", files.job.clone());
        let state = crate::JobState::new(key, judged.clone());
        // What is flagged can be said.
        prop_assert!(!judged.verdict.flagged() || crate::reason(&state).is_some());
        let _ = (state.ratio(), state.missed());
        // A silence that is told can be written into a marker and found again.
        let marker = crate::Marker::for_job(&state.key, "silent", judged.since, 1);
        let back = crate::Marker::parse(&marker.to_line());
        let millis = |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp_millis());
        prop_assert_eq!(back.map(|back| millis(back.since)), Some(millis(judged.since)));
        // A file that cannot be read never looks well.
        let slots = [&files.last, &files.fail, &files.run, &files.skip];
        let broken = slots.iter().any(|slot| matches!(slot.as_deref(), Some(Err(_))));
        let told = matches!(judged.cause, Some(Cause::Unreadable { .. }));
        prop_assert!(!broken || judged.verdict >= Verdict::Unreadable);
        prop_assert!(!broken || told || judged.verdict > Verdict::Unreadable);
        prop_assert!(broken || !told);
        prop_assert!(judged.verdict != Verdict::Fresh || judged.cause.is_none());
    }

    #[test]
    fn time_alone_never_clears_a_flag(
        three in (of(honest()), of(honest()), of(honest())),
        every in interval(),
        steps in proptest::collection::vec(0..400_000_000_u64, 1..8),
    ) {
        let mut passed = Duration::ZERO;
        let mut flagged = None;
        for step in steps {
            let judged = judge(three, every, &later(passed, 0));
            if let Some(before) = flagged {
                prop_assert!(judged.verdict.flagged(), "{before} became {}", judged.verdict);
            }
            flagged = judged.verdict.flagged().then_some(judged.verdict);
            passed += Duration::from_millis(step);
        }
    }

    #[test]
    fn a_plain_beat_is_silent_beyond_twice_the_interval_and_only_then(
        honest in honest(),
        every in interval(),
        nudge in proptest::option::of(0..=4_u64),
    ) {
        let twice = every.duration() * 2;
        let near = nudge.filter(|_| twice < BOOT - Duration::from_secs(1));
        let near = near.map(|ms| twice + Duration::from_millis(ms) - Duration::from_millis(2));
        let honest = Honest { this_boot: true, past: near.unwrap_or(honest.past), limit: None };
        let judged = judge((Some(honest), None, None), every, &later(Duration::ZERO, 0));
        let expected = if honest.past <= every.duration() {
            Verdict::Fresh
        } else if honest.past <= twice {
            Verdict::Late
        } else {
            Verdict::Silent
        };
        prop_assert_eq!(judged.verdict, expected);
        prop_assert_eq!(judged.age, Some(honest.past));
    }

    #[test]
    fn a_shift_of_the_wall_clock_changes_nothing_within_a_boot(
        (last, fail, run) in (of(honest()), of(honest()), of(honest())),
        every in interval(),
        shift in prop_oneof![-3_000_000_000_000..3_000_000_000_000_i64, -100_000..100_000_i64],
        passed in 0..200_000_000_u64,
    ) {
        let this = |h: Option<Honest>| h.map(|h| Honest { this_boot: true, ..h });
        let three = (this(last), this(fail), this(run));
        let passed = Duration::from_millis(passed);
        let right = judge(three, every, &later(passed, 0));
        let shifted = judge(three, every, &later(passed, shift));
        // A deadline is a moment of the wall clock, and moves with it.
        let ours = |judged| Judgement { deadline: None, ..judged };
        prop_assert_eq!(ours(right), ours(shifted));
    }
}
