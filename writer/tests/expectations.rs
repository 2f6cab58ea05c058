//! What is expected of a run beside the exit code 0, and runs that had nothing to do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::fs;
use std::process::Command;

use common::{House, ends, there};

fn expecting(house: &House, options: &[&str], script: &str) -> Command {
    let mut beat = house.beat();
    beat.args(["j", "--every", "1d"]).args(options);
    beat.args(["--", "sh", "-c", script]);
    beat
}

/// Options, the job, and what is broken: the word in the beat, and the words for people.
type Row = (
    &'static [&'static str],
    &'static str,
    Option<(&'static str, &'static str)>,
);

const TABLE: &[Row] = &[
    (&["--expect-output"], "echo x", None),
    (&["--expect-output"], "echo x >&2", None),
    (&["--expect-output"], "printf '\\000'", None),
    (
        &["--expect-output"],
        ":",
        Some(("no_output", "nothing came out")),
    ),
    (&["--expect-text", "all done"], "echo all done", None),
    (
        &["--expect-text", "all done"],
        "echo so: all done. >&2",
        None,
    ),
    // In pieces, and far within much.
    (
        &["--expect-text", "all done"],
        "printf 'all '; sleep 0.05; printf 'al'; sleep 0.05; printf 'l done'",
        None,
    ),
    (
        &["--expect-text", "all done"],
        "head -c 3M /dev/zero; printf 'all done'; head -c 3M /dev/zero",
        None,
    ),
    (
        &["--expect-text", "all done"],
        "printf 'all '; echo done >&2",
        Some(("text_missing", "\"all done\" did not come out")),
    ),
    (
        &["--expect-text", "a"],
        "echo b",
        Some(("text_missing", "\"a\" did not come out")),
    ),
    (&["--min-duration", "100ms"], "sleep 0.2", None),
    (
        &["--min-duration", "1h"],
        ":",
        Some(("too_quick", "it took")),
    ),
    (&["--expect-file", "f"], "touch f", None),
    (
        &["--expect-file", "f,newer,min=1K"],
        "head -c 1024 /dev/zero >f",
        None,
    ),
    (
        &["--expect-file", "f"],
        ":",
        Some(("file_missing", "f is not there")),
    ),
    (
        &["--expect-file", "old,newer"],
        ":",
        Some(("file_old", "old was not written by this run")),
    ),
    (&["--expect-file", "old,newer"], "echo more >>old", None),
    // A file that is only looked at, renamed or made another's was not written.
    (
        &["--expect-file", "f,newer"],
        "cat old; chmod 600 old; mv old f",
        Some(("file_old", "f was not written by this run")),
    ),
    (
        &["--expect-file", "f,min=10"],
        "echo x >f",
        Some(("file_small", "f has 2 bytes and should have 10 at least")),
    ),
    (
        &["--expect-file", "f", "--expect-file", "g"],
        "touch f",
        Some(("file_missing", "g is not there")),
    ),
    (
        &["--expect-output", "--expect-file", "f"],
        "touch f",
        Some(("no_output", "nothing came out")),
    ),
];

#[test]
fn what_holds_and_what_is_broken() {
    for (options, script, broken) in TABLE {
        let house = House::new();
        fs::write(house.path("old"), "old\n").unwrap();
        let old = fs::File::options()
            .write(true)
            .open(house.path("old"))
            .unwrap();
        old.set_modified(
            std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_700_000_000_500),
        )
        .unwrap();
        let (code, _, err) = ends(&mut expecting(&house, options, script));
        assert_eq!(
            code,
            Some(0),
            "the exit code is the job's: {options:?} {script}"
        );
        let said = err.lines().filter(|line| line.starts_with("beat:")).count();
        match broken {
            None => {
                assert_eq!(
                    (house.names(), said),
                    (vec!["j.last".to_owned()], 0),
                    "{options:?} {script}: {err}"
                );
            }
            Some((reason, words)) => {
                assert_eq!(
                    (house.names(), said),
                    (vec!["j.fail".to_owned()], 1),
                    "{options:?} {script}: {err}"
                );
                let details = house.fail("j").details.unwrap();
                assert_eq!(details.reason.as_deref(), Some(*reason));
                assert_eq!(details.exit_code, Some(0));
                assert!(
                    err.contains(&format!("beat: \"j\" exited 0, but {words}")),
                    "{err}"
                );
            }
        }
    }
}

/// A failure is the job's own, whatever else was expected.
#[test]
fn a_failure_stays_what_it_is() {
    let house = House::new();
    let options = ["--expect-output", "--expect-file", "none"];
    let ended = ends(&mut expecting(&house, &options, "exit 3"));
    assert_eq!(ended, (Some(3), String::new(), String::new()));
    assert_eq!(
        house.fail("j").details.unwrap().reason.as_deref(),
        Some("exit")
    );
}

#[test]
fn the_beat_says_what_held() {
    let house = House::new();
    let options = [
        "--expect-output",
        "--expect-text",
        "x",
        "--min-duration",
        "1ms",
        "--expect-file",
        "store",
    ];
    assert_eq!(
        ends(&mut expecting(&house, &options, "sleep 0.01; echo x")).0,
        Some(0)
    );
    let held: Vec<_> = house.last("j").details.unwrap().expectations;
    let held: Vec<&str> = held.iter().map(|word| &**word).collect();
    assert_eq!(held, ["output", "text", "min_duration", "file"]);
}

/// The output goes into a file, which the job writes itself; only what this run wrote counts.
#[test]
fn output_in_a_file_is_looked_at_too() {
    let house = House::new();
    fs::write(house.path("log"), "all done\n").unwrap();
    let run = |job: &str, to: &str| {
        let script = format!(
            "beat j --every 1d --expect-output --expect-text 'all done' -- sh -c '{job}' {to}"
        );
        assert_eq!(ends(&mut house.shell(&script)).0, Some(0));
        let failed = house
            .files("j")
            .fail
            .map(|_| house.fail("j").details.unwrap().reason.unwrap());
        for name in house.names() {
            fs::remove_file(house.store().join(name)).unwrap();
        }
        failed
    };
    for to in [">>log 2>&1", ">>log 2>err", "2>>log >out"] {
        assert_eq!(run(":", to).as_deref(), Some("no_output"), "{to}");
        assert_eq!(
            run("echo no; echo no >&2", to).as_deref(),
            Some("text_missing"),
            "{to}"
        );
        assert_eq!(run("echo all done; echo all done >&2", to), None, "{to}");
    }
}

#[test]
fn an_exit_code_can_say_that_there_was_nothing_to_do() {
    let house = House::new();
    let options = ["--skip-code", "75"];
    let ended = ends(&mut expecting(&house, &options, "echo none; exit 75"));
    assert_eq!(ended, (Some(75), "none\n".into(), String::new()));
    assert_eq!(house.names(), ["j.skip"]);
    let skip = there(&house.files("j").skip);
    assert_eq!(skip.interval.unwrap().seconds(), 86_400);
    let details = skip.details.unwrap();
    assert_eq!((details.exit_code, details.reason), (Some(75), None));
    assert!(details.started.unwrap() <= skip.timestamp);
    // Any other is what it always is.
    assert_eq!(
        ends(&mut expecting(&house, &options, "exit 74")).0,
        Some(74)
    );
    assert_eq!(ends(&mut expecting(&house, &options, "exit 0")).0, Some(0));
    assert_eq!(house.names(), ["j.fail", "j.last", "j.skip"]);
}

#[test]
fn a_script_can_say_that_there_was_nothing_to_do() {
    let house = House::new();
    for (when, seconds) in [(&["--every", "1h"][..], Some(3_600)), (&[], None)] {
        let mut beat = house.beat();
        beat.args(["j", "--skip", " no new \"files\" "]).args(when);
        assert_eq!(ends(&mut beat), (Some(0), String::new(), String::new()));
        assert_eq!(house.names(), ["j.skip"]);
        let skip = there(&house.files("j").skip);
        assert_eq!(skip.interval.map(|interval| interval.seconds()), seconds);
        let details = skip.details.unwrap();
        assert_eq!(details.reason.as_deref(), Some("no new \"files\""));
        assert_eq!(details.exit_code, None);
    }
}
