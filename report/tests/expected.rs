//! What the manifest, the outages and the coverage add to a night.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use std::time::Duration;

use common::full::{coverage, expected, full, judged, manifest, outage};
use common::{DAY, HOUR, MINUTE, ago, issue, job, own, record, seen};
use manifest::FileError;
use report::assemble::assemble;
use report::gather::Seen;
use report::headline::headline;
use report::kept::Found;
use report::model::{Night, Row};
use report::{html, markdown};
use watch::{
    CoverageJob, CoverageRecord, JobLine, LastRuns, MissedLine, OutageLine, PassRecord, Verdict,
    WireOutage,
};

fn lead(night: &Night) -> String {
    headline(night).lead
}

fn names(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.job.as_str()).collect()
}

#[test]
fn expected_jobs_that_left_nothing_are_waiting_or_what_the_checker_says() {
    let text = "[new]\nevery = \"1d\"\n[lost]\nevery = \"1d\"\n[beat-report]\nevery = \"1d\"\n\
        [\"alice/poll\"]\nevery = \"1h\"\n[here]\nevery = \"1d\"\n";
    let seen = |change: fn(&mut Seen)| {
        let manifest = manifest(text);
        let mut record = record(MINUTE);
        record.jobs = vec![issue("root", "lost", Verdict::Never, 3)];
        let mut states = own();
        states.push(expected(&manifest, "here", judged(Verdict::Fresh, HOUR)));
        let mut seen = common::seen(Some(record), states);
        seen.manifest = manifest;
        change(&mut seen);
        assemble(seen)
    };
    let night = seen(|_| {});
    assert_eq!(names(&night.flagged), ["lost"]);
    assert_eq!(names(&night.unwell), ["new", "poll"]);
    let reason = night.unwell[0].reason.as_deref();
    assert_eq!(
        reason,
        Some("expected, no beat yet; the checker has not told of it")
    );
    assert_eq!((night.summary.jobs, night.summary.waiting), (4, 2));
    // Her place cannot be seen: nobody knows.
    let night = seen(|seen| {
        seen.findings.push(heartbeat::Finding {
            path: "/var/lib/heartbeats/alice".into(),
            what: "cannot be opened".into(),
            blind: true,
        });
    });
    assert_eq!(names(&night.unwell), ["new"]);
    // In a store of her own lie her jobs alone.
    let night = seen(|seen| seen.owners = vec!["alice".into()]);
    assert_eq!(names(&night.unwell), ["poll"]);
    // A store that cannot be read.
    let night = seen(|seen| seen.stores[0].1 = Some("permission denied".into()));
    assert_eq!(names(&night.unwell), [""; 0]);
}

#[test]
fn faults_of_manifest_and_config_are_not_seen_and_lose_nothing() {
    let fault = |line| FileError {
        place: Some((line, 1, "[x]".into())),
        ..FileError::whole("/etc/heartbeat/jobs.d/a.toml", "`every` is missing")
    };
    let folder = FileError::whole(
        "/etc/heartbeat/jobs.d/b.toml",
        "cannot read these expected jobs: permission denied",
    );
    let mut record = record(MINUTE);
    record.problems = vec![
        format!("cannot read an expected job: {}", fault(3).brief()),
        "it rains".into(),
    ];
    let mut states = own();
    states.push(job("db_backup", Verdict::Fresh, HOUR, DAY));
    let mut seen = seen(Some(record), states);
    seen.manifest.faults = vec![fault(3), folder];
    seen.config_fault = Some(FileError::whole(
        "/etc/heartbeat/config.toml",
        "permission denied",
    ));
    seen.zone_unknown = true;
    let night = assemble(seen);
    assert_eq!(lead(&night), "Not quiet: not everything could be seen.");
    let page = markdown::render(&night);
    let (_, told) = page.split_once("## The watch itself").unwrap();
    insta::assert_snapshot!("faults", told);
    assert!(page.contains("| `db_backup` | 🟢 fresh"));
}

#[test]
fn jobs_that_wait_for_another_are_told_under_it() {
    let night = assemble(full());
    assert_eq!(night.waiting_for_others, 2);
    let waits: Vec<_> = night
        .flagged
        .iter()
        .filter_map(|row| Some((row.job.as_str(), row.waits_for.as_deref()?)))
        .collect();
    // What is at the bottom, not the next.
    assert_eq!(waits, [("mirror", "vpn"), ("offsite", "vpn")]);
}

#[test]
fn how_many_need_somebody() {
    let jobs = |text: &str, flagged: &[&str]| {
        let manifest = manifest(text);
        let states = flagged
            .iter()
            .map(|name| expected(&manifest, name, judged(Verdict::Silent, 3 * DAY)));
        let mut states: Vec<_> = states.collect();
        states.extend(own());
        let mut seen = seen(Some(record(MINUTE)), states);
        seen.manifest = manifest;
        lead(&assemble(seen))
    };
    let text = "[a]\nevery = \"1d\"\n[b]\nevery = \"1d\"\nneeds = [\"a\"]\n[c]\nevery = \"1d\"\n\
        needs = [\"a\"]\n[d]\nevery = \"1d\"\n";
    let told = [
        &["a"][..],
        &["b"],
        &["a", "b"],
        &["a", "b", "c"],
        &["a", "b", "d"],
        &["a", "b", "c", "d"],
    ]
    .map(|flagged| jobs(text, flagged));
    insta::assert_snapshot!("how_many", told.join("\n"));
}

#[test]
fn critical_jobs_come_first_among_equals() {
    let text = "[a]\nevery = \"1d\"\nseverity = \"info\"\n[b]\nevery = \"1d\"\n[c]\nevery = \"1d\"\n\
        severity = \"critical\"\n[worse]\nevery = \"1d\"\n";
    let manifest = manifest(text);
    let of = |name, verdict, days| expected(&manifest, name, judged(verdict, days * DAY));
    let mut states = own();
    states.extend([
        of("a", Verdict::Failed, 9),
        of("b", Verdict::Failed, 5),
        of("c", Verdict::Failed, 1),
        of("worse", Verdict::Silent, 3),
    ]);
    let night = assemble(seen(Some(record(MINUTE)), states));
    assert_eq!(names(&night.flagged), ["worse", "c", "b", "a"]);
}

#[test]
fn what_only_the_checker_can_know_holds_until_the_job_is_heard_of_again() {
    let text =
        "[files]\nevery = \"1d\"\nexpect = { files = [\"/srv/x\"] }\n[plain]\nevery = \"1d\"\n";
    let night = |age, name: &str, line: JobLine| {
        let manifest = manifest(text);
        let mut record = record(HOUR);
        record.jobs = vec![JobLine {
            job: name.into(),
            reason: Some("a file is missing".into()),
            ..line
        }];
        let mut states = own();
        states.push(expected(&manifest, name, judged(Verdict::Fresh, age)));
        assemble(seen(Some(record), states))
    };
    let line = || issue("root", "", Verdict::Failed, 4);
    let broken = night(2 * HOUR, "files", line());
    assert_eq!(names(&broken.flagged), ["files"]);
    assert_eq!(
        broken.flagged[0].reason.as_deref(),
        Some("a file is missing")
    );
    assert_eq!(broken.summary.failed, 1);
    // It has succeeded since; it failed in another way; nothing is expected of its files.
    assert_eq!(names(&night(MINUTE, "files", line()).flagged), [""; 0]);
    let other = JobLine {
        last_success: Some(ago(DAY).to_rfc3339()),
        ..line()
    };
    assert_eq!(names(&night(2 * HOUR, "files", other).flagged), [""; 0]);
    assert_eq!(names(&night(2 * HOUR, "plain", line()).flagged), [""; 0]);
}

fn with_outages(lines: Vec<OutageLine>) -> Night {
    let mut record = record(MINUTE);
    record.outages = lines;
    let mut states = own();
    states.push(job("db_backup", Verdict::Fresh, 10 * MINUTE, DAY));
    assemble(seen(Some(record), states))
}

fn line(outage: WireOutage, missed: &[&str], left_out: u64) -> OutageLine {
    let missed = missed.iter().map(|job| MissedLine {
        job: (*job).into(),
        user: "root".into(),
        runs: 1,
    });
    OutageLine {
        outage,
        missed: missed.collect(),
        left_out,
    }
}

#[test]
fn outages_are_told_newest_first_while_they_matter() {
    let off = |from: u64, to: u64| outage(ago(from), ago(to));
    let asleep = WireOutage {
        kind: "asleep".into(),
        lost_seconds: 1_800.0,
        ..off(30 * HOUR, 29 * HOUR)
    };
    let unknown = WireOutage {
        from: None,
        ..off(21 * HOUR, 20 * HOUR)
    };
    let odd = WireOutage {
        kind: "melted".into(),
        ..off(2 * HOUR, HOUR)
    };
    let future = WireOutage {
        to: "2026-11-23T00:00:00Z".into(),
        ..off(2 * HOUR, HOUR)
    };
    let many: Vec<String> = (0..25).map(|n| format!("job_{n:02}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let night = with_outages(vec![
        line(off(60 * HOUR, 50 * HOUR), &["too_old"], 0),
        line(asleep, &many, 7),
        line(unknown, &[], 0),
        // Made up for since the checker passed.
        line(off(9 * HOUR, HOUR), &["db_backup"], 0),
        line(odd, &["odd"], 0),
        line(future, &["future"], 0),
    ]);
    let page = markdown::render(&night);
    let (_, told) = page.split_once("## When the host was away\n\n").unwrap();
    let (told, _) = told.split_once("\n\n##").unwrap();
    insta::assert_snapshot!("outages", told);
    let page = html::render(&night);
    assert!(
        page.contains("<code>job_19</code> (1 run), and 12 more jobs."),
        "{page}"
    );
    assert!(!markdown::render(&with_outages(Vec::new())).contains("away"));
    let seven = (0..7).map(|n| line(off(HOUR + n, HOUR), &[], 0)).collect();
    let page = markdown::render(&with_outages(seven));
    assert!(
        page.contains("(4 s). Nothing that was due then is still missing.\n- … and 2 before.\n")
    );
}

fn covered(found: Found<CoverageRecord>) -> String {
    let mut seen = seen(Some(record(MINUTE)), own());
    seen.coverage.found = found;
    let night = assemble(seen);
    let page = markdown::render(&night);
    let headline = headline(&night);
    let (_, told) = page.split_once("## Coverage\n\n").unwrap_or_default();
    let (told, _) = told.split_once("\n\n##").unwrap_or_default();
    format!("{} {}\n{told}", headline.lead, headline.rest)
}

#[test]
fn coverage_old_and_new_and_none() {
    let at = |now: String, change: fn(&mut CoverageRecord)| {
        let mut record = coverage();
        record.now = now;
        record.lacking.truncate(1);
        record.findings.clear();
        record.unseen.clear();
        change(&mut record);
        covered(Found::Record(Box::new(record)))
    };
    let old = |days: u64| ago(days * DAY).to_rfc3339();
    let told = [
        covered(Found::Missing),
        covered(Found::Unreadable("permission denied".into())),
        at(old(2), |_| {}),
        at(old(3), |_| {}),
        at("2026-11-23T00:00:00Z".into(), |_| {}),
        at("yesterday".into(), |_| {}),
        at(old(0), |record| {
            record.counts = watch::CoverageCounts {
                jobs: 1,
                beats: 1,
                expected: 1,
                ..Default::default()
            };
            record.lacking.clear();
        }),
        at(old(0), |record| {
            record.counts = Default::default();
            record.lacking.clear();
        }),
    ];
    insta::assert_snapshot!("coverage", told.join("\n\n"));
}

#[test]
fn a_coverage_of_thousands_makes_a_page_that_can_be_read() {
    let mut record = coverage();
    record.counts.jobs = 3_000;
    record.lacking = (0..2_962)
        .map(|n| CoverageJob {
            job: format!("job_{n}"),
            user: "root".into(),
            place: format!("/etc/crontab:{n}"),
        })
        .collect();
    let finding = record.findings[0].clone();
    record.findings = vec![finding; 700];
    record.unseen = vec!["/etc/cron.d: permission denied".into(); 40];
    let mut seen = seen(Some(common::record(MINUTE)), own());
    seen.coverage.found = Found::Record(Box::new(record));
    let night = assemble(seen);
    let page = markdown::render(&night);
    assert_eq!(page.matches("/etc/crontab:").count(), 50);
    for told in [
        "2962 jobs leave no beat:",
        "- … and 2912 more.",
        "700 things are wrong with how jobs are scheduled:",
        "- … and 695 more; `beat-adopt` shows all.",
        "- … and 30 more.",
    ] {
        assert!(page.contains(told), "{told}");
    }
    let page = html::render(&night);
    assert_eq!(page.matches("/etc/crontab:").count(), 50);
    assert!(page.contains("… and 2912 more.") && page.contains("… and 695 more; "));
}

#[test]
fn many_jobs_that_wait_are_told_in_part() {
    let text: String = (0..40)
        .map(|n| format!("[job_{n:02}]\nevery = \"1d\"\nneeds = [\"vpn\"]\n"))
        .collect();
    let manifest = manifest(&format!("[vpn]\nevery = \"1d\"\n{text}"));
    let silent = |name: &str| expected(&manifest, name, judged(Verdict::Silent, 3 * DAY));
    let mut states = own();
    states.push(silent("vpn"));
    states.extend((0..40).map(|n| silent(&format!("job_{n:02}"))));
    let night = assemble(seen(Some(record(MINUTE)), states));
    assert_eq!(
        lead(&night),
        "Not quiet: 1 of 41 jobs needs somebody, and 40 more wait for it."
    );
    let page = markdown::render(&night);
    assert_eq!(page.matches(" waits for it, and is silent").count(), 10);
    assert!(page.contains("\n  - … and 30 more wait for it.\n"));
    assert!(!page.contains("more flagged job"));
    assert!(html::render(&night).contains("… and 30 more."));
}

#[test]
fn a_line_a_job_for_its_last_runs() {
    let mut states = own();
    let mut wrapped = job("wrapped", Verdict::Fresh, HOUR, DAY);
    wrapped.last_runs = Some(Box::new(LastRuns {
        took: Some(Duration::from_secs(722)),
        failed: Some((ago(2 * DAY), "exit code 3".into())),
        skipped: Some(ago(3 * DAY)),
    }));
    states.push(wrapped);
    states.push(job("plain", Verdict::Fresh, HOUR, DAY));
    let page = markdown::render(&assemble(seen(Some(record(MINUTE)), states)));
    assert!(page.contains(
        "| took 12 min · failed 2026-11-20 06:00 (exit code 3) · skipped 2026-11-19 06:00 | – |"
    ));
    assert!(
        page.contains("| `plain` | 🟢 fresh | 1 h | 1d | 0.0× | 2026-11-22 05:00:07 | – | – |")
    );
}

/// The keys that a record of a newer checker may have, and one of an older has not.
#[test]
fn a_record_without_the_newer_keys_is_read() {
    let text = r#"{"v":1,"tool":"beat-check 0.0.9","host":"h","now":"2026-11-22T06:00:00Z",
        "exit_code":0,"summary":{},"problems":[],"findings":[],"deliveries":[],
        "jobs":[{"job":"a","user":"root","verdict":"silent","age_seconds":1,"interval_seconds":60,
        "ratio":2.5,"last_success":null,"flagged":true}]}"#;
    let record: PassRecord = serde_json::from_str(text).unwrap();
    let night = assemble(seen(Some(record), own()));
    assert_eq!(names(&night.flagged), ["a"]);
}
