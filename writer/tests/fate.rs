//! The fate of a job is its own: with a store that is fine, that cannot be written, that
//! is full or that is not there, and without `beat` at all, it ends the same, puts out the
//! same and leaves the same behind.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use common::{House, Mounted, await_that, is_root, left_out, set_mode};

/// What a job does, and what it reads.
const JOBS: &[(&str, &str)] = &[
    ("exit 0", ""),
    ("exit 1", ""),
    ("exit 255", ""),
    ("echo out; echo err >&2; exit 3", ""),
    ("printf 'a\\000b\\377c'", ""),
    (
        "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; exit 9",
        "",
    ),
    ("kill -TERM $$", ""),
    ("kill -KILL $$", ""),
    ("ulimit -c 0; kill -SEGV $$", ""),
    ("kill -PIPE $$", ""),
    ("trap '' TERM; kill -TERM $$; exit 4", ""),
    ("cat; cat >&2", "a line\nanother"),
    ("read x; echo \"$x\"; read y || echo no more", "a line\n"),
    ("exec >&-; echo lost; exit 5", ""),
    ("exec 2>&-; echo lost >&2; exit 5", ""),
    ("exec <&- >&- 2>&-; exit 6", ""),
    ("no-such-program", ""),
    ("/etc/passwd", ""),
    ("(sleep 0.05; echo late; echo file >left) & exit 7", ""),
    ("sleep 0.01 & wait; echo done", ""),
    ("sh -c 'echo inner; exit 8'; echo $?", ""),
    ("seq 1 20000 | tail -n 1; echo $?", ""),
    ("yes | head -n 3", ""),
    (
        "echo $PWD | sed 's/.*/x/'; umask; echo \"$ODD\" >left; exit 10",
        "",
    ),
    (
        "test -t 0 || test -t 1 || test -t 2 || echo no terminal",
        "",
    ),
    ("setsid sh -c 'echo away'; exit 11", ""),
    ("exec sh -c 'exit 12'", ""),
];

/// Ways to run them that change nothing of a job that does nothing unusual.
const WAYS: &[&[&str]] = &[
    &[],
    &["--timeout", "10m", "--pulse", "1h"],
    &["--overlap", "wait"],
];

#[derive(Debug, PartialEq)]
struct Fate {
    code: Option<i32>,
    out: Vec<u8>,
    err: Vec<u8>,
    left: Option<String>,
}

/// Lets a program run to its end, and until nobody has its output any more.
fn fate(house: &House, mut command: Command, input: &str) -> Fate {
    let _ = fs::remove_file(house.path("left"));
    command.env("ODD", "a  b");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who does not read it may be gone by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Fate {
        // A shell tells a signal so.
        code: output.status.code(),
        out: output.stdout,
        err: output.stderr,
        left: fs::read_to_string(house.path("left")).ok(),
    }
}

/// The same as a shell runs it that was given the line.
fn without_beat(house: &House, script: &str, input: &str) -> Fate {
    // The end of the inner shell as a code.
    let mut shell = house.shell("sh -c \"$JOB\" || exit $?");
    shell.env("JOB", script);
    let mut fate = fate(house, shell, input);
    // The outer one says of some signals that they came.
    for said in ["Terminated\n", "Killed\n", "Segmentation fault\n"] {
        if let Some(rest) = fate.err.strip_suffix(said.as_bytes()) {
            fate.err = rest.to_vec();
        }
    }
    fate
}

/// Takes out the one line of `beat`, if it is there.
fn one_line(fate: &mut Fate) -> Option<String> {
    let start = fate.err.windows(6).position(|w| w == b"beat: ")?;
    let end = start + fate.err[start..].iter().position(|b| *b == b'\n')? + 1;
    let line: Vec<u8> = fate.err.drain(start..end).collect();
    Some(String::from_utf8(line).unwrap())
}

fn compare(house: &House, store: &str, said: Option<&str>) {
    for way in WAYS {
        for (script, input) in JOBS {
            let expected = without_beat(house, script, input);
            let mut beat = house.beat();
            beat.args(["j", "--every", "1d", "--dir", store]).args(*way);
            beat.args(["--", "sh", "-c", script]);
            let mut got = fate(house, beat, input);
            let line = one_line(&mut got);
            assert_eq!(got, expected, "{way:?} {script} in {store}");
            match said {
                None => assert_eq!(line, None, "{way:?} {script}"),
                Some(why) => {
                    let line = line.unwrap_or_default();
                    assert!(line.ends_with(&format!("{why}\n")), "{script}: {line}");
                }
            }
        }
    }
}

#[test]
fn a_store_that_is_fine() {
    compare(&House::new(), "store", None);
}

#[test]
fn a_store_that_is_not_there() {
    compare(&House::new(), "none", Some("there is no such directory"));
}

#[test]
fn a_store_that_is_no_directory() {
    let house = House::new();
    fs::write(house.path("file"), "").unwrap();
    compare(&house, "file", Some("it is not a directory"));
}

#[test]
fn a_store_that_cannot_be_written() {
    let house = House::new();
    let Some(mounted) = Mounted::small(&house.store(), "size=64k") else {
        return left_out("a store on a read-only file system", "none may be mounted");
    };
    mounted.remount("remount,ro");
    compare(&house, "store", Some("the file system is read-only"));
    drop(mounted);
    if !is_root() {
        set_mode(&house.store(), 0o555);
        compare(&house, "store", Some("permission denied"));
    }
}

#[test]
fn a_store_that_is_full() {
    let house = House::new();
    let Some(_mounted) = Mounted::small(&house.store(), "size=64k") else {
        return left_out("a store on a full file system", "none may be mounted");
    };
    let mut rest = fs::File::create(house.store().join("rest")).unwrap();
    while rest.write_all(&[0; 512]).is_ok() {}
    compare(&house, "store", Some("the disk is full"));
}

/// Killed with no chance: the job goes on, and what it puts out from then on meets a
/// pipe that nobody reads, as with any reader that goes.
#[test]
fn a_wrapper_that_is_killed() {
    let house = House::new();
    let job = "echo $$ >pid; mv pid ready; until test -e go; do sleep 0.01; done; echo on >file; echo out || echo lost >file";
    let mut beat = house.beat();
    beat.args([
        "j",
        "--every",
        "1d",
        "--",
        "sh",
        "-c",
        &format!("trap '' PIPE; {job}"),
    ]);
    let mut child = beat
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    await_that("the job", || house.path("ready").exists());
    // The job may be faster than the record of it, which names its process.
    await_that("the run", || house.files("j").run.is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(house.path("go"), "").unwrap();
    let file = || fs::read_to_string(house.path("file")).unwrap_or_default();
    await_that("the job to go on", || file() == "lost\n");
    assert_eq!(house.names(), ["j.run"]);
}
