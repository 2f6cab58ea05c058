//! The Debian package as a file: what is in it, and that a second build gives the
//! same. What it does is told by `journey_systemd.rs`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "dpkg-deb builds the package and tells what is in it"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use house_tests::needs::Journey;
use house_tests::{bins, dist};

fn stdout(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn build(scratch: &Path, out: &str) -> PathBuf {
    let printed = stdout(
        Command::new(bins::sources().join("packaging/build-deb"))
            .env("SOURCE_DATE_EPOCH", "1764000000")
            .arg("--dist")
            .arg(scratch.join("dist"))
            .arg("--out")
            .arg(scratch.join(out))
            .args(["--version", "1.2.3"]),
    );
    PathBuf::from(printed.trim_end())
}

fn ready(name: &'static str) -> bool {
    Journey::quick(name)
        .program("dpkg-deb")
        .program("make")
        .ready()
}

#[test]
fn a_second_build_gives_the_same() {
    if !ready("package, built twice") {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    dist::make(&scratch.path().join("dist")).unwrap();
    let first = build(scratch.path(), "one");
    // Files made anew, with other times.
    fs::remove_dir_all(scratch.path().join("dist")).unwrap();
    dist::make(&scratch.path().join("dist")).unwrap();
    let second = build(scratch.path(), "two");
    assert!(
        fs::read(first).unwrap() == fs::read(second).unwrap(),
        "two builds of the same differ"
    );
}

#[test]
fn what_is_in_it() {
    if !ready("package, its contents") {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    dist::make(&scratch.path().join("dist")).unwrap();
    let package = build(scratch.path(), "out");
    let field = |name: &str| stdout(Command::new("dpkg-deb").arg("-f").arg(&package).arg(name));
    // Debian has another package called heartbeat, with a higher version.
    assert_eq!(field("Package"), "heartbeat-checker\n");
    assert_eq!(field("Version"), "1.2.3\n");
    assert!(
        field("Depends").contains("libc6 (>= "),
        "{}",
        field("Depends")
    );
    let conffiles = stdout(
        Command::new("dpkg-deb")
            .arg("-I")
            .arg(&package)
            .arg("conffiles"),
    );
    assert_eq!(conffiles, "/etc/heartbeat/config.toml\n");

    let listing = stdout(Command::new("dpkg-deb").arg("-c").arg(&package));
    let files: Vec<String> = listing
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| !words[0].starts_with('d'))
        .map(|words| format!("{} {} {}", words[0], words[1], words[5]))
        .collect();
    insta::assert_snapshot!(files.join("\n"), @r"
    -rw-r--r-- root/root ./etc/heartbeat/config.toml
    -rwxr-xr-x root/root ./usr/bin/beat
    -rwxr-xr-x root/root ./usr/bin/beat-adopt
    -rwxr-xr-x root/root ./usr/bin/beat-check
    -rwxr-xr-x root/root ./usr/bin/beat-report
    -rw-r--r-- root/root ./usr/lib/systemd/system/beat-adopt.service
    -rw-r--r-- root/root ./usr/lib/systemd/system/beat-adopt.timer
    -rw-r--r-- root/root ./usr/lib/systemd/system/beat-check.service
    -rw-r--r-- root/root ./usr/lib/systemd/system/beat-check.timer
    -rw-r--r-- root/root ./usr/lib/systemd/system/beat-fail@.service
    -rw-r--r-- root/root ./usr/lib/systemd/system/beat-report.service
    -rw-r--r-- root/root ./usr/lib/systemd/system/beat-report.timer
    -rw-r--r-- root/root ./usr/lib/systemd/system/beat@.service
    -rw-r--r-- root/root ./usr/lib/sysusers.d/heartbeat-checker.conf
    -rw-r--r-- root/root ./usr/lib/tmpfiles.d/heartbeat-checker.conf
    -rw-r--r-- root/root ./usr/share/bash-completion/completions/beat
    -rw-r--r-- root/root ./usr/share/bash-completion/completions/beat-adopt
    -rw-r--r-- root/root ./usr/share/bash-completion/completions/beat-check
    -rw-r--r-- root/root ./usr/share/bash-completion/completions/beat-report
    -rw-r--r-- root/root ./usr/share/doc/heartbeat-checker/README.Debian
    -rw-r--r-- root/root ./usr/share/doc/heartbeat-checker/changelog.gz
    -rw-r--r-- root/root ./usr/share/doc/heartbeat-checker/copyright
    -rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/beat-adopt.fish
    -rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/beat-check.fish
    -rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/beat-report.fish
    -rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/beat.fish
    -rw-r--r-- root/root ./usr/share/lintian/overrides/heartbeat-checker
    -rw-r--r-- root/root ./usr/share/man/man1/beat-adopt.1.gz
    -rw-r--r-- root/root ./usr/share/man/man1/beat-check-config.1.gz
    -rw-r--r-- root/root ./usr/share/man/man1/beat-check.1.gz
    -rw-r--r-- root/root ./usr/share/man/man1/beat-report.1.gz
    -rw-r--r-- root/root ./usr/share/man/man1/beat.1.gz
    -rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_beat
    -rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_beat-adopt
    -rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_beat-check
    -rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_beat-report
    ");
}
