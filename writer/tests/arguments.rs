//! Arguments that are taken, and what they mean. Those that are not: `words.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::ffi::OsString;
use std::time::Duration;

use writer::args::{Command, Expect, Outcome, Overlap, Request, parse};

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
        Outcome::Run(run) => format!("run {:?}", run.command),
        other => format!("{other:?}"),
    };
    let every = match target.schedule {
        Some(when) => format!("{} {:?}", when.text, when.timezone),
        None => every,
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
        ("j --cron @daily", "j @daily None sync  Succeeded"),
        (
            "j --on-calendar Mon..Fri --tz Europe/Riga -- ls",
            "j Mon..Fri Some(\"Europe/Riga\") sync  run [\"ls\"]",
        ),
        (
            "j --cron @hourly --tz Etc/GMT+3 --fail",
            "j @hourly Some(\"Etc/GMT+3\") sync  Failed(None)",
        ),
        ("j --skip nothing", "j - sync  Skipped(\"nothing\")"),
        ("j --skip x --every 1d", "j 1d sync  Skipped(\"x\")"),
        ("--instance j:1d --skip x", "j 1d sync  Skipped(\"x\")"),
    ] {
        assert_eq!(meaning(line), expected, "{line}");
    }
}

/// What is said of a run, as far as it is not as always.
#[test]
fn ways_to_run() {
    let run = |options: &str| {
        let line = format!("j --every 1d {options} -- ls");
        let words = line.split_whitespace().map(OsString::from);
        match parse(words).unwrap() {
            Command::Beat(Request {
                outcome: Outcome::Run(run),
                ..
            }) => *run,
            other => panic!("{other:?}"),
        }
    };
    let plain = run("");
    assert_eq!((plain.timeout, plain.overlap), (None, Overlap::Allow));
    assert_eq!(plain.expect, Expect::default());
    let seconds = |n| Some(Duration::from_secs(n));
    let timed = run("--timeout 1h30m --kill-after 500ms --pulse 90");
    assert_eq!((timed.timeout, timed.pulse), (seconds(5_400), seconds(90)));
    assert_eq!(timed.kill_after, Some(Duration::from_millis(500)));
    assert_eq!(run("--overlap skip").overlap, Overlap::Skip);
    assert_eq!(run("--overlap=wait").overlap, Overlap::Wait);
    assert_eq!(
        run("--overlap skip --overlap allow").overlap,
        Overlap::Allow
    );
    assert!(run("--quiet").quiet && run("--with-command").with_command);
    assert_eq!(run("--skip-code 75").skip_code, Some(75));
    let expect = run("--expect-output --expect-text done --min-duration 2s --expect-file a,newer --expect-file b").expect;
    assert!(expect.output && expect.files[0].newer);
    assert_eq!(expect.text.as_deref(), Some(&b"done"[..]));
    assert_eq!((expect.min_duration, expect.files.len()), (seconds(2), 2));
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
