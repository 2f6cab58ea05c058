//! Whole trees, each made for its test: which jobs are found, and what is said of the
//! files that hide some.

use super::*;
use crate::job::Kind;
use crate::systemd::ask::Live;
use crate::testing::Tree;

mod unseen;

fn found(tree: &Tree) -> Found {
    found_with(
        tree,
        &Ask {
            systemd: true,
            ..Ask::default()
        },
    )
}

fn found_with(tree: &Tree, ask: &Ask) -> Found {
    let root = tree.root();
    let users = Users::of(&root);
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    let times = Times::new(now, Some(watch::Zone::utc()));
    find(&root, &users, &times, ask)
}

/// Each job in a line: kind, place, user, name, state.
fn jobs(found: &Found) -> Vec<String> {
    let line = |job: &Job| {
        format!(
            "{} {} {} {} {}{}",
            job.kind,
            job.place,
            job.user,
            job.name,
            job.state.as_str(),
            if job.beat.is_some() { " beat" } else { "" }
        )
    };
    found.jobs.iter().map(line).collect()
}

fn codes(found: &Found) -> Vec<String> {
    let code = |f: &Finding| format!("{} {}", f.code, f.place);
    found.findings.iter().map(code).collect()
}

#[test]
fn lines_of_all_crontabs() {
    let tree = Tree::with_users()
        .file(
            "/etc/crontab",
            "PATH=/bin\n# Name: nightly\n0 2 * * * root /opt/backup.sh\n\n@daily app x && beat done --every 1d\n",
        )
        .file("/etc/cron.d/php", "*/5 * * * * app php /srv/job.php\n")
        .spool("app", 1_000, "0 * * * * ./sync\n@reboot ./start\n")
        .spool("root", 0, "0 * * * * /opt/sync\n");
    let found = found(&tree);
    assert_eq!(
        jobs(&found),
        [
            "cron /etc/crontab:3 root nightly runs",
            "cron /etc/crontab:5 app done runs beat",
            "cron /etc/cron.d/php:1 app job runs",
            "cron /var/spool/cron/crontabs/app:1 app sync runs",
            "cron /var/spool/cron/crontabs/app:2 app start runs",
            "cron /var/spool/cron/crontabs/root:1 root sync runs",
        ]
    );
    assert_eq!(codes(&found), [""; 0]);
    assert_eq!(found.unseen, [""; 0]);
    let next = found.jobs[0].when.next.unwrap();
    assert_eq!(next.to_rfc3339(), "2026-11-25T02:00:00+00:00");
}

#[test]
fn files_that_cron_passes_over() {
    let line = "* * * * * root true\n";
    let tree = Tree::with_users()
        .file("/etc/cron.d/good", line)
        .file("/etc/cron.d/dot.cron", line)
        .file("/etc/cron.d/.hidden", line)
        .file("/etc/cron.d/old.dpkg-old", line)
        .file("/etc/cron.d/group", line)
        .mode("/etc/cron.d/group", 0o664)
        .file(
            "/etc/cron.d/newline",
            "* * * * * root true\n* * * * * root false",
        )
        .file("/etc/cron.d/nouser", "* * * * * /bin/true\n")
        .file(
            "/etc/cron.d/ghost",
            "* * * * * nobody-here /bin/true --now\n",
        )
        .file(
            "/etc/cron.d/syntax",
            "* * * * root x\n* * * * * root true\nFOO\n",
        )
        .dir("/etc/cron.d/folder")
        .link("/etc/cron.d/broken", "/nowhere")
        .link("/etc/cron.d/linked", "/srv/jobs")
        .file("/srv/jobs", "* * * * * root linked\n")
        .spool("stranger", 77, "* * * * * true\n")
        .spool("app", 1_000, "* * * * * true\n")
        .mode("/var/spool/cron/crontabs/app", 0o644);
    let found = found(&tree);
    assert_eq!(
        jobs(&found),
        [
            "cron /etc/cron.d/good:1 root true runs",
            "cron /etc/cron.d/linked:1 root linked runs"
        ]
    );
    assert_eq!(
        codes(&found),
        [
            "cron-link /etc/cron.d/broken",
            "cron-name /etc/cron.d/dot.cron",
            "cron-dir /etc/cron.d/folder",
            "cron-user /etc/cron.d/ghost:1",
            "cron-mode /etc/cron.d/group",
            "cron-newline /etc/cron.d/newline:2",
            "cron-user /etc/cron.d/nouser:1",
            "cron-syntax /etc/cron.d/syntax:1",
            "cron-syntax /etc/cron.d/syntax:3",
            "cron-mode /var/spool/cron/crontabs/app",
            "cron-orphan /var/spool/cron/crontabs/stranger",
        ]
    );
    let said: Vec<String> = found
        .findings
        .iter()
        .map(|f| format!("{}: {}\n  fix: {}", f.place, f.says, f.fix))
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_file_of_nonsense_is_told_and_takes_nothing_with_it() {
    let long = format!("* * * * * root echo {}\n", "x".repeat(1 << 20));
    let tree = Tree::with_users()
        .bytes("/etc/cron.d/binary", &[0, 159, 146, 150, 10, 255, 0, 10])
        .file("/etc/cron.d/long", &long)
        .file(
            "/etc/cron.d/crlf",
            "* * * * * root a\r\n* * * * * root b\r\n",
        )
        .file("/etc/cron.d/empty", "")
        .file("/etc/cron.d/never", "0 0 30 2 * root never\n")
        .file(
            "/etc/cron.d/zone",
            "CRON_TZ=Europe/Riga\n0 0 * * * root zoned\n",
        )
        .file("/etc/cron.d/z-good", "* * * * * root good\n");
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        tree.at("/etc/cron.d/fifo"),
        rustix::fs::Mode::from_raw_mode(0o644),
    )
    .unwrap();
    let found = found(&tree);
    assert_eq!(
        jobs(&found),
        [
            "cron /etc/cron.d/crlf:1 root a runs",
            "cron /etc/cron.d/crlf:2 root b runs",
            "cron /etc/cron.d/never:1 root never runs",
            "cron /etc/cron.d/z-good:1 root good runs",
            "cron /etc/cron.d/zone:2 root zoned runs",
        ]
    );
    assert_eq!(
        codes(&found),
        [
            "cron-syntax /etc/cron.d/binary:1",
            "cron-syntax /etc/cron.d/binary:2",
            "cron-crlf /etc/cron.d/crlf:1",
            "cron-special /etc/cron.d/fifo",
            "cron-long /etc/cron.d/long:1",
            "never-runs /etc/cron.d/never:1",
            "cron-tz /etc/cron.d/zone:1",
        ]
    );
}

const CRONTAB: &str = "17 * * * * root cd / && run-parts --report /etc/cron.hourly\n\
    25 6 * * * root test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }\n";

fn scripts(tree: Tree) -> Tree {
    let guarded = "#!/bin/sh\nif [ -d /run/systemd/system ]; then\n  exit 0\nfi\nwork\n";
    tree.file("/etc/crontab", CRONTAB)
        .script(
            "/etc/cron.hourly/sync",
            "#!/bin/sh\nwork && beat hourly_sync --every 1h\n",
        )
        .script("/etc/cron.daily/logrotate", guarded)
        .script("/etc/cron.daily/report.sh", "#!/bin/sh\n")
        .script("/etc/cron.daily/tidy", "#!/bin/sh\n")
        .file("/etc/cron.daily/asleep", "#!/bin/sh\n")
        .file("/etc/cron.daily/.placeholder", "")
        .dir("/etc/cron.daily/folder")
        .link("/etc/cron.daily/gone", "/nowhere")
        .link("/etc/cron.daily/elsewhere", "/srv/tidy")
        .script("/srv/tidy", "#!/bin/sh\n")
        .script("/etc/cron.weekly/tidy", "#!/bin/sh\n")
}

#[test]
fn scripts_of_run_parts_are_jobs_and_their_line_is_none() {
    let tree = scripts(Tree::with_users());
    let found = found(&tree);
    assert_eq!(
        jobs(&found),
        [
            "script /etc/cron.hourly/sync root hourly_sync runs beat",
            "script /etc/cron.daily/elsewhere root elsewhere runs",
            "script /etc/cron.daily/logrotate root logrotate aside",
            "script /etc/cron.daily/tidy root tidy runs",
        ]
    );
    assert_eq!(
        codes(&found),
        [
            "parts-mode /etc/cron.daily/asleep",
            "parts-link /etc/cron.daily/gone",
            "parts-name /etc/cron.daily/report.sh",
            "parts-orphan /etc/cron.weekly",
        ]
    );
    assert_eq!(&*found.jobs[1].when.text, "25 6 * * *");
    // Where no systemd runs, nothing steps aside.
    let bare = found_with(&tree, &Ask::default());
    assert!(jobs(&bare).contains(&"script /etc/cron.daily/logrotate root logrotate runs".into()));
}

#[test]
fn anacron_runs_the_scripts_where_it_is_installed() {
    let tree = scripts(Tree::with_users())
        .script("/usr/sbin/anacron", "")
        .file("/usr/sbin/cron", "")
        .file(
            "/etc/anacrontab",
            "SHELL=/bin/sh\n1 5 cron.daily run-parts --report /etc/cron.daily\n\
             7 10 cron.weekly run-parts --report /etc/cron.weekly\n@monthly 15 long /opt/long\nbad\n",
        );
    let found = found(&tree);
    assert_eq!(
        jobs(&found),
        [
            "script /etc/cron.hourly/sync root hourly_sync runs beat",
            "script /etc/cron.daily/elsewhere root elsewhere runs",
            "script /etc/cron.daily/logrotate root logrotate aside",
            "script /etc/cron.daily/tidy root tidy-daily runs",
            "script /etc/cron.weekly/tidy root tidy-weekly runs",
            "anacron /etc/anacrontab:4 root long runs",
        ]
    );
    assert!(codes(&found).contains(&"anacron-syntax /etc/anacrontab:5".into()));
    assert_eq!(
        &*found.jobs[1].when.words,
        "every day by anacron, 5 minutes after it starts"
    );
}

#[test]
fn without_cron_no_line_runs() {
    let tree = Tree::with_users()
        .dir("/usr/sbin")
        .file("/etc/cron.d/x", "* * * * * root true\n");
    assert_eq!(
        jobs(&found(&tree)),
        ["cron /etc/cron.d/x:1 root true not_enabled"]
    );
    let tree = tree.script("/usr/sbin/cron", "");
    assert_eq!(jobs(&found(&tree)), ["cron /etc/cron.d/x:1 root true runs"]);
}

#[test]
fn timers_are_jobs() {
    let tree = Tree::with_users()
        .targets()
        .timer("backup", "OnCalendar=02:00\nRandomizedDelaySec=1h", true)
        .timer("idle", "OnCalendar=daily", false)
        .timer("past", "OnCalendar=2020-01-01", true)
        .timer("again", "OnUnitActiveSec=1h", true)
        .timer("empty", "Persistent=true", true)
        .timer("odd", "OnBootSec=soon\nOnCalendar=sometimes", true)
        .timer("lost", "OnCalendar=daily\nUnit=gone.service", true)
        .timer("seen", "OnBootSec=5min\nOnUnitActiveSec=1d", true)
        .file(
            "/etc/systemd/system/seen.service.d/50-beat.conf",
            "[Unit]\nOnSuccess=beat@seen_daily:1d.service\n",
        )
        .file(
            "/home/app/.config/systemd/user/mine.timer",
            "[Timer]\nOnCalendar=daily\n",
        )
        .file(
            "/home/app/.config/systemd/user/mine.service",
            "[Service]\nExecStart=/bin/mine\n",
        );
    let found = found(&tree);
    let unit = "/usr/lib/systemd/system";
    assert_eq!(
        jobs(&found),
        [
            format!("timer {unit}/again.timer:2 root again runs"),
            format!("timer {unit}/backup.timer:2 root backup runs"),
            format!("timer {unit}/empty.timer root empty runs"),
            format!("timer {unit}/idle.timer:2 root idle not_enabled"),
            format!("timer {unit}/lost.timer:2 root lost runs"),
            format!("timer {unit}/odd.timer:2 root odd runs"),
            format!("timer {unit}/past.timer:2 root past runs"),
            format!("timer {unit}/seen.timer:2 root seen_daily runs beat"),
            "user-timer /home/app/.config/systemd/user/mine.timer:2 app mine not_enabled".into(),
        ]
    );
    assert_eq!(
        codes(&found),
        [
            format!("timer-never {unit}/again.timer:2"),
            format!("timer-never {unit}/empty.timer"),
            format!("timer-service {unit}/lost.timer:2"),
            format!("timer-value {unit}/odd.timer:2"),
            format!("timer-value {unit}/odd.timer:2"),
            format!("timer-never {unit}/past.timer:2"),
        ]
    );
    let backup = &found.jobs[1];
    assert_eq!(
        backup.when.next.unwrap().to_rfc3339(),
        "2026-11-25T02:00:00+00:00"
    );
    assert_eq!(backup.kind, Kind::Timer);
    assert_eq!(
        &*found.jobs[7].when.words,
        "5 minutes after the boot; every day"
    );
}

#[test]
fn the_running_systemd_has_the_last_word() {
    let tree = Tree::with_users()
        .targets()
        .timer("stopped", "OnCalendar=daily", true)
        .timer("started", "OnCalendar=daily", false)
        .timer("fstrim", "OnCalendar=weekly", true)
        .file(
            "/etc/systemd/system/fstrim.timer.d/c.conf",
            "[Unit]\nConditionVirtualization=!container\n",
        );
    let live = |active, stale, condition_failed| Live {
        active,
        stale,
        condition_failed,
        ..Live::default()
    };
    let told = Told::from([
        ("stopped.timer".into(), live(false, false, false)),
        ("started.timer".into(), live(true, true, false)),
        ("fstrim.timer".into(), live(false, false, true)),
        ("ghost.timer".into(), live(true, false, false)),
    ]);
    let found = found_with(
        &tree,
        &Ask {
            systemd: true,
            system: Some(told),
            ..Ask::default()
        },
    );
    let states: Vec<_> = found
        .jobs
        .iter()
        .map(|j| (j.name.as_str(), j.state.clone()))
        .collect();
    let off = |why: &str| crate::job::State::Off(why.into());
    assert_eq!(
        states,
        [
            (
                "fstrim",
                off("a condition of it does not hold here: ConditionVirtualization=!container")
            ),
            ("started", crate::job::State::Runs),
            (
                "stopped",
                off("it is enabled, and not active; it was not started, or stopped")
            ),
        ]
    );
    assert_eq!(
        codes(&found),
        [
            "timer-stale /usr/lib/systemd/system/started.timer:2",
            "timer-no-file ghost.timer"
        ]
    );
}

#[test]
fn a_plain_user_sees_their_own() {
    let tree = Tree::with_users()
        .file("/etc/crontab", "* * * * * root secret\n")
        .file(
            "/home/app/.config/systemd/user/mine.timer",
            "[Timer]\nOnCalendar=daily\n",
        );
    let ask = Ask {
        alone: Some(Alone {
            user: "app".into(),
            crontab: Some(b"# x\n0 2 * * * ./mine.sh\n".to_vec()),
            timers: None,
        }),
        systemd: true,
        system: None,
    };
    assert_eq!(
        jobs(&found_with(&tree, &ask)),
        [
            "cron crontab:2 app mine runs",
            "user-timer /home/app/.config/systemd/user/mine.timer:2 app mine-user-timer not_enabled",
        ]
    );
}

/// Names stay as they are when other lines come and go.
#[test]
fn names_are_stable_under_unrelated_changes() {
    let before = Tree::with_users().file(
        "/etc/cron.d/x",
        "0 2 * * * root /opt/backup.sh\n0 3 * * * root cd /srv && ./sync.py --all\n",
    );
    let after = Tree::with_users().file(
        "/etc/cron.d/x",
        "# a comment\n\nPATH=/bin\n0 1 * * * root /opt/other\n0 2 * * * root /opt/backup.sh\n\
         1 1 * * * root tidy\n0 3 * * * root cd /srv && ./sync.py --all\n",
    );
    let names = |tree: &Tree| -> Vec<String> {
        found(tree)
            .jobs
            .iter()
            .map(|job| job.name.to_string())
            .collect()
    };
    assert_eq!(names(&before), ["backup", "sync"]);
    assert_eq!(names(&after), ["other", "backup", "tidy", "sync"]);
}

#[test]
fn many_files_are_found_in_their_order() {
    let mut tree = Tree::with_users().file("/etc/crontab", "0 2 * * * root sync\n");
    for file in 0..150 {
        let line = if file % 50 == 7 {
            "1 2 * * root broken\n"
        } else {
            "0 3 * * * root sync\n"
        };
        let text = format!("0 2 * * * root job-{file}\n{line}");
        tree = tree.file(&format!("/etc/cron.d/f{file:03}"), &text);
    }
    let found = found(&tree);
    let names: Vec<_> = found.jobs.iter().map(|job| job.name.to_string()).collect();
    let files = (0..150).filter(|n| n % 50 != 7);
    let jobs = files.flat_map(|n| [format!("job-{n}"), format!("sync-f{n:03}")]);
    let expected: Vec<_> = std::iter::once("sync-crontab".into()).chain(jobs).collect();
    assert_eq!(names, expected);
    let places: Vec<_> = found.jobs.iter().map(|job| &job.place).collect();
    assert!(places[1..].is_sorted(), "{places:?}");
    assert_eq!(
        codes(&found),
        [
            "cron-syntax /etc/cron.d/f007:2",
            "cron-syntax /etc/cron.d/f057:2",
            "cron-syntax /etc/cron.d/f107:2"
        ]
    );
}
