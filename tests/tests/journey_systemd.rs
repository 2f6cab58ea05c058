//! The Debian package under a real systemd: timers fire, the sandboxed services do
//! their work, jobs of systemd and of cron leave beats and are missed when they stop,
//! and the package upgrades, goes and is purged as packages do.
//!
//! The journey itself is `tests/rigs/inside.sh`; here it is started and judged.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a journey runs programs, and ends where one cannot be run"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use house_tests::bins;
use house_tests::needs::Journey;

fn rig(name: &str) -> Command {
    let mut command = Command::new(bins::sources().join("tests/rigs").join(name));
    command.stdin(Stdio::null());
    command
}

/// Runs a command that prints a path.
fn path(command: &mut Command) -> PathBuf {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end())
}

fn package(version: &str, out: &Path) -> PathBuf {
    path(
        Command::new(bins::sources().join("packaging/build-deb"))
            .arg("--dist")
            .arg(bins::dir())
            .arg("--out")
            .arg(out)
            .args(["--version", version]),
    )
}

#[test]
fn the_installed_package_does_its_work() {
    let journey = Journey::new("systemd")
        .root()
        .program("systemd-nspawn")
        .program("debootstrap")
        .program("dpkg-deb")
        .program("make")
        .binaries();
    if !journey.ready() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let res = scratch.path().join("res");
    fs::create_dir(&res).unwrap();
    for (version, name) in [("1.0", "old.deb"), ("1.1", "new.deb")] {
        fs::rename(package(version, scratch.path()), res.join(name)).unwrap();
    }
    let tree = path(rig("debian-tree.sh").arg(bins::target().join("rigs")));

    let output = rig("nspawn.sh").arg(&tree).arg(&res).output().unwrap();

    let results = fs::read_to_string(res.join("results")).unwrap_or_default();
    let plan = results.lines().last().and_then(|l| l.strip_prefix("1.."));
    let wrong: Vec<&str> = results
        .lines()
        .filter(|l| l.starts_with("not ok"))
        .collect();
    let passed = results.lines().filter(|l| l.starts_with("ok ")).count();
    if !wrong.is_empty() || plan != Some(&passed.to_string()) {
        // The whole of it is kept; here are the ends.
        let kept = bins::target().join("rigs/journey");
        fs::create_dir_all(&kept).unwrap();
        let end = |name: &str| {
            let text = fs::read_to_string(res.join(name)).unwrap_or_default();
            fs::write(kept.join(name), &text).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(60)..].join("\n")
        };
        panic!(
            "{wrong:#?}\nplan: {plan:?}, passed: {passed}\n--- log\n{}\n--- journal\n{}\n--- nspawn\n{}\nmore in {}",
            end("log"),
            end("journal"),
            String::from_utf8_lossy(&output.stderr),
            kept.display(),
        );
    }
    assert!(passed > 100, "only {passed} checks ran");
}
