//! Arguments that are taken, and what they mean. Those that are not: `words.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::ffi::OsString;

use writer::args::{Command, Outcome, Request, parse};

/// The meaning of a line, in a line.
fn meaning(line: &str) -> String {
    let words = line.split_whitespace().map(OsString::from);
    let Command::Beat(Request { target, outcome }) = parse(words).unwrap() else {
        panic!("{line}");
    };
    let every = target.every.map_or("-".into(), |every| every.to_string());
    let dir = target.dir.unwrap_or_default();
    let sync = if target.durable { "sync" } else { "no-sync" };
    let outcome = match outcome {
        Outcome::Run(words) => format!("run {words:?}"),
        other => format!("{other:?}"),
    };
    format!("{} {every} {sync} {} {outcome}", target.job, dir.display())
}

#[test]
fn lines_and_what_they_mean() {
    for (line, expected) in [
        ("j --every 1d", "j 1d sync  Succeeded"),
        ("--every=1d j", "j 1d sync  Succeeded"),
        (
            "--every 90 --no-sync --dir /x j",
            "j 1m30s no-sync /x Succeeded",
        ),
        ("j --dir=x --every 2w", "j 14d sync x Succeeded"),
        // The last one counts, as in a shell alias.
        ("j --every 1d --every 2d", "j 2d sync  Succeeded"),
        ("j --fail", "j - sync  Failed(None)"),
        ("j --fail 3", "j - sync  Failed(Some(3))"),
        ("j --fail=255 --every 1d", "j 1d sync  Failed(Some(255))"),
        ("--fail j", "j - sync  Failed(None)"),
        ("--fail 3 j", "j - sync  Failed(Some(3))"),
        ("--fail 3 4", "4 - sync  Failed(Some(3))"),
        ("j --fail --no-sync", "j - no-sync  Failed(None)"),
        ("--instance j:1d", "j 1d sync  Succeeded"),
        ("--instance=j:1h30m", "j 1h30m sync  Succeeded"),
        ("--instance j:1d --fail", "j 1d sync  UnitFailed"),
        ("--instance j --fail", "j - sync  UnitFailed"),
        ("--instance j:1d --fail 3", "j 1d sync  Failed(Some(3))"),
        ("j --every 1d -- ls", "j 1d sync  run [\"ls\"]"),
        // Behind the -- everything is the command's, another -- too.
        (
            "j --every 1d -- a --every 2d -- --help",
            "j 1d sync  run [\"a\", \"--every\", \"2d\", \"--\", \"--help\"]",
        ),
        ("--instance j:1d -- ls", "j 1d sync  run [\"ls\"]"),
    ] {
        assert_eq!(meaning(line), expected, "{line}");
    }
}

#[test]
fn help_and_version_come_first() {
    for (line, expected) in [
        ("--help", Command::Help),
        ("j -h --every", Command::Help),
        ("-V", Command::Version),
        ("j --version -- ls", Command::Version),
    ] {
        let words = line.split_whitespace().map(OsString::from);
        assert_eq!(parse(words).unwrap(), expected, "{line}");
    }
    // Behind the -- it is the command that is asked.
    assert_eq!(
        meaning("j --every 1d -- ls --help"),
        "j 1d sync  run [\"ls\", \"--help\"]"
    );
}
