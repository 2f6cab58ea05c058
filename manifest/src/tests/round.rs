//! What is written reads back as it was.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use heartbeat::{Interval, Schedule};
use proptest::prelude::*;
use watch::{
    Expected, FileExpectation, MuteTime, MuteWindow, Need, RunExpectations, Runs, Severity, Timing,
    Written, Zone,
};

use super::{name_of, one};
use crate::entry;

fn written() -> Written {
    Written {
        file: Arc::new(PathBuf::from("/etc/cron.d/backup")),
        line: 3,
    }
}

#[test]
fn what_adopting_writes() {
    let every = Timing::Interval(Interval::from_seconds(86_400).unwrap());
    let job = Expected {
        about: Some("pg_dumpall > /srv/\"x\".sql".into()),
        ..Expected::new("postgres", name_of("db.backup"), every, written())
    };
    insta::assert_snapshot!(entry(&job));
}

#[test]
fn a_command_as_it_was_found_can_be_what_a_job_is_about() {
    let every = Timing::Interval(Interval::from_seconds(60).unwrap());
    let job = Expected {
        about: Some(format!(" a\tb\n\u{202e}{}", "ü".repeat(2_000)).into()),
        ..Expected::new("root", name_of("a"), every, written())
    };
    let manifest = one(&entry(&job));
    assert!(manifest.faults.is_empty(), "{:?}", manifest.faults);
    let about = manifest.jobs()[0].about.clone().unwrap();
    assert!(about.starts_with("a b  ü") && about.chars().count() == 500);
}

#[test]
fn the_sample_reads_back() {
    let manifest = one(crate::SAMPLE);
    for expected in manifest.jobs() {
        let again = one(&entry(expected));
        assert!(again.faults.is_empty(), "{:#?}", again.faults);
        let mut read = (*again.jobs()[0]).clone();
        read.place = expected.place.clone();
        assert_eq!(&read, &**expected);
    }
}

prop_compose! {
    fn text()(text in "[a-zA-Z\"\\\\'#äß|&;$=., -]{1,40}") -> Option<Box<str>> {
        let text = text.trim();
        (!text.is_empty()).then(|| text.into())
    }
}

prop_compose! {
    fn expectations()(
        output in any::<bool>(),
        text in proptest::option::of("[ -~\t\n]{1,30}"),
        least in proptest::option::of(1u64..100_000),
        files in proptest::collection::vec(("/([a-z. ]|,[A-Z]){1,20}[a-z]", any::<bool>(), proptest::option::of(0u64..1 << 45)), 0..3),
    ) -> RunExpectations {
        RunExpectations {
            output,
            text: text.map(Into::into),
            min_duration: least.map(Duration::from_secs),
            files: files.into_iter().map(|(path, newer, min_bytes)| FileExpectation {
                path: path.into(), newer, min_bytes,
            }).collect(),
        }
    }
}

fn need() -> impl Strategy<Value = Need> {
    prop_oneof![
        Just(Need::Host),
        ("[a-z]{1,8}", "[A-Za-z0-9][A-Za-z0-9._-]{0,20}").prop_map(|(user, job)| Need::Job {
            user: user.into(),
            job: name_of(&job),
        }),
    ]
}

fn runs(text: &str, zone: Zone) -> Arc<Runs> {
    Arc::new(Runs::new(Schedule::parse(text).unwrap(), zone).unwrap())
}

fn zone() -> impl Strategy<Value = Zone> {
    proptest::sample::select(vec!["UTC", "Europe/Riga", "America/New_York"])
        .prop_map(|name| Zone::named(name).unwrap())
}

/// Schedules, one of which names its zone itself.
const SCHEDULES: [&str; 5] = [
    "0 2 * * *",
    "*/15 9-17 * * Mon-Fri",
    "@daily",
    "Mon..Fri 09:00",
    "*-*-1 04:00 Asia/Tokyo",
];

fn timing(zone: Zone) -> impl Strategy<Value = Timing> {
    prop_oneof![
        (1u64..34_560_000).prop_map(|s| Timing::Interval(Interval::from_seconds(s).unwrap())),
        proptest::sample::select(SCHEDULES.to_vec())
            .prop_map(move |text| Timing::Schedule(runs(text, zone))),
    ]
}

fn window(zone: Zone) -> impl Strategy<Value = MuteWindow> {
    let once = (0i64..4_000_000_000, 60i64..1_000_000).prop_map(|(from, length)| MuteTime::Once {
        from: chrono::DateTime::from_timestamp(from, 0).unwrap(),
        until: chrono::DateTime::from_timestamp(from + length, 0).unwrap(),
    });
    let again = (proptest::sample::select(SCHEDULES.to_vec()), 60u64..900).prop_map(
        move |(text, length)| MuteTime::Recurring {
            opens: runs(text, zone),
            length: Duration::from_secs(length),
        },
    );
    (prop_oneof![once, again], text()).prop_map(|(when, reason)| MuteWindow { when, reason })
}

prop_compose! {
    fn timed()(zone in zone())(
        timing in timing(zone),
        mute in proptest::collection::vec(window(zone), 0..3),
    ) -> (Timing, Vec<MuteWindow>) {
        (timing, mute)
    }
}

prop_compose! {
    fn expected()(
        (user, job) in ("[a-z_]{1,8}", "[A-Za-z0-9][A-Za-z0-9._-]{0,30}"),
        (timing, mute) in timed(),
        (misses, grace) in (1u32..=100, proptest::option::of(1u64..100_000)),
        (about, owner) in (text(), text()),
        severity in proptest::sample::select(Severity::ALL.to_vec()),
        labels in proptest::collection::btree_set("[a-z][a-z: ]{0,10}[a-z]", 0..4),
        paused in proptest::option::of(0i64..4_000_000_000),
        expects in expectations(),
        needs in proptest::collection::vec(need(), 0..4),
    ) -> Expected {
        Expected {
            misses,
            grace: grace.map(Duration::from_secs),
            owner,
            severity,
            labels: labels.into_iter().map(Into::into).collect(),
            paused_until: paused.and_then(|at| chrono::DateTime::from_timestamp(at, 0)),
            pause_reason: paused.and(about.clone()),
            about,
            expects,
            needs,
            mute,
            ..Expected::new(&user, name_of(&job), timing, written())
        }
    }
}

proptest! {
    #[test]
    fn any_job_reads_back(job in expected()) {
        let text = entry(&job);
        let manifest = one(&text);
        let mut job = job;
        // A job that needs itself is told, and that need is cut.
        let own = Need::Job { user: job.user.clone(), job: job.job.clone() };
        prop_assume!(!job.needs.contains(&own));
        prop_assert!(manifest.faults.is_empty(), "{text}\n{:#?}", manifest.faults);
        prop_assert_eq!(manifest.jobs().len(), 1);
        job.place = manifest.jobs()[0].place.clone();
        prop_assert_eq!(&*manifest.jobs()[0], &job);
    }
}
