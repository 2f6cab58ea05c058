//! Options that make no sense, alone or together: each is refused before anything runs,
//! with a line that would do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use common::{House, ends};

/// Runs `beat j … -- touch ran` or, without the command, `beat j …`.
fn refused(line: &[&str]) -> String {
    let house = House::new();
    let (code, out, err) = ends(house.beat().args(line));
    assert_eq!((code, &*out), (Some(64), ""), "{line:?}: {err}");
    assert_eq!(house.names(), [""; 0], "{line:?} left something");
    assert!(!house.path("ran").exists(), "{line:?} ran");
    format!("$ beat {}\n{err}\n", line.join(" "))
}

#[test]
fn schedules() {
    let said: String = [
        &["j", "--cron"][..],
        &["j", "--cron", ""],
        &["j", "--cron", "0 2 * *"],
        &["j", "--cron", "61 2 * * *"],
        &["j", "--cron", "0 0 30 2 *"],
        &["j", "--on-calendar", "Someday 09:00"],
        &["j", "--every", "1d", "--cron", "0 2 * * *"],
        &["j", "--cron", "@daily", "--on-calendar", "daily"],
        &["j", "--instance", "k:1d", "--cron", "@daily"],
        &["--instance", "k:1d", "--cron", "@daily"],
        &["j", "--tz", "Europe/Riga"],
        &["j", "--every", "1d", "--tz", "UTC"],
        &["j", "--cron", "@daily", "--tz", "../../etc/passwd"],
        &["j", "--cron", "@daily", "--tz", ""],
        &["j", "--cron", "@daily", "--tz", "Europe/Riga x"],
        &[
            "j",
            "--on-calendar",
            "*-*-* 04:00 UTC",
            "--tz",
            "Europe/Riga",
        ],
    ]
    .into_iter()
    .map(refused)
    .collect();
    insta::assert_snapshot!(said);
}

#[test]
fn ways_to_run() {
    let with = |options: &[&str]| {
        let line = [&["j", "--every", "1d"], options, &["--", "touch", "ran"]].concat();
        refused(&line)
    };
    let said: String = [
        &["--timeout", "0"][..],
        &["--timeout", "soon"],
        &["--timeout", "-1"],
        &["--timeout", "500d"],
        &["--kill-after", "5s"],
        &["--pulse", "30m"],
        &["--overlap", "maybe"],
        &["--skip-code", "0"],
        &["--skip-code", "256"],
        &["--skip-code", "x"],
        &["--skip", "why"],
        &["--fail"],
        &["--fail", "--skip", "why"],
        &["--expect-text", ""],
        &["--expect-text", &"x".repeat(2_000)],
        &["--expect-file", ""],
        &["--expect-file", "/a,newr"],
        &["--expect-file", "/a,min=much"],
        &["--min-duration", "x"],
        &["--quiet=yes"],
    ]
    .into_iter()
    .map(with)
    .collect::<String>()
    .replace(&"x".repeat(2_000), "xxx…");
    insta::assert_snapshot!(said);
}

#[test]
fn ways_to_run_what_is_not_there() {
    let said: String = [
        &["j", "--every", "1d", "--timeout", "1h"][..],
        &["j", "--every", "1d", "--quiet"],
        &["j", "--every", "1d", "--expect-output"],
        &["j", "--fail", "--overlap", "skip"],
        &["j", "--skip", ""],
        &["j", "--skip", "  "],
        &["j", "--skip"],
        &["j", "--skip", "x", "--fail"],
        &["j", "--on-calendar", "daily", "--timeout"],
    ]
    .into_iter()
    .map(refused)
    .collect();
    insta::assert_snapshot!(said);
}
