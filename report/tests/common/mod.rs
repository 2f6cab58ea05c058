//! Nights to look at: what was seen on a host called bezalel at one moment.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses a part of it, and a test may fail"
)]

pub(crate) mod full;
pub(crate) mod host;

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::{FileKind, Finding, Interval, UnreadableKind};
use manifest::Manifest;
use report::gather::Seen;
use report::kept::Found;
use report::record::Recorded;
use watch::{
    Cause, Delivery, DeliveryOutcome, Due, FindingLine, IssueLink, JobKey, JobLine, JobState,
    Judgement, Now, PassRecord, Summary, Verdict,
};

pub(crate) const HOST: &str = "bezalel";
pub(crate) const MINUTE: u64 = 60;
pub(crate) const HOUR: u64 = 3_600;
pub(crate) const DAY: u64 = 86_400;

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-22T06:00:07Z".parse().unwrap()
}

pub(crate) fn ago(seconds: u64) -> DateTime<Utc> {
    now() - TimeDelta::seconds(seconds as i64)
}

/// A job that last succeeded `age` seconds ago.
pub(crate) fn job(name: &str, verdict: Verdict, age: u64, every: u64) -> JobState {
    job_of("root", name, verdict, age, every, None)
}

pub(crate) fn job_of(
    user: &str,
    name: &str,
    verdict: Verdict,
    age: u64,
    every: u64,
    cause: Option<Cause>,
) -> JobState {
    let judged = Judgement {
        age: Some(Duration::from_secs(age)),
        due: Interval::from_seconds(every).ok().map(Due::Interval),
        last_success: Some(ago(age)),
        since: Some(ago(age)),
        cause,
        ..Judgement::new(verdict)
    };
    JobState::new(JobKey::new(HOST, user, name.parse().unwrap()), judged)
}

/// A job of which nothing but the cause is known.
pub(crate) fn odd(name: &str, verdict: Verdict, cause: Option<Cause>) -> JobState {
    let judged = Judgement {
        cause,
        ..Judgement::new(verdict)
    };
    JobState::new(JobKey::new(HOST, "root", name.parse().unwrap()), judged)
}

pub(crate) fn failure(age: u64, reason: &str) -> Cause {
    Cause::Failure {
        at: ago(age),
        exit_code: Some(3),
        signal: None,
        reason: Some(reason.into()),
        duration: Some(Duration::from_secs(4)),
        output_tail: None,
    }
}

/// The record of a pass `age` seconds ago.
pub(crate) fn record(age: u64) -> PassRecord {
    PassRecord {
        v: 1,
        tool: "beat-check 0.1.0".into(),
        host: HOST.into(),
        now: ago(age).to_rfc3339(),
        exit_code: 0,
        summary: Summary::default(),
        problems: Vec::new(),
        jobs: Vec::new(),
        findings: Vec::new(),
        deliveries: Vec::new(),
        outages: Vec::new(),
    }
}

pub(crate) fn issue(user: &str, name: &str, verdict: Verdict, number: u64) -> JobLine {
    JobLine {
        job: name.into(),
        user: user.into(),
        verdict: verdict.word().into(),
        age_seconds: Some(0.0),
        interval_seconds: Some(DAY as u32),
        flagged: true,
        issue: Some(IssueLink {
            number,
            url: format!("https://git.example.org/ops/watch/issues/{number}"),
        }),
        ..JobLine::default()
    }
}

/// What was seen, with this record and these jobs.
pub(crate) fn seen(record: Option<PassRecord>, states: Vec<JobState>) -> Seen {
    Seen {
        host: HOST.into(),
        now: Now {
            wall: now(),
            boot: None,
        },
        stores: vec![("/var/lib/heartbeats".into(), None)],
        states,
        findings: Vec::new(),
        recorded: Recorded {
            path: PathBuf::from("/var/lib/beat-check/last-pass.json"),
            found: record.map_or(Found::Missing, |record| Found::Record(Box::new(record))),
            owner: Some("heartbeat".into()),
        },
        trusted: vec!["heartbeat".into(), "root".into()],
        owners: vec!["root".into()],
        manifest: Manifest::default(),
        config_fault: None,
        zone_unknown: false,
        coverage: report::coverage::Read {
            path: PathBuf::from(watch::COVERAGE_FILE),
            found: Found::Missing,
        },
    }
}

/// The watch's own jobs, when all is well.
pub(crate) fn own() -> Vec<JobState> {
    vec![
        job_of(
            "heartbeat",
            "beat-check",
            Verdict::Fresh,
            7 * MINUTE,
            15 * MINUTE,
            None,
        ),
        job_of("heartbeat", "beat-report", Verdict::Fresh, DAY, DAY, None),
    ]
}

fn with_own(mut states: Vec<JobState>) -> Vec<JobState> {
    states.extend(own());
    states
}

pub(crate) fn quiet() -> Seen {
    seen(
        Some(record(7 * MINUTE)),
        with_own(vec![
            job("db_backup", Verdict::Fresh, 4 * HOUR, DAY),
            job("certs", Verdict::Fresh, 9 * HOUR, DAY),
            job_of(
                "postgres",
                "vacuum",
                Verdict::Fresh,
                20 * MINUTE,
                HOUR,
                None,
            ),
            job("mirror", Verdict::Late, 5 * HOUR, 4 * HOUR),
        ]),
    )
}

pub(crate) fn verdicts() -> Seen {
    let run = |limit: Option<u64>| Cause::Run {
        started: ago(5 * HOUR),
        going: Duration::from_secs(5 * HOUR),
        limit: limit.map(Duration::from_secs),
        pid: Some(4_711),
        pulse: None,
    };
    let mut record = record(7 * MINUTE);
    record.exit_code = 4;
    record.problems = vec!["the forge at https://git.example.org answered 502 three times".into()];
    record.jobs = vec![
        issue("root", "db_backup", Verdict::Silent, 12),
        issue("postgres", "vacuum", Verdict::Failed, 13),
        JobLine {
            issue: Some(IssueLink {
                number: 3,
                url: "/var/lib/beat-check/issues/open/3.md".into(),
            }),
            ..issue("root", "scrub", Verdict::Hung, 3)
        },
        JobLine {
            reason: Some("expected, and no beat ever".into()),
            age_seconds: None,
            issue: None,
            ..issue("root", "payroll", Verdict::Never, 14)
        },
    ];
    record.findings = vec![FindingLine {
        path: "/var/lib/heartbeats/alice".into(),
        what: "cannot be opened: permission denied; beats in it are not seen".into(),
        blind: true,
    }];
    record.deliveries = vec![Delivery {
        action: "open".into(),
        job: Some("junk".into()),
        user: Some("root".into()),
        issue: None,
        outcome: DeliveryOutcome::Failed,
        error: Some("cannot open an issue: 502 Bad Gateway".into()),
    }];
    let mut seen = seen(
        Some(record),
        with_own(vec![
            job("certs", Verdict::Fresh, 9 * HOUR, DAY),
            job("db_backup", Verdict::Silent, 3 * DAY + 4 * HOUR, DAY),
            job_of(
                "postgres",
                "vacuum",
                Verdict::Failed,
                26 * HOUR,
                DAY,
                Some(failure(2 * HOUR, "exit")),
            ),
            job_of(
                "root",
                "scrub",
                Verdict::Hung,
                8 * DAY,
                7 * DAY,
                Some(run(Some(HOUR))),
            ),
            odd("first_run", Verdict::Waiting, Some(run(None))),
            odd(
                "junk",
                Verdict::Unreadable,
                Some(Cause::Unreadable {
                    file: FileKind::Last,
                    why: UnreadableKind::NotAFile("a symbolic link"),
                }),
            ),
            odd("bare", Verdict::Unreadable, Some(Cause::NoInterval)),
            odd(
                "clocky",
                Verdict::Skewed,
                Some(Cause::Ahead(Duration::from_secs(HOUR))),
            ),
            odd("restore_test", Verdict::Never, Some(run(None))),
            job("mirror", Verdict::Late, 5 * HOUR, 4 * HOUR),
        ]),
    );
    seen.findings = vec![Finding {
        path: "/var/lib/heartbeats/my job.last".into(),
        what: "is not named after a job; it is not watched".into(),
        blind: false,
    }];
    seen
}

pub(crate) fn checker_dead() -> Seen {
    let mut record = record(3 * DAY + 2 * HOUR);
    record.jobs = vec![issue("heartbeat", "beat-check", Verdict::Silent, 9)];
    seen(
        Some(record),
        vec![
            job("db_backup", Verdict::Fresh, 4 * HOUR, DAY),
            job_of(
                "heartbeat",
                "beat-check",
                Verdict::Silent,
                3 * DAY + 2 * HOUR,
                15 * MINUTE,
                None,
            ),
            job_of(
                "heartbeat",
                "beat-report",
                Verdict::Silent,
                3 * DAY,
                DAY,
                None,
            ),
        ],
    )
}

pub(crate) fn never_ran() -> Seen {
    seen(None, vec![job("db_backup", Verdict::Fresh, 4 * HOUR, DAY)])
}

pub(crate) fn empty() -> Seen {
    seen(None, Vec::new())
}

pub(crate) fn no_store() -> Seen {
    let mut seen = seen(None, Vec::new());
    seen.stores = vec![("/nowhere".into(), Some("there is no such directory".into()))];
    seen
}

pub(crate) fn many_fresh() -> Seen {
    let mut states = own();
    states.push(job("mirror", Verdict::Late, 5 * HOUR, 4 * HOUR));
    for at in 0..612 {
        states.push(job(
            &format!("job_{at:03}"),
            Verdict::Fresh,
            60 + 4 * at,
            HOUR,
        ));
    }
    seen(Some(record(7 * MINUTE)), states)
}

pub(crate) fn storm() -> Seen {
    let mut states = own();
    let mut record = record(7 * MINUTE);
    record.exit_code = 1;
    for at in 0..200 {
        let name = format!("job_{at:03}");
        states.push(job(&name, Verdict::Silent, 3 * HOUR + 4 * at, HOUR));
        record.jobs.push(issue("root", &name, Verdict::Silent, 40));
    }
    states.push(job("certs", Verdict::Fresh, 9 * HOUR, DAY));
    seen(Some(record), states)
}

/// Texts that would break a page if they were taken for markup.
pub(crate) const NASTY: [&str; 12] = [
    "a | b || c",
    "`tick` ``two`` |",
    "<script>alert(1)</script><!-- night-watch:end -->",
    "</td></table><h1>gone</h1>",
    "[click](javascript:alert(1)) ![x](http://evil/x.png) <http://evil>",
    "line one\n\n# Quiet\r\n| all | well |\n|---|---|\u{2028}x",
    "*bold* _em_ __init__ ~~no~~ $x^2$ \\| \\",
    "@all #12 :tada: GH-7 https://evil.example www.evil.example a@b.example",
    "\u{202e}desrever\u{202c} \u{200b}\u{feff}\u{0}\u{1b}[31mred",
    "&lt;b&gt; &#124; &amp;",
    "1. one\n- two\n> three\n```\nfour",
    "</style><style>*{display:none}",
];

pub(crate) fn nasty() -> Seen {
    let mut record = record(7 * MINUTE);
    let mut states = own();
    for (at, text) in NASTY.iter().enumerate() {
        let name = format!("job_{at}");
        states.push(job_of(
            text,
            &name,
            Verdict::Failed,
            DAY + 60,
            DAY,
            Some(failure(HOUR, text)),
        ));
        record.jobs.push(JobLine {
            issue: Some(IssueLink {
                number: 7,
                url: format!("https://git.example.org/a)|b\"><i>/{text}"),
            }),
            ..issue(text, &name, Verdict::Failed, 7)
        });
        record.problems.push((*text).into());
        record.findings.push(FindingLine {
            path: (*text).into(),
            what: (*text).into(),
            blind: false,
        });
        record.deliveries.push(Delivery {
            action: (*text).into(),
            job: Some((*text).into()),
            user: None,
            issue: None,
            outcome: DeliveryOutcome::Failed,
            error: Some((*text).into()),
        });
    }
    record.host = NASTY[0].into();
    let mut seen = seen(Some(record), states);
    seen.host = NASTY[2].into();
    seen.stores = vec![
        (NASTY[1].into(), None),
        (NASTY[2].into(), Some(NASTY[5].into())),
    ];
    seen
}
