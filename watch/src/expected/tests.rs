//! Tests of what is expected of a job: mute windows above all.

use heartbeat::Schedule;

use super::*;
use crate::Zone;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn job() -> Expected {
    let every = Timing::Interval(Interval::from_seconds(86_400).unwrap());
    let place = Written {
        file: Arc::new("/etc/heartbeat/jobs.d/a.toml".into()),
        line: 7,
    };
    Expected::new("root", JobName::new("backup").unwrap(), every, place)
}

fn runs(schedule: &str, zone: &str) -> Arc<Runs> {
    let schedule = Schedule::parse(schedule).unwrap();
    Arc::new(Runs::new(schedule, Zone::named(zone).unwrap()).unwrap())
}

fn every(schedule: &str, zone: &str, hours: u64, reason: &str) -> MuteWindow {
    MuteWindow {
        when: MuteTime::Recurring {
            opens: runs(schedule, zone),
            length: Duration::from_secs(hours * 3_600),
        },
        reason: Some(reason.into()),
    }
}

fn once(from: &str, until: &str, reason: &str) -> MuteWindow {
    MuteWindow {
        when: MuteTime::Once {
            from: at(from),
            until: at(until),
        },
        reason: Some(reason.into()),
    }
}

/// Until when and why it is muted at a moment.
fn told(job: &Expected, now: &str) -> Option<(String, String)> {
    job.muted(at(now)).map(|muted| {
        let until = muted
            .until
            .to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let reason = muted.reason.map(String::from).unwrap_or_default();
        (until, reason)
    })
}

#[test]
fn words_of_severity_read_back() {
    for one in Severity::ALL {
        assert_eq!(Severity::from_word(one.word()), Some(one));
    }
    assert_eq!(Severity::from_word("Critical"), None);
    assert_eq!(format!("<{:>8}>", Severity::Info), "<    info>");
    assert_eq!(Severity::default(), Severity::Warning);
    assert!(Severity::Critical > Severity::Warning);
}

#[test]
fn a_job_without_windows_is_never_muted() {
    assert_eq!(job().muted(at("2026-11-22T00:00:00Z")), None);
}

#[test]
fn a_window_holds_from_its_first_moment_to_the_last_before_its_end() {
    let mut job = job();
    job.mute = vec![once(
        "2026-12-24T00:00:00Z",
        "2026-12-27T00:00:00Z",
        "holidays",
    )];
    let inside = Some(("2026-12-27T00:00:00Z".to_owned(), "holidays".to_owned()));
    for (now, expected) in [
        ("2026-12-23T23:59:59Z", None),
        ("2026-12-24T00:00:00Z", inside.clone()),
        ("2026-12-26T23:59:59Z", inside),
        ("2026-12-27T00:00:00Z", None),
    ] {
        assert_eq!(told(&job, now), expected, "{now}");
    }
}

#[test]
fn a_window_that_recurs_opens_by_the_clock_of_its_zone() {
    let mut job = job();
    // Saturdays at 22:00 in Riga: 20:00 UTC in winter, 19:00 UTC in summer.
    job.mute = vec![every("0 22 * * 6", "Europe/Riga", 8, "reboot")];
    let till = |until: &str| Some((until.to_owned(), "reboot".to_owned()));
    for (now, expected) in [
        ("2026-11-21T19:59:59Z", None),
        ("2026-11-21T20:00:00Z", till("2026-11-22T04:00:00Z")),
        ("2026-11-22T03:59:59Z", till("2026-11-22T04:00:00Z")),
        ("2026-11-22T04:00:00Z", None),
        ("2026-07-18T18:59:59Z", None),
        ("2026-07-18T19:00:00Z", till("2026-07-19T03:00:00Z")),
        // Over the night in which the clock is put back: eight hours are eight.
        ("2026-10-25T02:59:59Z", till("2026-10-25T03:00:00Z")),
        ("2026-10-25T03:00:00Z", None),
    ] {
        assert_eq!(told(&job, now), expected, "{now}");
    }
}

#[test]
fn of_windows_that_overlap_the_longest_is_told() {
    let mut job = job();
    job.mute = vec![
        every("0 1 * * *", "UTC", 1, "short"),
        every("0,30 1 * * *", "UTC", 3, "long"),
        once("2026-11-22T01:00:00Z", "2026-11-22T02:00:00Z", "once"),
    ];
    let now = "2026-11-22T01:10:00Z";
    let long = ("2026-11-22T04:00:00Z".to_owned(), "long".to_owned());
    assert_eq!(told(&job, now), Some(long));
    let later = told(&job, "2026-11-22T01:40:00Z").unwrap();
    assert_eq!(later.0, "2026-11-22T04:30:00Z", "the one that opened last");
    let equal = ["first", "second"]
        .map(|reason| once("2026-11-22T01:00:00Z", "2026-11-22T09:00:00Z", reason));
    let mut more = job.clone();
    more.mute.extend(equal);
    assert_eq!(told(&more, now).unwrap().1, "first");
    job.paused_until = Some(at("2026-12-01T00:00:00Z"));
    job.pause_reason = Some("moving".into());
    let muted = job.muted(at(now)).unwrap();
    assert!(muted.paused);
    assert_eq!(told(&job, now).unwrap().1, "moving");
    // Past, and as if it were not there.
    job.paused_until = Some(at(now));
    assert_eq!(told(&job, now).unwrap().1, "long");
    job.mute.clear();
    assert_eq!(told(&job, now), None);
}

#[test]
fn what_a_run_must_show_has_the_names_of_a_beat() {
    let mut expects = RunExpectations::default();
    assert!(expects.is_empty());
    expects.min_duration = Some(Duration::from_secs(5));
    expects.files.push(FileExpectation {
        path: "/srv/x".into(),
        newer: false,
        min_bytes: None,
    });
    assert_eq!(expects.names(), ["min_duration", "file"]);
    assert!(!expects.is_empty());
}

#[test]
fn words() {
    let mut job = job();
    assert_eq!(job.timing.words(), "every 1d");
    assert_eq!(job.timing.longest_gap(), Some(Duration::from_secs(86_400)));
    job.timing = Timing::Schedule(runs("0 9 * * 1-5", "UTC"));
    assert_eq!(
        job.timing.longest_gap(),
        Some(Duration::from_secs(3 * 86_400))
    );
    assert_eq!(job.place.to_string(), "/etc/heartbeat/jobs.d/a.toml:7");
    let need = |user: &str| Need::Job {
        user: user.into(),
        job: job.job.clone(),
    };
    assert_eq!(need("root").to_string(), "backup");
    assert_eq!(need("postgres").to_string(), "postgres/backup");
    assert_eq!(Need::Host.to_string(), "@host");
}

proptest::proptest! {
    /// While a job is muted it stays so until the moment that is told.
    #[test]
    fn until_then_it_is_muted(
        hours in 1u64..30,
        second in 1_770_000_000i64..1_810_000_000,
        part in 0.0f64..1.0,
    ) {
        let mut job = job();
        job.mute = vec![every("30 2 * * 0", "America/New_York", hours, "x")];
        let now = DateTime::from_timestamp(second, 0).unwrap();
        if let Some(muted) = job.muted(now) {
            let within = now + (muted.until - now).checked_div(1).unwrap() / 1_000 * ((part * 999.0) as i32);
            proptest::prop_assert_eq!(job.muted(within).map(|one| one.until), Some(muted.until));
            proptest::prop_assert!(job.muted(muted.until).is_none());
        }
    }
}
