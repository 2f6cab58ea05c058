//! What a beat tells of a job beside its end: when it should run, which run it was, and
//! what was run only where that was asked for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::collections::BTreeSet;

use common::{House, ends, there};

#[test]
fn schedules_are_in_every_beat() {
    let house = House::new();
    let when = ["--cron", "0 9 * * 1-5", "--tz", "Europe/Riga"];
    for end in [
        &["--", "sh", "-c", "exit 0"][..],
        &["--", "false"],
        &["--skip", "x"],
    ] {
        let mut beat = house.beat();
        beat.arg("j").args(when).args(end);
        ends(&mut beat);
    }
    let files = house.files("j");
    for slot in [&files.last, &files.fail, &files.skip] {
        let beat = there(slot);
        assert_eq!(beat.interval, None);
        let details = beat.details.unwrap();
        assert_eq!(details.schedule.as_deref(), Some("0 9 * * 1-5"));
        assert_eq!(details.timezone.as_deref(), Some("Europe/Riga"));
    }
    let mut beat = house.beat();
    beat.args(["k", "--on-calendar", "Mon..Fri 09:00"]);
    assert_eq!(ends(&mut beat).0, Some(0));
    let details = house.last("k").details.unwrap();
    assert_eq!(details.schedule.as_deref(), Some("Mon..Fri 09:00"));
    assert_eq!(details.timezone, None);
}

#[test]
fn each_run_has_a_name_of_its_own() {
    let house = House::new();
    let mut seen = BTreeSet::new();
    for code in [0, 1, 0, 1] {
        let mut beat = house.beat();
        let job = format!("echo $HEARTBEAT_JOB $HEARTBEAT_RUN_ID; exit {code}");
        beat.args(["j", "--every", "1d", "--", "sh", "-c", &job]);
        // A job that is itself run by a job.
        beat.env("HEARTBEAT_JOB", "outer")
            .env("HEARTBEAT_RUN_ID", "outer");
        let (_, out, _) = ends(&mut beat);
        let run_id = out.strip_prefix("j ").unwrap().trim().to_owned();
        let beat = if code == 0 {
            house.last("j")
        } else {
            house.fail("j")
        };
        assert_eq!(beat.details.unwrap().run_id.as_deref(), Some(&*run_id));
        assert!(seen.insert(run_id));
    }
}

#[test]
fn what_was_run_is_told_only_where_that_was_asked_for() {
    let house = House::new();
    let command = [
        "--",
        "sh",
        "-c",
        "exit 3",
        "it's",
        "",
        "--password",
        "hunter2",
    ];
    let run = |options: &[&str]| {
        let mut beat = house.beat();
        beat.args(["j", "--every", "1d"])
            .args(options)
            .args(command);
        assert_eq!(ends(&mut beat).0, Some(3));
        std::fs::read_to_string(house.path("store/j.fail")).unwrap()
    };
    let line = run(&[]);
    assert!(
        !line.contains("hunter2") && !line.contains("exit 3"),
        "{line}"
    );
    assert_eq!(house.fail("j").details.unwrap().command, None);
    run(&["--with-command"]);
    assert_eq!(
        house.fail("j").details.unwrap().command.as_deref(),
        Some(r"sh -c 'exit 3' 'it'\''s' '' --password ***")
    );
    // A command as long as the kernel takes it: the beat is still one that is read.
    let mut beat = house.beat();
    let long = "\u{1b}".repeat(100_000);
    beat.args(["j", "--every", "1d", "--with-command", "--", "false", &long]);
    assert_eq!(ends(&mut beat).0, Some(1));
    assert!(house.fail("j").details.unwrap().command.unwrap().len() <= 4_096);
}
