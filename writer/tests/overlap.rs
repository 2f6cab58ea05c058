//! Runs of one job that would overlap, and runs of which nobody told the end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::fs;
use std::process::{Child, Command, Stdio};

use common::{House, await_that, ends, set_mode, there};
use rustix::process::{Pid, Signal, kill_process};

fn beat(house: &House, options: &[&str], script: &str) -> Command {
    let mut beat = house.beat();
    beat.args(["j", "--every", "1d"]).args(options);
    beat.args(["--", "sh", "-c", script]);
    beat
}

/// A run that goes on until its stdin is closed.
fn going(house: &House, options: &[&str]) -> Child {
    let child = beat(house, options, "read x; echo first >>log; exit 0");
    let child = { child }.stdin(Stdio::piped()).spawn().unwrap();
    await_that("the run", || house.files("j").run.is_some());
    child
}

fn log(house: &House) -> String {
    fs::read_to_string(house.path("log")).unwrap_or_default()
}

fn end(mut child: Child) {
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn skip_leaves_the_run_out_and_looks_like_nothing() {
    // A run with the lock, and one that took none.
    for options in [&["--overlap", "skip"][..], &[]] {
        let house = House::new();
        let first = going(&house, options);
        let before = fs::read(house.path("store/j.run")).unwrap();
        let mut second = beat(&house, &["--overlap", "skip"], "echo second >>log; exit 9");
        let (code, out, err) = ends(&mut second);
        assert_eq!((code, &*out), (Some(0), ""));
        let started = there(&house.files("j").run).timestamp;
        let since = heartbeat::time_text(started);
        let said = format!(
            "beat: \"j\" is still running since {since}; this run is left out (--overlap skip)\n"
        );
        assert_eq!(err, said);
        assert_eq!(fs::read(house.path("store/j.run")).unwrap(), before);
        assert!(house.files("j").last.is_none() && house.files("j").fail.is_none());
        end(first);
        assert_eq!(log(&house), "first\n");
        // And afterwards it runs.
        assert_eq!(ends(&mut second).0, Some(9));
        assert_eq!(log(&house), "first\nsecond\n");
    }
}

#[test]
fn wait_starts_it_afterwards() {
    for options in [&["--overlap", "wait"][..], &[]] {
        let house = House::new();
        let first = going(&house, options);
        let mut second = beat(&house, &["--overlap", "wait"], "echo second >>log")
            .spawn()
            .unwrap();
        let waits = || {
            let wchan = fs::read_to_string(format!("/proc/{}/wchan", second.id()));
            let wchan = wchan.unwrap_or_default();
            wchan.contains("lock") || wchan.contains("poll")
        };
        await_that("the wait", waits);
        assert_eq!(log(&house), "");
        end(first);
        assert!(second.wait().unwrap().success());
        assert_eq!(log(&house), "first\nsecond\n");
        let last = house.last("j");
        assert!(last.details.unwrap().started.unwrap() <= last.timestamp);
    }
}

/// Who waits can be ended; the job has not begun.
#[test]
fn a_wait_can_be_ended() {
    let house = House::new();
    let first = going(&house, &["--overlap", "wait"]);
    let mut second = beat(&house, &["--overlap", "wait"], "echo second >>log")
        .spawn()
        .unwrap();
    kill_process(Pid::from_child(&second), Signal::TERM).unwrap();
    assert_eq!(second.wait().unwrap().code(), None);
    end(first);
    assert_eq!(log(&house), "first\n");
}

#[test]
fn without_more_both_run() {
    let house = House::new();
    let first = going(&house, &["--overlap", "skip"]);
    assert_eq!(ends(&mut beat(&house, &[], "echo second >>log")).0, Some(0));
    assert_eq!(log(&house), "second\n");
    end(first);
}

/// The job does not hold the lock: what it leaves behind keeps nobody from running.
#[test]
fn a_daemon_holds_no_lock() {
    let house = House::new();
    assert_eq!(
        ends(Command::new("mkfifo").arg(house.path("late"))).0,
        Some(0)
    );
    let mut first = beat(
        &house,
        &["--overlap", "skip"],
        "(read x <late) >/dev/null 2>&1 & exit 0",
    );
    assert_eq!(ends(&mut first).0, Some(0));
    let second = ends(&mut beat(&house, &["--overlap", "skip"], "exit 4"));
    assert_eq!((second.0, &*second.2), (Some(4), ""));
    fs::write(house.path("late"), "\n").unwrap();
}

/// Only the owner may keep a job from running.
#[test]
fn the_lock_is_the_owners() {
    let house = House::new();
    ends(&mut beat(&house, &["--overlap", "skip"], "exit 0"));
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(house.path("store/.j.lock"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

/// Without a store nothing is known of other runs: the job runs, and one line says so.
#[test]
fn without_a_store_it_runs() {
    for overlap in ["skip", "wait"] {
        let house = House::new();
        let mut beat = beat(
            &house,
            &["--overlap", overlap, "--dir", "none"],
            "echo x; exit 3",
        );
        let (code, out, err) = ends(&mut beat);
        assert_eq!((code, &*out), (Some(3), "x\n"));
        assert_eq!(
            err,
            "beat: cannot write heartbeat for \"j\" in none: there is no such directory\n"
        );
    }
}

/// `kill -9` of the wrapper: the job goes on, and still counts as going.
#[test]
fn a_wrapper_that_is_killed_while_the_job_goes_on() {
    let house = House::new();
    let job = "echo $$ >pid; mv pid ready; until test -e go; do sleep 0.01; done; echo done >>log";
    let mut child = beat(&house, &["--overlap", "skip"], job).spawn().unwrap();
    await_that("the job", || house.path("ready").exists());
    await_that("the run", || house.files("j").run.is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    let (code, _, err) = ends(&mut beat(
        &house,
        &["--overlap", "skip"],
        "echo second >>log",
    ));
    assert!(
        code == Some(0) && err.contains("is still running since"),
        "{err}"
    );
    fs::write(house.path("go"), "").unwrap();
    // It has ended: now it is the second's turn, and what became of the first is told.
    ends(&mut beat(
        &house,
        &["--overlap", "wait"],
        "echo second >>log",
    ));
    assert_eq!(log(&house), "done\nsecond\n");
    let fail = house.fail("j");
    assert_eq!(fail.details.unwrap().reason.as_deref(), Some("killed"));
    assert!(fail.timestamp < house.last("j").timestamp);
}

/// A run that was killed with its wrapper failed when it was last heard of.
#[test]
fn the_next_start_tells_of_the_killed() {
    let house = House::new();
    let job = "echo $$ >pid; mv pid ready; read x";
    let mut child = beat(&house, &[], job)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    await_that("the job", || house.path("ready").exists());
    await_that("the run", || house.files("j").run.is_some());
    let run = there(&house.files("j").run);
    child.kill().unwrap();
    child.wait().unwrap();
    let job: i32 = fs::read_to_string(house.path("ready"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    drop(child.stdin.take());
    let gone = || rustix::process::test_kill_process(Pid::from_raw(job).unwrap()).is_err();
    await_that("the end of the job", gone);
    assert_eq!(house.names(), ["j.run"]);
    // What comes after is told beside it.
    let mut next = beat(
        &house,
        &[],
        "until test -e store/j.fail; do sleep 0.01; done",
    );
    assert_eq!(
        ends(next.stdin(Stdio::null())),
        (Some(0), String::new(), String::new())
    );
    assert_eq!(house.names(), ["j.fail", "j.last"]);
    let fail = house.fail("j");
    assert_eq!((fail.timestamp, fail.boot), (run.timestamp, run.boot));
    let (fail, run) = (fail.details.unwrap(), run.details.unwrap());
    assert_eq!((fail.started, fail.run_id), (run.started, run.run_id));
    assert_eq!(fail.reason.as_deref(), Some("killed"));
    assert_eq!((fail.exit_code, fail.pid), (None, None));
}

/// A `.run` that is nobody's: not the word of this program, of another boot, of another
/// host, or one whose end was told.
#[test]
fn what_is_left_of_earlier_runs() {
    let me = std::process::id();
    let line = |more: &str| {
        format!(
            "{{\"v\":1,\"job\":\"j\",\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"interval_seconds\":86400{more}}}\n"
        )
    };
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let name = rustix::system::uname()
        .nodename()
        .to_str()
        .unwrap()
        .to_owned();
    let here = |more: &str| {
        line(&format!(
            ",\"host\":\"{name}\",\"boot_id\":\"{}\",\"uptime_seconds\":9000000.000,\"pid\":{me}{more}",
            boot.trim()
        ))
    };
    let table = [
        ("touched by hand", String::new(), false),
        ("nonsense", "x".repeat(70_000), false),
        (
            "another host",
            line(&format!(",\"host\":\"other\",\"pid\":{me}")),
            false,
        ),
        ("still going", here(""), false),
        (
            "before a restart",
            line(&format!(
                ",\"host\":\"{name}\",\"boot_id\":\"0f9a3c51-7d2e-4b6f-8a10-c3d4e5f60718\",\"uptime_seconds\":1.000,\"pid\":{me}"
            )),
            true,
        ),
        (
            "pid that was given anew",
            here("").replace("9000000.000", "0.001"),
            true,
        ),
    ];
    for (what, run, killed) in table {
        let house = House::new();
        fs::write(house.path("store/j.run"), run).unwrap();
        assert_eq!(ends(&mut beat(&house, &[], "exit 0")).0, Some(0));
        assert_eq!(house.files("j").fail.is_some(), killed, "{what}");
        assert!(house.files("j").run.is_none(), "{what}");
    }
    // Its end was told, and only the start was left.
    let house = House::new();
    let run = here(",\"run_id\":\"7-7\"").replace("9000000.000", "0.001");
    fs::write(house.path("store/j.run"), &run).unwrap();
    fs::write(house.path("store/j.last"), &run).unwrap();
    ends(&mut beat(&house, &[], "exit 0"));
    assert_eq!(house.names(), ["j.last"]);
    // A failure that is newer is not hidden by it.
    let house = House::new();
    fs::write(house.path("store/j.run"), run).unwrap();
    let newer = line("").replace("2026-01-02", "2026-01-03");
    fs::write(house.path("store/j.fail"), &newer).unwrap();
    ends(&mut beat(&house, &[], "exit 0"));
    assert_eq!(
        fs::read_to_string(house.path("store/j.fail")).unwrap(),
        newer
    );
}

/// A store that nobody may write to: the lock cannot be had, and the job runs.
#[test]
fn a_lock_that_cannot_be_had() {
    let house = House::new();
    set_mode(&house.store(), 0o755);
    let mut stranger = house.beat_of_a_stranger();
    if !common::is_root() {
        set_mode(&house.store(), 0o555);
    }
    stranger.args(["j", "--every", "1d", "--overlap", "skip", "--", "echo", "x"]);
    let (code, out, err) = ends(&mut stranger);
    assert_eq!((code, &*out), (Some(0), "x\n"));
    assert_eq!(
        house.said(err.as_bytes()),
        "beat: cannot write heartbeat for \"j\" in /store: permission denied\n"
    );
}
