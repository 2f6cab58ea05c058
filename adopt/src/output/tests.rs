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
    insta::assert_snapshot!(table::render(&coverage(&host())));
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
