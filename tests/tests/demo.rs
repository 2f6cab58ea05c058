//! `make demo` tells its story on a machine that knows nothing of it, and fails
//! where a program does not do what it should.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey runs programs, and ends where one cannot be run"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use house_tests::bins;
use house_tests::needs::Journey;

/// Runs the demo with the programs in `dir` and scratch folders in `scratch`, in an
/// environment without anything that a user may have set.
fn demo(dir: &Path, scratch: &Path) -> Output {
    Command::new(bins::sources().join("demo/run"))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HEARTBEAT_BIN_DIR", dir)
        .env("TMPDIR", scratch)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The parts in their order, each after the one before.
fn tells(story: &str, parts: &[&str]) {
    let mut rest = story;
    for part in parts {
        let Some(at) = rest.find(part) else {
            panic!("{part:?} does not follow in:\n{story}");
        };
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn it_tells_the_whole_story_and_leaves_nothing_behind() {
    if !Journey::new("demo").binaries().ready() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let output = demo(&bins::dir(), scratch.path());
    let story = text(&output.stdout);
    assert!(output.status.success(), "{story}\n{}", text(&output.stderr));
    tells(
        &story,
        &[
            "$ sh backup.sh && beat db_backup --every 1d\n2048 rows saved",
            "\"job\":\"db_backup\"",
            "3 jobs: 3 fresh",
            "ok: no issue is open",
            "ok: beat exits as the job did: 3",
            "thumbnails is late",
            "thumbnails is silent",
            "1 silent, 1 failed, 1 fresh",
            "opened #1 for thumbnails",
            "opened #2 for mail_import",
            "title: \"[heartbeat-checker] thumbnails",
            "Look at first",
            "A further pass opens none",
            "ok: two issues are open, as before",
            "# Night Watch",
            "## Heartbeat Panel",
            "thumbnails is fresh",
            "ok: no issue is open",
            "ok: two issues are closed",
            "Recovered: `thumbnails` succeeded at",
            "Recovered: `mail_import` succeeded at",
            "**Quiet",
            "All of it went as it should.",
        ],
    );
    assert!(!story.contains('\u{1b}'), "colour in a pipe");
    assert_eq!(
        text(&output.stderr),
        "import: mail.example.org: connection refused\n"
    );
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}

/// A demo that cannot fail shows nothing: a checker that opens nothing is told.
#[test]
fn it_fails_where_a_pass_opens_nothing() {
    if !Journey::new("demo, its own proof").binaries().ready() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let bin = scratch.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for program in [bins::beat(), bins::beat_report()] {
        std::os::unix::fs::symlink(&program, bin.join(program.file_name().unwrap())).unwrap();
    }
    // Looks as it should, and never does anything.
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in config* | *--dry-run*) ;; *) set -- --dry-run \"$@\" ;; esac\nexec '{}' \"$@\"\n",
        bins::beat_check().display()
    );
    fs::write(bin.join("beat-check"), script).unwrap();
    fs::set_permissions(bin.join("beat-check"), fs::Permissions::from_mode(0o755)).unwrap();

    let output = demo(&bin, scratch.path());
    let story = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{story}");
    let told = text(&output.stderr);
    assert!(
        told.contains("the demo failed in step 4: the pass opened two issues"),
        "{told}"
    );
    assert!(story.contains("kept: "), "{story}");
}

#[test]
fn it_says_what_is_missing() {
    let scratch = tempfile::tempdir().unwrap();
    let output = demo(scratch.path(), scratch.path());
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains("/beat is missing\nhint: make demo"), "{told}");
}
