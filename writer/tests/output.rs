//! What a wrapped job puts out: it goes on byte for byte, to whatever it went before,
//! and its end is on record.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use common::{House, await_that, ends};
use heartbeat::Details;

fn details(house: &House) -> Details {
    *house.fail("j").details.unwrap()
}

fn tail(house: &House) -> String {
    details(house).output_tail.unwrap_or_default().into()
}

fn sh(house: &House, script: &str) -> Command {
    let mut beat = house.beat();
    beat.args(["j", "--every", "1d", "--", "sh", "-c", script]);
    beat
}

#[test]
fn every_byte_passes() {
    let house = House::new();
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| ((n * 7) >> 3) as u8).collect();
    fs::write(house.path("bytes"), &bytes).unwrap();
    let output = sh(&house, "cat bytes; head -c 1000 bytes >&2")
        .output()
        .unwrap();
    assert!(output.stdout == bytes, "{} bytes came", output.stdout.len());
    assert!(output.stderr == bytes[..1_000]);
    let last = house.last("j").details.unwrap();
    assert_eq!(
        (last.output_bytes, last.output_tail),
        (Some(3_001_000), None)
    );
}

/// 200 MB in small and in large pieces, to a reader that is slow at first: memory stays
/// small, and all of it comes.
#[test]
fn much_passes_in_little_memory() {
    let house = House::new();
    for job in [
        "head -c 200M /dev/zero",
        "dd if=/dev/zero bs=1000 count=20000 2>/dev/null",
    ] {
        let script = format!(
            "beat j --every 1d -- sh -c '{job}; grep VmHWM /proc/$PPID/status >memory; exit 3' | (until test -e j; do read x <ready && touch j; done; wc -c)"
        );
        assert_eq!(
            ends(Command::new("mkfifo").arg(house.path("ready"))).0,
            Some(0)
        );
        let mut shell = house.shell(&script);
        let mut shell = shell
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        await_that("the run", || house.files("j").run.is_some());
        fs::write(house.path("ready"), "\n").unwrap();
        let mut came = String::new();
        shell
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut came)
            .unwrap();
        shell.wait().unwrap();
        await_that("the end", || house.files("j").run.is_none());
        let told = details(&house);
        assert_eq!(
            told.output_bytes.map(|n| n.to_string()).as_deref(),
            Some(came.trim())
        );
        assert!(told.output_tail.unwrap().len() <= 4_096);
        let memory = fs::read_to_string(house.path("memory")).unwrap();
        let kib: u64 = memory.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(kib < 32_000, "{memory}");
        for name in ["ready", "j", "store/j.fail"] {
            fs::remove_file(house.path(name)).unwrap();
        }
    }
}

/// What comes out is seen at once, however little it is.
#[test]
fn nothing_is_held_back() {
    let house = House::new();
    let mut beat = sh(&house, "printf a; read x; printf b >&2; read x; printf c");
    let mut child = beat
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut byte = [0];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut byte)
        .unwrap();
    assert_eq!(&byte, b"a");
    child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    child
        .stderr
        .as_mut()
        .unwrap()
        .read_exact(&mut byte)
        .unwrap();
    assert_eq!(&byte, b"b");
    child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut byte)
        .unwrap();
    assert_eq!(&byte, b"c");
    assert!(child.wait().unwrap().success());
}

/// Where both go to one place the order is the job's, as from cron.
#[test]
fn one_place_keeps_the_order() {
    let house = House::new();
    let job = "for n in 1 2 3 4 5 6 7 8 9; do echo out $n; echo err $n >&2; done; exit 1";
    let script = format!("beat j --every 1d -- sh -c '{job}' 2>&1");
    let (_, out, _) = ends(&mut house.shell(&script));
    let expected: String = (1..10).map(|n| format!("out {n}\nerr {n}\n")).collect();
    assert_eq!((out, tail(&house)), (expected.clone(), expected));
}

#[test]
fn the_end_is_on_record_as_text() {
    let house = House::new();
    for (job, expected) in [
        ("printf 'a\\nb\\n'; exit 3", "a\nb\n"),
        ("printf 'a\\000\\377b'; exit 3", "a\u{0}\u{fffd}b"),
        ("exit 3", ""),
        ("echo out; kill -9 $$", "out\n"),
        (
            "echo password=hunter2; echo Bearer of news; exit 1",
            "password=***\nBearer of news\n",
        ),
    ] {
        ends(&mut sh(&house, job));
        assert_eq!(tail(&house), expected, "{job}");
    }
    // Of much, the end: whole lines, so that no half of a secret is told.
    ends(&mut sh(
        &house,
        "i=0; while test $i -lt 9999; do echo token=secret$i; i=$((i+1)); done; exit 1",
    ));
    let tail = tail(&house);
    assert!(tail.len() <= 4_096 && tail.len() > 4_000, "{}", tail.len());
    assert!(
        !tail.contains("secret") && tail.ends_with("token=***\n"),
        "{tail}"
    );
}

/// Thrown away, as crontabs do: the end is on record all the same.
#[test]
fn output_that_is_thrown_away() {
    let house = House::new();
    let script = "beat j --every 1d -- sh -c 'echo out; echo err >&2; head -c 5M /dev/zero; echo end; exit 1' >/dev/null 2>&1";
    ends(
        house
            .shell(&format!("{script} || true"))
            .stdout(Stdio::null()),
    );
    assert!(tail(&house).ends_with("\u{0}end\n"));
    assert_eq!(details(&house).output_bytes, Some(5 * 1_024 * 1_024 + 12));
}

/// A file is the job's own, with its offset: others append to it, the job may cut it
/// off, and a full disk is met by the job itself.
#[test]
fn a_file_is_left_to_the_job() {
    let house = House::new();
    let log = |house: &House| fs::read_to_string(house.path("log")).unwrap();
    let run = |job: &str, to: &str| {
        let script =
            format!("echo before >>log; beat j --every 1d -- sh -c '{job}' {to} || echo $?");
        ends(&mut house.shell(&script)).1
    };
    let job = "test -f /proc/self/fd/1 && echo out; echo err >&2; echo password=x; exit 3";
    assert_eq!(run(job, ">>log 2>&1"), "3\n");
    assert_eq!(log(&house), "before\nout\nerr\npassword=x\n");
    assert_eq!(tail(&house), "out\nerr\npassword=***\n");
    assert_eq!(details(&house).output_bytes, Some(19));
    // From its start.
    assert_eq!(run(job, ">log 2>>log"), "3\n");
    assert_eq!(
        details(&house).output_bytes.unwrap(),
        log(&house).len() as u64
    );
    // Nothing came.
    assert_eq!(run("exit 4", ">>log 2>&1"), "4\n");
    assert_eq!(
        (details(&house).output_bytes, &*tail(&house)),
        (Some(0), "")
    );
    // A device that is always full.
    assert_eq!(run("echo x || exit 5", ">/dev/full 2>/dev/null"), "5\n");
}

#[test]
fn a_socket_as_the_journal_is_one() {
    let house = House::new();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut beat = sh(&house, "echo out; head -c 1M /dev/zero; echo end; exit 1");
    let theirs = std::os::fd::OwnedFd::from(theirs);
    let mut child = beat
        .stdout(theirs.try_clone().unwrap())
        .stderr(theirs)
        .spawn()
        .unwrap();
    drop(beat);
    let mut all = Vec::new();
    (&ours).read_to_end(&mut all).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(all.len(), 4 + 1_024 * 1_024 + 4);
    assert!(all.ends_with(b"\0end\n") && tail(&house).ends_with("\u{0}end\n"));
}

/// The reader goes while the job is silent: its next write tells it, as without `beat`.
#[test]
fn a_reader_that_goes() {
    let house = House::new();
    let mut beat = sh(&house, "echo a; read x; echo b; echo c >file; read x");
    let mut child = beat
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = [0; 2];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut line).unwrap();
    drop(out);
    // The job writes when `beat` has closed its end too.
    let pid = child.id();
    await_that("the closing", || {
        let fds = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
        let targets = fds.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok());
        let out = fs::read_link(format!("/proc/{pid}/fd/1")).unwrap();
        // It was opened once more while somebody read.
        targets.filter(|to| *to == out).count() == 1
    });
    child.stdin.as_mut().unwrap().write_all(b"\n\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(128 + 13));
    assert!(!house.path("file").exists());
}

/// A daemon keeps the output that it was started with; `beat` ends with the job.
#[test]
fn a_daemon_that_outlives_the_job() {
    let house = House::new();
    let job = "echo job; (read x <late; echo daemon; echo error >&2; read x <later) & exit 7";
    // One for each word: of a pipe that is opened again at once, the end of the first
    // word may be taken for that of the second.
    for name in ["late", "later"] {
        assert_eq!(
            ends(Command::new("mkfifo").arg(house.path(name))).0,
            Some(0)
        );
    }
    let mut beat = sh(&house, job);
    let mut child = beat
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7));
    assert_eq!(house.names(), ["j.fail"]);
    assert_eq!(tail(&house), "job\n");
    let (mut out, mut err) = (String::new(), String::new());
    fs::write(house.path("late"), "\n").unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut piece = [0; 11];
    stdout.read_exact(&mut piece).unwrap();
    assert_eq!(&piece, b"job\ndaemon\n");
    fs::write(house.path("later"), "\n").unwrap();
    // Nobody holds the output any more, when the daemon has gone.
    stdout.read_to_string(&mut out).unwrap();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!((&*out, &*err), ("", "error\n"));
}

/// A job that is done before its output is read: all of it arrives.
#[test]
fn a_reader_that_comes_late() {
    let house = House::new();
    let script = "beat j --every 1d -- head -c 300000 /dev/zero | (until test -s store/j.last -o -e go; do sleep 0.01; done; wc -c)";
    let mut shell = house.shell(script);
    let child = shell.stdout(Stdio::piped()).spawn().unwrap();
    // More than fits into two pipes: the job ends, the record waits for the reader.
    fs::write(house.path("go"), "").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "300000");
    await_that("the end", || house.files("j").last.is_some());
}

/// Stopped while nobody reads what is left: it is handed over, and nothing is lost.
#[test]
fn ended_while_nobody_reads() {
    let house = House::new();
    let mut beat = sh(&house, "trap '' TERM; head -c 100000 /dev/zero; touch done");
    let mut child = beat.stdout(Stdio::piped()).spawn().unwrap();
    await_that("the job", || house.path("done").exists());
    let pid = rustix::process::Pid::from_child(&child);
    await_that("the end of beat", || {
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        child.try_wait().unwrap().is_some()
    });
    let mut all = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 100_000);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(house.names(), ["j.last"]);
}

/// From cron the pipe is another user's: it cannot be opened once more, and still nobody
/// waits at it, and nothing is lost.
#[test]
fn a_pipe_of_another_user() {
    let house = House::new();
    let store = house.path("theirs");
    fs::create_dir(&store).unwrap();
    common::set_mode(&store, 0o777);
    common::set_mode(&house.path(""), 0o777);
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| ((n * 7) >> 3) as u8).collect();
    fs::write(house.path("bytes"), &bytes).unwrap();
    let beat = |script: &str| {
        let mut beat = house.beat_of_a_stranger();
        beat.args(["j", "--every", "1d", "--dir"]).arg(&store);
        beat.args(["--", "sh", "-c", script]);
        beat
    };
    let output = beat("cat bytes; head -c 1000 bytes >&2; for n in 1 2 3; do echo $n; done")
        .output()
        .unwrap();
    assert!(output.stdout.starts_with(&bytes) && output.stdout.ends_with(b"1\n2\n3\n"));
    assert_eq!(output.stdout.len(), bytes.len() + 6);
    assert!(output.stderr == bytes[..1_000]);
    // Ended while nobody reads: as much as two pipes hold, whatever the kernel grants.
    let mut child = beat("trap '' TERM; head -c 100000 bytes; touch done")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    await_that("the job", || house.path("done").exists());
    let pid = rustix::process::Pid::from_child(&child);
    await_that("the end of beat", || {
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        child.try_wait().unwrap().is_some()
    });
    let mut all = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut all).unwrap();
    assert!(all == bytes[..100_000], "{} bytes came", all.len());
}
