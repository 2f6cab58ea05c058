//! Everything that people read: reasons, titles, spans, markers.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::{FileKind, Interval, UnreadableKind};
use watch::words::{count, moment, span};
use watch::{
    Cause, Due, JobKey, JobState, Judgement, Marker, Outage, OutageKind, Verdict, member_hash,
    reason, splice, storm_title, title,
};

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .unwrap_or_default()
}

fn now() -> DateTime<Utc> {
    at("2026-11-22T02:00:07.412Z")
}

fn key(user: &str, job: &str) -> Option<JobKey> {
    Some(JobKey::new("bezalel", user, job.parse().ok()?))
}

/// An hourly job, last seen well so many minutes ago.
fn told(verdict: Verdict, minutes: Option<i64>, cause: Option<Cause>) -> String {
    let last_success = minutes.map(|minutes| now() - TimeDelta::minutes(minutes));
    let judged = Judgement {
        age: last_success.and_then(|last| (now() - last).to_std().ok()),
        due: Interval::from_seconds(3_600).ok().map(Due::Interval),
        last_success,
        since: last_success,
        cause,
        ..Judgement::new(verdict)
    };
    let state = key("root", "db_backup").map(|key| JobState::new(key, judged));
    let told = state.and_then(|state| reason(&state));
    told.unwrap_or_else(|| "-".into())
}

fn failure(code: Option<i64>, signal: Option<&str>, reason: Option<&str>) -> Option<Cause> {
    Some(Cause::Failure {
        at: now(),
        exit_code: code,
        signal: signal.map(Into::into),
        reason: reason.map(Into::into),
        duration: None,
        output_tail: Some("never told here".into()),
    })
}

fn run(limit: Option<u64>, pid: Option<u64>) -> Option<Cause> {
    Some(Cause::Run {
        started: now() - TimeDelta::minutes(90),
        going: Duration::from_secs(5_400),
        limit: limit.map(Duration::from_secs),
        pid,
        pulse: None,
    })
}

fn unreadable(file: FileKind, why: UnreadableKind) -> String {
    told(
        Verdict::Unreadable,
        None,
        Some(Cause::Unreadable { file, why }),
    )
}

#[test]
fn silences() {
    let lines = [
        told(Verdict::Fresh, Some(1), None),
        told(Verdict::Late, Some(61), None),
        told(Verdict::Late, Some(120), None),
        told(Verdict::Silent, Some(121), None),
        told(Verdict::Silent, Some(4_620), None),
        told(Verdict::Silent, Some(4_620), run(None, None)),
        told(Verdict::Waiting, None, None),
        told(Verdict::Never, None, None),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r"
    -
    no success for 1 h 1 min, 1 run missed
    no success for 2 h, 2 runs missed
    no success for 2 h 1 min, 2 runs missed
    no success for 3 d 5 h, 77 runs missed
    no success for 3 d 5 h, 77 runs missed; a run that started at 2026-11-22 00:30:07 UTC has not ended
    expected, no beat yet
    expected, and there has never been a beat
    ");
}

#[test]
fn a_silence_without_an_interval_counts_no_runs() {
    let Some(key) = key("root", "db_backup") else {
        panic!("this is a name");
    };
    let judged = Judgement {
        age: Some(Duration::from_secs(7_200)),
        last_success: Some(now()),
        ..Judgement::new(Verdict::Silent)
    };
    let told = reason(&JobState::new(key, judged)).unwrap_or_default();
    insta::assert_snapshot!(told, @"no success for 2 h");
}

#[test]
fn failures() {
    let lines = [
        failure(Some(3), None, None),
        failure(Some(3), None, Some("exit")),
        failure(Some(124), None, Some("no_output")),
        failure(None, Some("SIGKILL"), Some("signal")),
        failure(Some(137), Some("SIGKILL"), None),
        failure(None, None, Some("not_started")),
        failure(None, None, None),
        failure(None, None, Some("a\nb\u{1b}[31m|`<!-- @all -->")),
        failure(None, None, Some("\u{202e}a\u{2028}b\u{2066}c\u{200f}d é")),
        failure(None, Some(&"x".repeat(300)), None),
    ];
    let lines = lines.map(|cause| told(Verdict::Failed, Some(90), cause));
    insta::assert_snapshot!(lines.join("\n"), @r"
    failed at 2026-11-22 02:00:07 UTC: exit code 3
    failed at 2026-11-22 02:00:07 UTC: exit code 3
    failed at 2026-11-22 02:00:07 UTC: it printed nothing, and should, exit code 124
    failed at 2026-11-22 02:00:07 UTC: ended by signal SIGKILL
    failed at 2026-11-22 02:00:07 UTC: ended by signal SIGKILL
    failed at 2026-11-22 02:00:07 UTC: it could not be started
    failed at 2026-11-22 02:00:07 UTC: no reason given
    failed at 2026-11-22 02:00:07 UTC: a b [31m|`<!-- @all -->
    failed at 2026-11-22 02:00:07 UTC:  a b c d é
    failed at 2026-11-22 02:00:07 UTC: ended by signal xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ");
    let timed = Cause::Failure {
        at: now(),
        exit_code: Some(1),
        signal: None,
        reason: None,
        duration: Some(Duration::from_millis(92_500)),
        output_tail: None,
    };
    insta::assert_snapshot!(told(Verdict::Failed, None, Some(timed)), @"failed at 2026-11-22 02:00:07 UTC: exit code 1 after 1 min 32 s");
}

#[test]
fn runs() {
    let lines = [
        told(Verdict::Hung, Some(90), run(Some(600), Some(4_711))),
        told(Verdict::Hung, None, run(None, None)),
        told(Verdict::Never, None, run(None, Some(4_711))),
        told(Verdict::Waiting, None, run(None, Some(4_711))),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r"
    a run that started at 2026-11-22 00:30:07 UTC, process 4711 has been going for 1 h 30 min; its limit is 10 min
    a run that started at 2026-11-22 00:30:07 UTC has been going for 1 h 30 min
    a run that started at 2026-11-22 00:30:07 UTC, process 4711 never ended, and there was no success before or since
    a run that started at 2026-11-22 00:30:07 UTC, process 4711 is the first
    ");
}

#[test]
fn runs_that_say_that_they_are_at_work_signs_and_outages() {
    let pulse = |limit| match run(Some(limit), Some(4_711)) {
        Some(Cause::Run {
            started,
            going,
            limit,
            pid,
            ..
        }) => Some(Cause::Run {
            started,
            going,
            limit,
            pid,
            pulse: Some(Duration::from_secs(1_500)),
        }),
        other => other,
    };
    let outage = Outage {
        kind: OutageKind::Off,
        from: Some(at("2026-11-21T18:00:00Z")),
        to: at("2026-11-22T01:30:00Z"),
        lost: Duration::from_secs(27_000),
    };
    let idle = |reason: Option<&str>| Cause::Idle {
        since: Duration::from_secs(40_000),
        reason: reason.map(Into::into),
    };
    let lines = [
        told(Verdict::Hung, Some(90), pulse(36_000)),
        told(Verdict::Late, Some(190), pulse(36_000)),
        told(Verdict::Idle, Some(700), Some(idle(None))),
        told(Verdict::Idle, Some(700), Some(idle(Some("no new\nfiles")))),
        told(
            Verdict::Late,
            Some(500),
            Some(Cause::CatchingUp {
                outage,
                until: at("2026-11-22T02:30:00Z"),
            }),
        ),
        told(
            Verdict::Unreadable,
            Some(5),
            Some(Cause::Schedule("an hour goes from 0 to 23".into())),
        ),
        told(
            Verdict::Failed,
            None,
            failure(Some(0), None, Some("file_old")),
        ),
        told(Verdict::Failed, None, failure(None, None, Some("killed"))),
        told(
            Verdict::Failed,
            None,
            failure(Some(124), None, Some("timeout")),
        ),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r"
    a run that started at 2026-11-22 00:30:07 UTC, process 4711 has not said for 25 min that it is at work
    no success for 3 h 10 min, 3 runs missed; a run that started at 2026-11-22 00:30:07 UTC is at work
    it runs, and has found nothing to do for 11 h 6 min
    it runs, and has found nothing to do for 11 h 6 min: no new files
    no success for 8 h 20 min, 8 runs missed; the host was off between 2026-11-21 18:00:00 UTC and 2026-11-22 01:30:00 UTC (up to 7 h 30 min), and it may catch up until 2026-11-22 02:30:00 UTC
    its beat carries a schedule that makes no sense: an hour goes from 0 to 23
    failed at 2026-11-22 02:00:07 UTC: a file that it should leave is not new
    failed at 2026-11-22 02:00:07 UTC: it was killed, and beat with it
    failed at 2026-11-22 02:00:07 UTC: it ran into its time limit, exit code 124
    ");
}

#[test]
fn beats_that_say_nothing() {
    let lines = [
        unreadable(FileKind::Last, UnreadableKind::NotAFile("a FIFO")),
        unreadable(FileKind::Fail, UnreadableKind::TooLarge(70_000)),
        unreadable(FileKind::Run, UnreadableKind::Newer(2)),
        unreadable(FileKind::Last, UnreadableKind::WrongJob("a\n`b`".into())),
        unreadable(
            FileKind::Last,
            UnreadableKind::Owner {
                found: "mallory".into(),
                expected: "postgres".into(),
            },
        ),
        unreadable(
            FileKind::Last,
            UnreadableKind::Content("it is cut off".into()),
        ),
        told(Verdict::Unreadable, Some(5), Some(Cause::NoInterval)),
        told(
            Verdict::Skewed,
            None,
            Some(Cause::Ahead(Duration::from_secs(7_200))),
        ),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    its .last file is a FIFO, not a regular file
    its .fail file is 70000 bytes long; at most 65536 are read
    its .run file was written by a newer version (format 2; this program reads up to 1)
    its .last file names another job, "a `b`"
    its .last file belongs to mallory, but its place in the store is postgres's
    its .last file is not readable: it is cut off
    its beat carries no interval, so nobody can say when it is late; add --every
    its beat lies 2 h in the future: a clock was wrong, or the beat was not left by beat
    "#);
}

#[test]
fn titles() {
    let flagged = Verdict::ALL.into_iter().filter(|v| v.flagged());
    let (Some(root), Some(other)) = (key("root", "db_backup"), key("postgres", "vacuum")) else {
        panic!("these are names");
    };
    let mut lines: Vec<_> = flagged.map(|verdict| title(&root, verdict)).collect();
    lines.push(title(&other, Verdict::Silent));
    lines.push(storm_title("bezalel"));
    insta::assert_snapshot!(lines.join("\n"), @r"
    [heartbeat-checker] db_backup runs and does nothing on bezalel
    [heartbeat-checker] db_backup has a beat from the future on bezalel
    [heartbeat-checker] db_backup has a beat that cannot be read on bezalel
    [heartbeat-checker] db_backup never succeeded on bezalel
    [heartbeat-checker] db_backup hangs on bezalel
    [heartbeat-checker] db_backup failed on bezalel
    [heartbeat-checker] db_backup is silent on bezalel
    [heartbeat-checker] vacuum (postgres) is silent on bezalel
    [heartbeat-checker] many jobs need attention on bezalel
    ");
}

#[test]
fn spans_moments_and_counts() {
    let spans = [
        0, 1, 59, 60, 61, 599, 600, 601, 3_599, 3_600, 3_660, 35_940, 86_399, 86_400, 90_000,
        8_639_999, 8_640_000, 34_560_000,
    ];
    let lines = spans.map(|seconds| format!("{seconds}: {}", span(Duration::from_secs(seconds))));
    insta::assert_snapshot!(lines.join("\n"), @r"
    0: 0 s
    1: 1 s
    59: 59 s
    60: 1 min
    61: 1 min 1 s
    599: 9 min 59 s
    600: 10 min
    601: 10 min
    3599: 59 min
    3600: 1 h
    3660: 1 h 1 min
    35940: 9 h 59 min
    86399: 23 h 59 min
    86400: 1 d
    90000: 1 d 1 h
    8639999: 99 d 23 h
    8640000: 100 d
    34560000: 400 d
    ");
    insta::assert_snapshot!(span(Duration::MAX), @"213503982334601 d");
    insta::assert_snapshot!(span(Duration::from_millis(999)), @"0 s");
    insta::assert_snapshot!(moment(now()), @"2026-11-22 02:00:07 UTC");
    let counts = [0, 1, 2].map(|n| count(n, "run", "runs")).join(", ");
    insta::assert_snapshot!(counts, @"0 runs, 1 run, 2 runs");
}

#[test]
fn markers() {
    let (Some(root), Some(other)) = (key("root", "db-backup--x"), key("postgres", "vacuum")) else {
        panic!("these are names");
    };
    let job = Marker::for_job(&root, "silent", Some(now()), 3);
    let storm = Marker::for_storm("bezalel", vec![member_hash(&root)], Some(now()), 1);
    let many = Marker::for_storm("bezalel", vec![String::new(); 2_501], None, 1);
    let lines = [
        job.to_line(),
        job.event(),
        Marker::for_job(&other, "never", None, 1).to_line(),
        storm.to_line(),
        many.to_line(),
        job.next("recovered").to_line(),
        job.next("reco--> <b>vered").event(),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    <!-- heartbeat-checker {"v":1,"host":"bezalel","user":"root","job":"db-backup\u002d-x","kind":"silent","since":"2026-11-22T02:00:07.412Z","rev":3} -->
    <!-- heartbeat-checker event 3 silent -->
    <!-- heartbeat-checker {"v":1,"host":"bezalel","user":"postgres","job":"vacuum","kind":"never","rev":1} -->
    <!-- heartbeat-checker {"v":1,"host":"bezalel","storm":["a9bf6f210550"],"kind":"storm","since":"2026-11-22T02:00:07.412Z","rev":1} -->
    <!-- heartbeat-checker {"v":1,"host":"bezalel","everything":true,"kind":"storm","rev":1} -->
    <!-- heartbeat-checker {"v":1,"host":"bezalel","user":"root","job":"db-backup\u002d-x","kind":"recovered","since":"2026-11-22T02:00:07.412Z","rev":4} -->
    <!-- heartbeat-checker event 4 recobvered -->
    "#);
    insta::assert_snapshot!(job.block("Text.\n\n"), @r#"
    <!-- heartbeat-checker {"v":1,"host":"bezalel","user":"root","job":"db-backup\u002d-x","kind":"silent","since":"2026-11-22T02:00:07.412Z","rev":3} -->
    Text.
    <!-- /heartbeat-checker -->
    "#);
}

#[test]
fn an_end_marker_in_the_text_ends_nothing() {
    let Some(key) = key("root", "db_backup") else {
        panic!("this is a name");
    };
    let end = "<!-- /heartbeat-checker -->";
    let old = Marker::for_job(&key, "failed", None, 1);
    let nested = format!("<!-- /heartbeat-ch{end}ecker -->");
    for text in [end.to_owned(), format!("a\n{end}\nb\n{end}{end}"), nested] {
        let body = format!("{}\n\nA note.", old.block(&text));
        assert_eq!(body.matches(end).count(), 1, "{body}");
        let new = old.next("hung").block("new");
        assert_eq!(splice(&body, &new), format!("{new}\n\nA note."));
    }
}

#[test]
fn what_a_marker_cannot_carry_it_leaves_out() {
    let Some(key) = key("root", "db_backup") else {
        panic!("this is a name");
    };
    for (since, kept) in [
        (DateTime::<Utc>::MAX_UTC, false),
        (DateTime::<Utc>::MIN_UTC, false),
        (at("0000-01-01T00:00:00Z"), true),
        (at("9999-12-31T23:59:59.999Z"), true),
        // A leap second.
        (at("2016-12-31T23:59:60.500Z"), true),
    ] {
        let marker = Marker::for_job(&key, "silent", Some(since), 1);
        let back = Marker::parse(&marker.to_line());
        let since = kept.then_some(since);
        assert_eq!(back, Some(Marker { since, ..marker }));
    }
    let newest = Marker::for_job(&key, "silent", None, u32::MAX);
    assert_eq!(newest.next("failed").rev, u32::MAX);
}

#[test]
fn a_marker_with_anything_wrong_is_none() {
    let parse = |json: &str| Marker::parse(&format!("<!-- heartbeat-checker {json} -->"));
    let good = r#"{"v":1,"host":"h","user":"u","job":"j","kind":"silent"}"#;
    assert!(parse(good).is_some_and(|marker| marker.rev == 0 && marker.since.is_none()));
    assert!(parse(r#"{"v":1,"host":"h","everything":true,"kind":"storm"}"#).is_some());
    assert!(
        Marker::parse(&format!(
            "\u{feff}<!-- heartbeat-checker {good} -->\r\ntext"
        ))
        .is_some()
    );
    for bad in [
        r#"{"v":1,"host":"h","kind":"silent"}"#,
        r#"{"v":1,"host":"h","user":"u","kind":"silent"}"#,
        r#"{"v":1,"host":"h","job":"j","kind":"silent"}"#,
        r#"{"v":1,"host":"h","user":"u","job":"j","storm":[],"kind":"silent"}"#,
        r#"{"v":1,"user":"u","job":"j","kind":"silent"}"#,
        r#"{"v":1,"host":"h","user":"u","job":"j"}"#,
        r#"{"v":1,"host":"h","user":"u","job":"j","kind":"silent","since":"soon"}"#,
        r#"{"v":1,"host":"h","user":"u","job":"j","kind":"silent","rev":-1}"#,
        r#"{"v":1,"host":"h","everything":false,"kind":"storm"}"#,
    ] {
        assert_eq!(parse(bad), None, "{bad}");
    }
    let open_ended = format!("<!-- heartbeat-checker {good}");
    assert_eq!(Marker::parse(&open_ended), None);
}

#[test]
fn hashes_of_members_are_stable_and_differ() {
    let hash = |user: &str, job: &str| {
        key(user, job)
            .map(|key| member_hash(&key))
            .unwrap_or_default()
    };
    insta::assert_snapshot!(hash("root", "db_backup"), @"13723ef13bbd");
    insta::assert_snapshot!(hash("postgres", "vacuum"), @"04c0644cc265");
    // User and name do not run into one another.
    assert_ne!(hash("a", "bc"), hash("ab", "c"));
    let jobs: std::collections::HashSet<_> = (0..20_000)
        .map(|n| hash("root", &format!("job{n}")))
        .collect();
    assert_eq!(jobs.len(), 20_000);
    assert!(jobs.iter().all(|hash| hash.len() == 12));
}
