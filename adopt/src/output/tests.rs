//! What people and programs read, over a small host.

use std::path::Path;

use chrono::{DateTime, Utc};
use manifest::{Manifest, Sources};

use super::{json, table};
use crate::beats::Store;
use crate::coverage::Coverage;
use crate::discover::{Ask, find};
use crate::testing::Tree;
use crate::times::Times;
use crate::users::Users;

fn now() -> DateTime<Utc> {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn coverage(tree: &Tree) -> Coverage {
    let root = tree.root();
    let users = Users::of(&root);
    let zone = watch::Zone::named("Europe/Riga").ok();
    let times = Times::new(now(), zone);
    let ask = Ask {
        systemd: true,
        ..Ask::default()
    };
    let found = find(&root, &users, &times, &ask);
    let store = Store::list(&root, Path::new("/var/lib/heartbeats"), "root");
    let jobs = root.outside(Path::new("/etc/heartbeat/jobs.d"));
    let manifest = Manifest::load(&Sources::folder(&jobs, zone));
    Coverage::new("bezalel".into(), now(), zone, found, &store, &manifest)
}

fn host() -> Tree {
    Tree::with_users()
        .targets()
        .script("/usr/bin/true", "#!/bin/sh\n")
        .script("/usr/bin/mysqldump", "#!/bin/sh\n")
        .script("/usr/local/bin/backup.sh", "#!/bin/sh\n")
        .script("/usr/sbin/cron", "#!/bin/sh\n")
        .file("/usr/lib/systemd/systemd", "")
        .file(
            "/etc/crontab",
            "PATH=/usr/local/bin:/usr/bin:/bin\n\
             0 2 * * * root /usr/local/bin/backup.sh\n\
             30 7 * * 1-5 app mysqldump -psecret1 db\n\
             0 * * * * root true && beat hourly --every 1h\n",
        )
        .file("/etc/cron.d/old.cron", "0 1 * * * root true\n")
        .file(
            "/etc/cron.d/systemd-aware",
            "0 1 * * * root test -e /run/systemd/system || true\n",
        )
        .file("/var/lib/heartbeats/backup.last", "")
        .file(
            "/etc/heartbeat/jobs.d/backup.toml",
            "[backup]\nevery = \"1d\"\n",
        )
        .timer("tidy", "OnCalendar=weekly\nRandomizedDelaySec=1h", true)
        .timer("idle", "OnCalendar=daily", false)
}

#[test]
fn people_read() {
    let mut text = Vec::new();
    table::write(&coverage(&host()), &mut text).unwrap();
    insta::assert_snapshot!(String::from_utf8(text).unwrap());
}

#[test]
fn many_rows_are_as_few() {
    let mut tree = Tree::with_users();
    for file in 0..70 {
        let line = |n: usize| {
            let user = ["root", "app"][n % 2];
            let end = [" >/dev/null 2>&1", " && beat b-", ""][n % 3];
            let number = if n % 3 == 1 {
                format!("{file}-{n} --every 1d")
            } else {
                String::new()
            };
            format!("{} {} * * * {user} run-{n}{end}{number}\n", n % 60, n % 24)
        };
        let text: String = (0..100).map(line).collect();
        tree = tree.file(&format!("/etc/cron.d/f{file}"), &text);
    }
    let coverage = coverage(&tree);
    assert_eq!(coverage.jobs.len(), 7_000);
    let mut text = Vec::new();
    table::write(&coverage, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let mut lines = text.lines();
    let heads = lines.next().unwrap();
    let column = |head: &str| heads.find(head).unwrap();
    for job in &coverage.jobs {
        let line = lines.next().unwrap();
        let cell = |head: &str| line[column(head)..].split("  ").next().unwrap();
        assert_eq!(cell("JOB"), job.name.as_str());
        assert_eq!(cell("USER"), &*job.user, "{line}");
        assert_eq!(cell("RUNS"), &*job.when.words, "{line}");
        assert_eq!(
            cell("BEAT"),
            if job.beat.is_some() { "yes" } else { "no" },
            "{line}"
        );
        assert_eq!(cell("EXPECTED"), "no", "{line}");
        assert_eq!(cell("WHERE"), job.place.to_string());
        let found = coverage
            .findings
            .iter()
            .filter(|found| found.place == job.place);
        let wrong = line.get(column("WRONG")..).unwrap_or_default();
        assert_eq!(
            wrong,
            found.map(|found| found.code).collect::<Vec<_>>().join(", ")
        );
        assert!(!line.ends_with(' '), "{line:?}");
    }
    assert_eq!((lines.next(), lines.next()), (Some(""), Some("Findings:")));
    for finding in &coverage.findings {
        let head = format!("  {}  [{}]", finding.place, finding.code);
        let told = [
            head,
            format!("    {}", finding.says),
            format!("    fix: {}", finding.fix),
        ];
        let lines: Vec<_> = lines.by_ref().take(3).collect();
        assert_eq!(lines, told);
    }
}

#[test]
fn programs_read() {
    let text = json::render(&coverage(&host()));
    assert!(!text.contains("secret1"), "{text}");
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&value).unwrap());
}

#[test]
fn the_reporter_reads() {
    let record = coverage(&host()).record();
    let text = serde_json::to_string_pretty(&record).unwrap();
    assert!(!text.contains("secret1"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn help() {
    insta::assert_snapshot!(crate::command().render_long_help().to_string());
}

#[test]
fn summaries_and_exit_codes() {
    let cron = |lines: &str| Tree::with_users().file("/etc/crontab", lines);
    for (tree, summary, code) in [
        (Tree::with_users(), "nothing is scheduled", 0),
        (
            cron("0 2 * * * root a && beat x --every 1d\n"),
            "the one job leaves a beat",
            0,
        ),
        (cron("0 2 * * * root a\n"), "the one job leaves no beat", 1),
        (
            cron("0 2 * * * root a\n0 2 * * * root b\n"),
            "none of 2 jobs leaves a beat",
            1,
        ),
        (
            cron("0 2 * * * root a && beat x --every 1d\n0 2 * * * root b\n"),
            "1 of 2 jobs leave a beat",
            1,
        ),
        (
            cron("0 2 * * * root a && beat x --every 1d\n0 3 * * * root b && beat x --every 1d\n"),
            "all 2 jobs leave a beat; 1 finding",
            1,
        ),
    ] {
        let coverage = coverage(&tree);
        assert_eq!(
            (coverage.summary().as_str(), coverage.exit_code()),
            (summary, code)
        );
    }
    let mut blind = coverage(&Tree::with_users());
    blind.unseen.push("/etc/cron.d: permission denied".into());
    assert_eq!(blind.exit_code(), 3);
    assert_eq!(
        blind.summary(),
        "nothing is scheduled; 1 place could not be seen"
    );
}
