//! A night in which everything that can be told happens once.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use manifest::{Manifest, Sources};
use report::gather::Seen;
use report::kept::Found;
use watch::{
    Cause, CoverageCounts, CoverageFinding, CoverageJob, CoverageRecord, Due, JobKey, JobLine,
    JobState, Judgement, LastRuns, MissedLine, OutageLine, Timing, Verdict, WireOutage, Zone,
};

use super::{DAY, HOST, HOUR, MINUTE, ago, issue, job, odd, own, record, seen};

/// The expected jobs.
const JOBS: &str = r#"
[vpn]
every = "15m"
about = "Holds the tunnel to the office."
owner = "net@example.org"

[mirror]
every = "1d"
needs = ["vpn"]

[offsite]
schedule = "30 3 * * *"
timezone = "Europe/Riga"
needs = ["mirror"]

[db_backup]
schedule = "0 2 * * *"
timezone = "Europe/Riga"
about = "Dumps all databases to /srv/backup"
owner = "dba@example.org"
runbook = "https://wiki.example.org/db-backup?a=1&b=2"
severity = "critical"

[reindex]
every = "1d"
runbook = "/usr/share/doc/reindex.md"

[sync]
every = "1h"
paused_until = 2026-12-01T00:00:00Z
pause_reason = "the server moves"

[newsletter]
schedule = "0 9 * * 1-5"
timezone = "Europe/Riga"

[import]
every = "5m"

[payroll]
every = "30d"
severity = "critical"

["postgres/vacuum"]
every = "1d"

[archive]
every = "1d"
expect = { files = ["/srv/archive.tar,newer"] }
"#;

/// The expected jobs of a text.
pub(crate) fn manifest(text: &str) -> Manifest {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("jobs.toml"), text).unwrap();
    let manifest = Manifest::load(&Sources::folder(dir.path(), Some(Zone::utc())));
    assert_eq!(manifest.faults, []);
    manifest
}

/// A job as the manifest expects it, judged like this.
pub(crate) fn expected(manifest: &Manifest, name: &str, judged: Judgement) -> JobState {
    let entry = manifest.get("root", &name.parse().unwrap()).unwrap();
    let due = match &entry.timing {
        Timing::Interval(interval) => Due::Interval(*interval),
        Timing::Schedule(runs) => Due::Runs(Arc::clone(runs)),
    };
    let judged = Judgement {
        due: Some(due),
        ..judged
    };
    let key = JobKey::new(HOST, "root", name.parse().unwrap());
    JobState::new(key, judged).expected(Some(Arc::clone(entry)))
}

/// A verdict on a job that last succeeded so long ago.
pub(crate) fn judged(verdict: Verdict, age: u64) -> Judgement {
    Judgement {
        age: Some(Duration::from_secs(age)),
        last_success: Some(ago(age)),
        since: Some(ago(age)),
        ..Judgement::new(verdict)
    }
}

fn runs(took: u64, failed: Option<(u64, &str)>, skipped: Option<u64>) -> Option<Box<LastRuns>> {
    Some(Box::new(LastRuns {
        took: Some(Duration::from_secs(took)),
        failed: failed.map(|(age, how)| (ago(age), how.into())),
        skipped: skipped.map(ago),
    }))
}

/// A failure with output.
pub(crate) fn failed(age: u64, output: &str) -> Cause {
    Cause::Failure {
        at: ago(age),
        exit_code: Some(3),
        signal: None,
        reason: Some("exit".into()),
        duration: Some(Duration::from_secs(725)),
        output_tail: Some(output.into()),
    }
}

pub(crate) fn outage(from: DateTime<Utc>, to: DateTime<Utc>) -> WireOutage {
    WireOutage {
        kind: "off".into(),
        from: Some(from.to_rfc3339()),
        to: to.to_rfc3339(),
        lost_seconds: (to - from).as_seconds_f64(),
    }
}

pub(crate) fn coverage() -> CoverageRecord {
    let lacking = |job: &str, user: &str, place: &str| CoverageJob {
        job: job.into(),
        user: user.into(),
        place: place.into(),
    };
    CoverageRecord {
        v: 1,
        tool: "beat-adopt 0.1.0".into(),
        host: HOST.into(),
        now: ago(4 * HOUR).to_rfc3339(),
        counts: CoverageCounts {
            jobs: 41,
            beats: 38,
            expected: 12,
            not_enabled: 1,
            findings: 2,
        },
        lacking: vec![
            lacking("logrotate", "root", "/etc/cron.daily/logrotate"),
            lacking("poll", "alice", "/var/spool/cron/crontabs/alice:3"),
            lacking("e2scrub_all", "root", "/etc/cron.d/e2scrub_all:2"),
        ],
        findings: vec![
            CoverageFinding {
                code: "cron-dot".into(),
                place: "/etc/cron.d/backup.sh".into(),
                says: "Cron ignores this file, because its name has a dot.".into(),
                fix: "Rename it: mv /etc/cron.d/backup.sh /etc/cron.d/backup.".into(),
            },
            CoverageFinding {
                code: "semicolon-beat".into(),
                place: "/etc/crontab:9".into(),
                says: "`; beat` beats whether the job succeeds or not.".into(),
                fix: "Write && in place of the semicolon.".into(),
            },
        ],
        unseen: vec!["/var/spool/cron/crontabs: permission denied".into()],
    }
}

/// Everything.
pub(crate) fn full() -> Seen {
    let manifest = manifest(JOBS);
    let mut record = record(7 * MINUTE);
    record.exit_code = 1;
    record.jobs = vec![
        issue("root", "db_backup", Verdict::Failed, 12),
        issue("root", "vpn", Verdict::Silent, 13),
        JobLine {
            reason: Some("expected, and there has never been a beat; 31 runs missed".into()),
            age_seconds: None,
            issue: None,
            ..issue("root", "payroll", Verdict::Never, 0)
        },
        JobLine {
            flagged: false,
            issue: None,
            age_seconds: None,
            reason: Some("expected, no beat yet".into()),
            ..issue("postgres", "vacuum", Verdict::Waiting, 0)
        },
        JobLine {
            age_seconds: None,
            reason: Some(
                "failed at 2026-11-22 02:00:07 UTC: a file that it should leave is not new".into(),
            ),
            ..issue("root", "archive", Verdict::Failed, 15)
        },
    ];
    record.outages = vec![
        OutageLine {
            outage: outage(ago(33 * HOUR), ago(32 * HOUR)),
            missed: Vec::new(),
            left_out: 0,
        },
        OutageLine {
            outage: outage(ago(9 * HOUR), ago(90 * MINUTE)),
            missed: ["mirror", "reindex", "caught_up"]
                .map(|job| MissedLine {
                    job: job.into(),
                    user: "root".into(),
                    runs: if job == "mirror" { 1 } else { 2 },
                })
                .to_vec(),
            left_out: 0,
        },
    ];
    let output = "dumping orders\ndumping users\n\u{1b}[31mpg_dump: error: connection to server failed\u{1b}[0m\n\n";
    let mut states = own();
    states.extend([
        job("caught_up", Verdict::Fresh, 20 * MINUTE, HOUR),
        odd("strange", Verdict::Unreadable, Some(Cause::NoInterval)),
        expected(&manifest, "vpn", judged(Verdict::Silent, 5 * HOUR)),
        expected(&manifest, "mirror", judged(Verdict::Silent, 53 * HOUR)),
        expected(
            &manifest,
            "offsite",
            Judgement {
                missed: Some(2),
                ratio: Some(2.2),
                ..judged(Verdict::Silent, 53 * HOUR)
            },
        ),
        expected(
            &manifest,
            "db_backup",
            Judgement {
                missed: Some(1),
                ratio: Some(1.25),
                cause: Some(failed(6 * HOUR, output)),
                last_runs: runs(722, Some((6 * HOUR, "exit code 3")), None),
                ..judged(Verdict::Failed, 30 * HOUR)
            },
        ),
        expected(
            &manifest,
            "reindex",
            Judgement {
                cause: Some(failed(3 * HOUR, "")),
                ..judged(Verdict::Failed, 27 * HOUR)
            },
        ),
        expected(&manifest, "sync", judged(Verdict::Silent, 4 * HOUR)),
        expected(
            &manifest,
            "import",
            Judgement {
                cause: Some(Cause::Idle {
                    since: Duration::from_secs(2 * HOUR),
                    reason: Some("no new files".into()),
                }),
                last_runs: runs(41, None, Some(4 * MINUTE)),
                ..judged(Verdict::Idle, 2 * HOUR)
            },
        ),
        expected(
            &manifest,
            "newsletter",
            Judgement {
                missed: Some(0),
                ratio: Some(0.3),
                last_runs: runs(95, Some((9 * DAY, "no output")), None),
                ..judged(Verdict::Fresh, 47 * HOUR)
            },
        ),
        expected(&manifest, "archive", judged(Verdict::Fresh, 4 * HOUR)),
    ]);
    let mut seen = seen(Some(record), states);
    seen.manifest = manifest;
    seen.coverage.found = Found::Record(Box::new(coverage()));
    seen
}
