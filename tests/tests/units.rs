//! The units, the user and the folders of `systemd/`, judged by systemd's own tools
//! without a running systemd, as `make install` lays them down.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "systemd's own tools are the judges"
)]

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use house_tests::needs::Journey;
use house_tests::{bins, dist};

const UNITS: [&str; 8] = [
    "beat-adopt.service",
    "beat-adopt.timer",
    "beat-check.service",
    "beat-check.timer",
    "beat-report.service",
    "beat-report.timer",
    "beat@.service",
    "beat-fail@.service",
];

/// An installation under a folder of its own, with programs that do nothing: the
/// units name programs that must be there.
struct Installed {
    scratch: tempfile::TempDir,
}

impl Installed {
    fn new() -> Self {
        let installed = Self {
            scratch: tempfile::tempdir().unwrap(),
        };
        dist::make(&installed.path("dist")).unwrap();
        installed.make("install");
        installed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn make(&self, target: &str) {
        // A PREFIX of its own and no DESTDIR, so that the paths in the units are
        // those of the files; nothing here is root's to tell a running systemd.
        let output = run(Command::new("make")
            .current_dir(bins::sources())
            .args(["-s", target, "DESTDIR=", "SYSTEMCTL=true"])
            .arg(format!("PREFIX={}", self.path("prefix").display()))
            .arg(format!("DIST={}", self.path("dist").display())));
        assert!(output.status.success(), "{output:?}");
    }

    fn unit(&self, name: &str) -> PathBuf {
        self.path("prefix/lib/systemd/system").join(name)
    }
}

fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn what_is_installed_is_uninstalled() {
    if !Journey::quick("make install").program("make").ready() {
        return;
    }
    let installed = Installed::new();
    let prefix = installed.path("prefix");
    let names: Vec<String> = files(&prefix)
        .iter()
        .map(|path| path.strip_prefix(&prefix).unwrap().display().to_string())
        .collect();
    insta::assert_snapshot!(names.join("\n"), @r"
    bin/beat
    bin/beat-adopt
    bin/beat-check
    bin/beat-report
    lib/systemd/system/beat-adopt.service
    lib/systemd/system/beat-adopt.timer
    lib/systemd/system/beat-check.service
    lib/systemd/system/beat-check.timer
    lib/systemd/system/beat-fail@.service
    lib/systemd/system/beat-report.service
    lib/systemd/system/beat-report.timer
    lib/systemd/system/beat@.service
    lib/sysusers.d/heartbeat-checker.conf
    lib/tmpfiles.d/heartbeat-checker.conf
    share/bash-completion/completions/beat
    share/bash-completion/completions/beat-adopt
    share/bash-completion/completions/beat-check
    share/bash-completion/completions/beat-report
    share/doc/heartbeat-checker/config.toml
    share/doc/heartbeat-checker/sbom.cdx.json
    share/fish/vendor_completions.d/beat-adopt.fish
    share/fish/vendor_completions.d/beat-check.fish
    share/fish/vendor_completions.d/beat-report.fish
    share/fish/vendor_completions.d/beat.fish
    share/man/man1/beat-adopt.1
    share/man/man1/beat-check-config.1
    share/man/man1/beat-check.1
    share/man/man1/beat-report.1
    share/man/man1/beat.1
    share/zsh/site-functions/_beat
    share/zsh/site-functions/_beat-adopt
    share/zsh/site-functions/_beat-check
    share/zsh/site-functions/_beat-report
    ");
    let mine = prefix.join("bin/other");
    fs::write(&mine, "").unwrap();
    installed.make("uninstall");
    assert_eq!(files(&prefix), [mine], "uninstall leaves or takes too much");
}

#[test]
fn systemd_finds_no_fault_in_the_units() {
    let needs = Journey::quick("systemd-analyze verify")
        .program("systemd-analyze")
        .program("man")
        .program("make");
    if !needs.ready() {
        return;
    }
    let installed = Installed::new();
    let output = run(Command::new("systemd-analyze")
        .arg("verify")
        .args(UNITS.map(|unit| installed.unit(unit)))
        .env("MANPATH", installed.path("prefix/share/man")));
    // A typing error is only a warning to it, with an exit code of 0.
    assert_eq!(
        (output.status.success(), text(&output)),
        (true, String::new())
    );
}

#[test]
fn a_fault_in_a_unit_would_be_seen() {
    if !Journey::quick("systemd-analyze verify, its own proof")
        .program("systemd-analyze")
        .program("make")
        .ready()
    {
        return;
    }
    let installed = Installed::new();
    let unit = installed.unit("beat-check.service");
    let wrong = fs::read_to_string(&unit).unwrap() + "ProtectEverything=yes\n";
    fs::write(&unit, wrong).unwrap();
    let output = run(Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&unit));
    assert!(text(&output).contains("ProtectEverything"), "{output:?}");
}

#[test]
fn the_services_are_sandboxed() {
    if !Journey::quick("systemd-analyze security")
        .program("systemd-analyze")
        .program("make")
        .ready()
    {
        return;
    }
    let installed = Installed::new();
    for unit in UNITS.iter().filter(|unit| unit.ends_with(".service")) {
        // The threshold is ten times the exposure: at most 1.0.
        let output = run(Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager", "--threshold=10"])
            .arg(installed.unit(unit)));
        assert!(output.status.success(), "{unit}: {}", text(&output));
    }
}

/// Sandboxes rate better without these, and would no longer do their work.
#[test]
fn the_sandbox_leaves_what_the_checker_needs() {
    let unit = fs::read_to_string(bins::sources().join("systemd/beat-check.service")).unwrap();
    let has = |line: &str| unit.lines().any(|l| l == line);
    assert!(
        has("RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX"),
        "a forge, by name"
    );
    assert!(
        has("SuccessExitStatus=1"),
        "a flagged job is no failed unit"
    );
    assert!(!unit.contains("\nPrivateNetwork="), "a forge elsewhere");
    assert!(!unit.contains("\nProcSubset="), "the boot clock");
}

#[test]
fn the_user_and_the_folders_are_made() {
    let needs = Journey::quick("sysusers and tmpfiles")
        .root()
        .program("systemd-sysusers")
        .program("systemd-tmpfiles");
    if !needs.ready() {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    for dir in ["etc", "usr/lib"] {
        fs::create_dir_all(root.path().join(dir)).unwrap();
    }
    let root_flag = format!("--root={}", root.path().display());
    let systemd = bins::sources().join("systemd");
    for folder in ["sysusers.d", "tmpfiles.d"] {
        let name = format!("{folder}/heartbeat-checker.conf");
        let to = root.path().join("usr/lib").join(&name);
        dist::put(&to, &fs::read_to_string(systemd.join(&name)).unwrap()).unwrap();
    }
    let output = run(Command::new("systemd-sysusers")
        .arg(&root_flag)
        .arg("heartbeat-checker.conf"));
    assert!(output.status.success(), "{output:?}");
    let output = run(Command::new("systemd-tmpfiles").args([
        &root_flag,
        "--create",
        "heartbeat-checker.conf",
    ]));
    assert!(output.status.success(), "{output:?}");

    let users = fs::read_to_string(root.path().join("etc/passwd")).unwrap();
    let user = users.lines().find(|l| l.starts_with("heartbeat:")).unwrap();
    let fields: Vec<&str> = user.split(':').collect();
    assert_eq!(fields[5..], ["/var/lib/beat-check", "/usr/sbin/nologin"]);
    let uid: u32 = fields[2].parse().unwrap();
    for (dir, owner) in [
        ("var/lib/heartbeats", 0),
        ("var/lib/heartbeats/heartbeat", uid),
    ] {
        let meta = fs::metadata(root.path().join(dir)).unwrap();
        assert_eq!((meta.mode() & 0o7777, meta.uid()), (0o755, owner), "{dir}");
    }
}

#[test]
fn the_timers_fire_when_they_say() {
    if !Journey::quick("systemd-analyze calendar")
        .program("systemd-analyze")
        .ready()
    {
        return;
    }
    for (timer, nexts) in [
        ("beat-check.timer", ["00:15:00", "00:30:00", "00:45:00"]),
        ("beat-adopt.timer", ["05:30:00", "05:30:00", "05:30:00"]),
        ("beat-report.timer", ["06:00:00", "06:00:00", "06:00:00"]),
    ] {
        let unit = fs::read_to_string(bins::sources().join("systemd").join(timer)).unwrap();
        let calendar = unit
            .lines()
            .find_map(|l| l.strip_prefix("OnCalendar="))
            .unwrap();
        let output = run(Command::new("systemd-analyze")
            .args([
                "calendar",
                "--base-time=2026-11-22 00:00:01",
                "--iterations=3",
                calendar,
            ])
            .env("TZ", "UTC"));
        let shown = text(&output);
        for next in nexts {
            assert!(shown.contains(next), "{timer}: {shown}");
        }
    }
}
