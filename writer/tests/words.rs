//! What `beat` says: help, version, and every refusal of its arguments.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use common::{House, ends};

#[test]
fn help() {
    let house = House::new();
    let (code, out, err) = ends(house.beat().arg("--help"));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(out);
    assert_eq!(ends(house.beat().arg("-h")).1, out);
    // Help is given whatever else is asked.
    assert_eq!(ends(house.beat().args(["a/b", "-h"])).1, out);
    for line in out.lines() {
        assert!(line.len() <= 80, "{line}");
    }
}

#[test]
fn the_manual_and_the_help_name_the_same_options() {
    let options = |text: &str| {
        let text = text.replace("\\-", "-");
        let mut options: Vec<_> = text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .filter(|word| word.len() > 2 && word.starts_with("--"))
            .map(str::to_owned)
            .collect();
        options.sort();
        options.dedup();
        options
    };
    // The examples show one of somebody else's.
    let mut of_help = options(writer::HELP);
    assert_eq!(options(include_str!("../beat.1")), of_help);
    of_help.retain(|option| option != "--all");
    assert_eq!(
        of_help,
        [
            "--cron",
            "--dir",
            "--every",
            "--expect-file",
            "--expect-output",
            "--expect-text",
            "--fail",
            "--help",
            "--instance",
            "--kill-after",
            "--min-duration",
            "--no-sync",
            "--on-calendar",
            "--overlap",
            "--pulse",
            "--quiet",
            "--skip",
            "--skip-code",
            "--timeout",
            "--tz",
            "--version",
            "--with-command",
        ]
    );
}

#[test]
fn version() {
    let house = House::new();
    for flag in ["--version", "-V"] {
        let (code, out, err) = ends(house.beat().arg(flag));
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert_eq!(out, format!("beat {}\n", env!("CARGO_PKG_VERSION")));
    }
}

/// What a person types, and what they read.
#[test]
fn refusals_show_a_line_that_would_do() {
    let name = r#"allowed are letters, digits, ".", "_" and "-""#;
    let long = "x".repeat(200);
    let table: &[(&[&str], &str, &str)] = &[
        (
            &[],
            "no job is named",
            "for example: beat db_backup --every 1d",
        ),
        (
            &["", "--every", "1d"],
            "the job name is empty",
            "a name that would do: my_job",
        ),
        (
            &["a/b", "--every", "1d"],
            &format!("job name \"a/b\" has '/' at position 2; {name}"),
            "a name that would do: a_b",
        ),
        (
            &["..", "--every", "1d"],
            "job name \"..\" starts with '.'; it must start with a letter or a digit",
            "a name that would do: my_job",
        ),
        (
            &[".hidden", "--every", "1d"],
            "job name \".hidden\" starts with '.'; it must start with a letter or a digit",
            "a name that would do: hidden",
        ),
        (
            &["my job", "--every", "1d"],
            &format!("job name \"my job\" has ' ' at position 3; {name}"),
            "a name that would do: my_job",
        ),
        (
            &["a\nb", "--every", "1d"],
            &format!("job name \"a\\nb\" has '\\n' at position 2; {name}"),
            "a name that would do: a_b",
        ),
        (
            &["a\u{1b}[31m", "--every", "1d"],
            &format!("job name \"a\\u{{1b}}[31m\" has '\\u{{1b}}' at position 2; {name}"),
            "a name that would do: a_31m",
        ),
        (
            &["🦀", "--every", "1d"],
            &format!("job name \"🦀\" has '🦀' at position 1; {name}"),
            "a name that would do: my_job",
        ),
        (
            &[&long, "--every", "1d"],
            &format!(
                "job name \"{}…\" is 200 characters long; at most 100 are allowed",
                &long[..60]
            ),
            &format!("a name that would do: {}", &long[..100]),
        ),
        (
            &["j"],
            "how often \"j\" should succeed is missing",
            "for a daily job: beat j --every 1d",
        ),
        (
            &["j", "--", "ls", "-l"],
            "how often \"j\" should succeed is missing",
            "for a daily job: beat j --every 1d -- ls -l",
        ),
        (
            &["--instance", "j"],
            "how often \"j\" should succeed is missing",
            "for a daily job: beat --instance j:1d",
        ),
        (
            &["j", "--every"],
            "--every has no value",
            "for example: --every 1d",
        ),
        (
            &["j", "--every", "0"],
            "--every: an interval of 0 says nothing; the shortest is 1s",
            "for example: --every 1d",
        ),
        (
            &["j", "--every", "-5m"],
            "--every: an interval cannot be negative",
            "for example: --every 1d",
        ),
        (
            &["j", "--every=-5m"],
            "--every: an interval cannot be negative",
            "for example: --every 1d",
        ),
        (
            &["j", "--every", "10y"],
            "--every: the longest interval is 400d",
            "for example: --every 1d",
        ),
        (
            &["j", "--every", "10years"],
            "--every: the longest interval is 400d",
            "for example: --every 1d",
        ),
        (
            &["j", "--every", "500ms"],
            "--every: an interval is whole seconds; the shortest is 1s",
            "for example: --every 1d",
        ),
        (
            &["j", "--every", "soon"],
            "--every: \"soon\" is not a duration; write 90, 90s, 15m, 1h30m, 1d or 2w",
            "for example: --every 1d",
        ),
        (
            &["j", "--every", ""],
            "--every: \"\" is not a duration; write 90, 90s, 15m, 1h30m, 1d or 2w",
            "for example: --every 1d",
        ),
        (
            &["--instance", "j:x"],
            "--every: \"x\" is not a duration; write 90, 90s, 15m, 1h30m, 1d or 2w",
            "for example: --every 1d",
        ),
        (
            &["--instance", ":1d"],
            "the job name is empty",
            "a name that would do: my_job",
        ),
        (
            &["--instance", "j:1d", "k"],
            "--instance names the job and its interval; neither can be given again",
            "for example: beat --instance db_backup:1d",
        ),
        (
            &["--instance", "j:1d", "--every", "1d"],
            "--instance names the job and its interval; neither can be given again",
            "for example: beat --instance db_backup:1d",
        ),
        (
            &["j", "1d"],
            "\"1d\" is one word too many",
            "an interval follows --every: beat j --every 1d",
        ),
        (
            &["j", "--every", "1d", "ls"],
            "\"ls\" is one word too many",
            "to run a command, put -- before it: beat j --every 1d -- ls",
        ),
        (
            &["j", "--every", "1d", "--"],
            "there is no command after --",
            "for example: beat db_backup --every 1d -- /usr/local/bin/backup",
        ),
        (
            &["j", "--every", "1d", "--", ""],
            "there is no command after --",
            "for example: beat db_backup --every 1d -- /usr/local/bin/backup",
        ),
        (
            &["j", "--fail", "--every", "1d", "--", "ls"],
            "--fail and a command exclude each other",
            "leave out --fail: a command's failure is recorded by itself",
        ),
        (
            &["j", "--fail", "0"],
            "--fail 0: an exit code of 0 is no failure",
            "record a failure only after the job failed: backup || beat db_backup --fail $?",
        ),
        (
            &["j", "--fail=256"],
            "--fail: \"256\" is not an exit code",
            "exit codes go from 1 to 255; --fail alone records a failure without one",
        ),
        (
            &["j", "--fail=-1"],
            "--fail: \"-1\" is not an exit code",
            "exit codes go from 1 to 255; --fail alone records a failure without one",
        ),
        (
            &["j", "--fail="],
            "--fail: \"\" is not an exit code",
            "exit codes go from 1 to 255; --fail alone records a failure without one",
        ),
        (
            &["j", "--evry", "1d"],
            "invalid option '--evry'",
            "see beat --help",
        ),
        (&["j", "-e", "1d"], "invalid option '-e'", "see beat --help"),
        (
            &["j", "--every", "1d", "--no-sync=yes"],
            "unexpected argument for option '--no-sync': \"yes\"",
            "see beat --help",
        ),
        (
            &["j", "--every", "1d", "--dir", ""],
            "--dir is empty",
            "see beat --help",
        ),
        (
            &["j", "--every", "1d", "--dir"],
            "--dir has no value",
            "for example: --dir /srv/heartbeats",
        ),
    ];
    for (args, error, hint) in table {
        let house = House::new();
        let (code, out, err) = ends(house.beat().args(*args));
        let expected = format!("error: {error}\nhint: {hint}\n");
        assert_eq!(
            (err, out.as_str(), code),
            (expected, "", Some(64)),
            "{args:?}"
        );
        assert_eq!(house.names(), [""; 0], "{args:?} left something");
    }
}

#[test]
fn arguments_that_are_no_text() {
    let house = House::new();
    let odd = OsStr::from_bytes(b"a\xffb");
    let (code, _, err) = ends(house.beat().arg(odd).args(["--every", "1d"]));
    assert_eq!(code, Some(64));
    insta::assert_snapshot!(err, @r#"
    error: job name "a�b" has '�' at position 2; allowed are letters, digits, ".", "_" and "-"
    hint: a name that would do: a_b
    "#);
    let (code, _, err) = ends(house.beat().args(["j", "--every"]).arg(odd));
    assert_eq!(code, Some(64));
    insta::assert_snapshot!(err, @r#"
    error: --every: "a�b" is not a duration; write 90, 90s, 15m, 1h30m, 1d or 2w
    hint: for example: --every 1d
    "#);
    let (code, _, err) = ends(house.beat().arg(OsStr::from_bytes(b"--\xff")));
    assert_eq!(code, Some(64));
    insta::assert_snapshot!(err, @r"
    error: invalid option '--�'
    hint: see beat --help
    ");
    // A directory may have any name, and so may what a command is given.
    let dir = house.path("store").join(odd);
    std::fs::create_dir(&dir).unwrap();
    let (code, _, err) = ends(house.beat().args(["j", "--every", "1d", "--dir"]).arg(&dir));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(common::names(&dir), ["j.last"]);
    let mut echo = house.beat();
    echo.args(["j", "--every", "1d", "--", "printf", "%s"])
        .arg(odd);
    assert_eq!(echo.output().unwrap().stdout, b"a\xffb");
}

/// `beat --help | head -1`: whoever read enough leaves.
#[test]
fn a_reader_that_went_away_is_no_error() {
    let house = House::new();
    let mut child = house
        .beat()
        .args(["j", "--every", "1d", "--", "beat", "--help"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), house.said(&output.stderr)),
        (Some(0), String::new())
    );
}

#[test]
fn output_that_goes_nowhere() {
    let house = House::new();
    for script in [
        "beat --help >&-",
        "beat j --every 1d <&- >&- 2>&-",
        "beat j --every 1d -- true <&- >&- 2>&-",
    ] {
        let (code, out, err) = ends(&mut house.shell(script));
        assert_eq!(
            (code, out.as_str(), err.as_str()),
            (Some(0), "", ""),
            "{script}"
        );
    }
    assert_eq!(house.names(), ["j.last"]);
    assert!(house.files("j").last.unwrap().is_ok());
    assert_eq!(ends(&mut house.shell("beat a/b 2>&-")).0, Some(64));
    let (code, _, err) = ends(&mut house.shell("beat --help >/dev/full"));
    assert_eq!(code, Some(74));
    insta::assert_snapshot!(err, @r"
    error: cannot write to stdout: No space left on device (os error 28)
    hint: see where the output goes
    ");
}
