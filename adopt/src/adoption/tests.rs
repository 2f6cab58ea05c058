//! Plans over small trees: what each file would hold, and what is left alone.

use std::fmt::Write as _;
use std::path::Path;

use manifest::Sources;

use super::*;
use crate::discover::{Ask, find};
use crate::testing::Tree;
use crate::times::Times;

fn host() -> Tree {
    Tree::with_users()
        .targets()
        .script("/usr/bin/beat", "#!/bin/sh\n")
        .script("/usr/sbin/cron", "#!/bin/sh\n")
        .script("/usr/sbin/anacron", "#!/bin/sh\n")
        .file("/usr/lib/systemd/systemd", "")
}

/// The jobs of a tree with those of names planned; all that lack a beat for none.
fn planned(tree: &Tree, named: &[&str]) -> Plan {
    let root = tree.root();
    let users = Users::of(&root);
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    let zone = watch::Zone::named("Europe/Riga").ok();
    let times = Times::new(now, zone);
    let ask = Ask {
        systemd: true,
        ..Ask::default()
    };
    let found = find(&root, &users, &times, &ask);
    let dir = root.outside(Path::new("/etc/heartbeat/jobs.d"));
    let manifest = Manifest::load(&Sources::folder(&dir, zone));
    let ground = Ground {
        root: &root,
        users: &users,
        manifest: &manifest,
        beat: Path::new("/usr/bin/beat"),
        own: None,
    };
    let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
    let jobs = chosen(&found.jobs, &named).unwrap();
    plan(&ground, &jobs)
}

fn shown(plan: &Plan) -> String {
    let mut out = String::new();
    for (path, change) in &plan.files {
        let what = if change.old.is_some() {
            "changed"
        } else {
            "new"
        };
        let text = String::from_utf8_lossy(&change.new);
        let _ = writeln!(out, "== {} ({what})\n{text}", path.display());
    }
    for (path, folder) in &plan.folders {
        let _ = writeln!(out, "== {} is made: {:?}", path.display(), folder.owner);
    }
    for left in &plan.left {
        let _ = writeln!(out, "left: {} at {}: {}", left.job, left.place, left.why);
    }
    for note in &plan.notes {
        let _ = writeln!(out, "note: {note}");
    }
    out
}

#[test]
fn crontabs_scripts_anacron_and_timers() {
    let tree = host()
        .file(
            "/etc/crontab",
            "PATH=/usr/bin:/bin\n0 2 * * * root /opt/backup --to 'a  b' >/tmp/log\n@reboot root /opt/start\n\
             17 * * * * root cd / && run-parts --report /etc/cron.hourly\n",
        )
        .file("/etc/cron.d/pkg", "5 1 * * * app date +\\%F\n")
        .script("/etc/cron.hourly/mine", "#!/bin/sh -e\nwork\n")
        .script("/etc/cron.hourly/theirs", "#!/bin/sh\nwork\n")
        .script("/etc/cron.hourly/snake", "#!/usr/bin/python3\nwork\n")
        .file("/var/lib/dpkg/info/thing.list", "/.\n/etc/cron.hourly/theirs\n")
        .file("/var/lib/dpkg/info/other:amd64.list", "/etc/cron.d/pkg\n")
        .file("/etc/anacrontab", "SHELL=/bin/sh\n7 5 weekly-job\t/opt/weekly 'x y'  \n")
        .timer("tidy", "OnCalendar=02:00\nRandomizedDelaySec=1h", true)
        .timer("boot", "OnBootSec=5min", true)
        .timer("often", "OnBootSec=1min\nOnUnitActiveSec=10min", true)
        .file("/home/app/.config/systemd/user/own.timer", "[Timer]\nOnCalendar=daily\n")
        .link("/home/app/.config/systemd/user/default.target", "/usr/lib/systemd/system/timers.target")
        .link("/home/app/.config/systemd/user/default.target.wants/own.timer", "../own.timer");
    insta::assert_snapshot!(shown(&planned(&tree, &[])));
}

#[test]
fn what_is_known_already_is_not_written_again() {
    let tree = host()
        .file("/etc/crontab", "0 2 * * * root /opt/backup\n0 3 * * * app /opt/backup\n0 4 * * * root x && beat y --every 1d\n")
        .file("/etc/heartbeat/jobs.d/mine.toml", "[backup]\nevery = \"1d\"\n")
        .dir("/var/lib/heartbeats/app");
    let plan = planned(&tree, &[]);
    let files: Vec<_> = plan
        .files
        .keys()
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(files, ["/etc/crontab", "/etc/heartbeat/jobs.d/backup.toml"]);
    assert!(plan.folders.is_empty());
    let plan = planned(&tree, &["y", "app/backup"]);
    assert_eq!(plan.left[0].why, "It leaves a beat already.");
    assert!(plan.left[0].leaves_one);
    assert_eq!(plan.done.len(), 1);
}

#[test]
fn names_that_are_no_jobs_are_refused() {
    let tree = host().file("/etc/crontab", "0 2 * * * root /opt/backup\n");
    let root = tree.root();
    let users = Users::of(&root);
    let times = Times::new("2026-11-24T12:00:00Z".parse().unwrap(), None);
    let found = find(&root, &users, &times, &Ask::default());
    let names = ["backup".to_owned(), "nothing".to_owned()];
    assert_eq!(chosen(&found.jobs, &names).unwrap_err(), ["nothing"]);
}
