//! The Debian package as a file: what is in it, and that a second build gives the
//! same. What it does is told by `journey_systemd.rs`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "dpkg-deb builds the package and tells what is in it"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use house_tests::needs::Journey;
use house_tests::{bins, dist};
use serde_json::Value;

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

/// The programs themselves are built twice by `make reproducible`, which takes its time.
#[test]
fn a_second_build_elsewhere_gives_the_same() {
    if !ready("package, built twice") {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    dist::make(&scratch.path().join("dist")).unwrap();
    let first = build(scratch.path(), "one");
    // Files made anew, with other times, from sources at another place that others may
    // not read, with another language and time zone.
    fs::remove_dir_all(scratch.path().join("dist")).unwrap();
    let script = r#"umask 077; mkdir -p "$1"; for name in Makefile Cargo.toml systemd packaging; do
        cp -r "$name" "$1/"; done; find "$1" -exec touch -d 2001-02-03 {} +"#;
    let elsewhere = scratch.path().join("a/place/further down");
    let mut copy = Command::new("sh");
    copy.current_dir(bins::sources())
        .args(["-euc", script, "sh"])
        .arg(&elsewhere);
    stdout(&mut copy);
    let dist = scratch.path().join("other/dist");
    dist::make(&dist).unwrap();
    let script = r#"umask 077; exec "$0" "$@""#;
    let mut second = Command::new("sh");
    second
        .args(["-euc", script])
        .arg(elsewhere.join("packaging/build-deb"))
        .arg("--dist")
        .arg(&dist)
        .arg("--out")
        .arg(scratch.path().join("two"))
        .args(["--version", "1.2.3"])
        .env("SOURCE_DATE_EPOCH", "1764000000")
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "Pacific/Chatham")
        .env("TMPDIR", scratch.path().join("other"));
    let second = PathBuf::from(stdout(&mut second).trim_end());
    assert!(
        fs::read(first).unwrap() == fs::read(second).unwrap(),
        "two builds of the same differ"
    );
}

/// The list of parts: what cargo builds the four programs from, and nothing else.
#[test]
fn the_list_of_parts_is_whole_and_the_same_each_time() {
    let scratch = tempfile::tempdir().unwrap();
    let make = |name: &str| -> (Vec<u8>, PathBuf) {
        let dir = scratch.path().join(name);
        let mut make = Command::new("make");
        make.current_dir(bins::sources())
            .args(["-s", "sbom"])
            .arg(format!("DIST={}", dir.display()))
            .arg(format!("SBOM_TOOL={}", env!("CARGO_BIN_EXE_make-sbom")))
            .arg(format!("CARGO={}", env!("CARGO")));
        stdout(&mut make);
        let path = dir.join("sbom.cdx.json");
        (fs::read(&path).unwrap(), path)
    };
    let (first, path) = make("one");
    assert!(first == make("two").0, "two lists of the same differ");
    let text = fs::read_to_string(path).unwrap();
    let sources = bins::sources();
    assert!(
        !text.contains(sources.to_str().unwrap()),
        "a path of this machine"
    );
    let sbom: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&sbom["bomFormat"], &sbom["specVersion"]),
        (&"CycloneDX".into(), &"1.5".into())
    );
    let listed: BTreeSet<String> = sbom["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| {
            let word = |key: &str| part[key].as_str().unwrap().to_owned();
            assert!(
                !part["licenses"][0]["expression"]
                    .as_str()
                    .unwrap()
                    .is_empty()
            );
            let ours = part["purl"].is_null();
            assert_eq!(ours, part["hashes"].is_null(), "{part}");
            if !ours {
                assert_eq!(part["hashes"][0]["content"].as_str().unwrap().len(), 64);
            }
            format!("{} {}", word("name"), word("version"))
        })
        .collect();
    // Asked of cargo in another way: all that each program needs, one by one.
    let mut wanted = BTreeSet::new();
    for member in ["writer", "checker", "report", "adopt"] {
        let mut tree = Command::new(env!("CARGO"));
        tree.current_dir(&sources).args([
            "tree",
            "--locked",
            "--offline",
            "-e",
            "normal",
            "--prefix",
            "none",
            "-p",
            member,
        ]);
        for line in stdout(&mut tree).lines().filter(|line| !line.is_empty()) {
            let (name, rest) = line.split_once(" v").unwrap();
            wanted.insert(format!("{name} {}", rest.split(' ').next().unwrap()));
        }
    }
    let missing: Vec<&String> = wanted.difference(&listed).collect();
    assert_eq!(missing, [""; 0]);
    let more: Vec<&String> = listed.difference(&wanted).collect();
    let linked = |part: &&&String| {
        ["rust-std ", "glibc ", "musl"]
            .iter()
            .any(|it| part.starts_with(it))
    };
    assert_eq!(more.iter().filter(linked).count(), 2, "{more:?}");
    // What is on by a feature that another of the four asks for, at most.
    assert!(more.len() < 8, "{more:?}");
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
    -rw-r--r-- root/root ./usr/share/doc/heartbeat-checker/sbom.cdx.json
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
