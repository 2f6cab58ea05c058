//! Runs with a time limit: at its end the whole group goes, whatever it does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::process::{Command, Stdio};

use common::{House, await_that, ends, there};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

fn limited(house: &House, options: &[&str], script: &str) -> Command {
    let mut beat = house.beat();
    beat.args(["j", "--every", "1d"]).args(options);
    beat.args(["--", "sh", "-c", script]);
    beat
}

fn reason(house: &House) -> String {
    let details = house.fail("j").details.unwrap();
    format!(
        "{:?} {:?} {:?}",
        details.exit_code, details.signal, details.reason
    )
}

fn is_there(pid: &str) -> bool {
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    test_kill_process(pid).is_ok() && !stat(pid).contains(") Z ")
}

fn stat(pid: Pid) -> String {
    std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default()
}

const SAID: &str = "beat: \"j\" ran into its time limit and was ended\n";

#[test]
fn a_run_that_is_quick_enough_ends_as_always() {
    let house = House::new();
    for code in [0, 7] {
        let mut beat = limited(
            &house,
            &["--timeout", "10m"],
            &format!("echo x; exit {code}"),
        );
        assert_eq!(ends(&mut beat), (Some(code), "x\n".into(), String::new()));
    }
    assert_eq!(reason(&house), "Some(7) None Some(\"exit\")");
    let mut beat = limited(&house, &["--timeout", "10m"], "kill -9 $$");
    assert_eq!(ends(&mut beat).0, Some(137));
}

#[test]
fn at_the_end_of_its_time_it_goes() {
    let table = [
        // It obeys; it ends as it likes; it ignores; it stands still; its child ignores.
        ("echo x; sleep 60", "None Some(\"TERM\")"),
        (
            "exec 2>/dev/null; echo x; trap 'exit 0' TERM; while :; do sleep 0.01; done",
            "Some(0) None",
        ),
        (
            "echo x; trap '' TERM; while :; do sleep 60; done",
            "None Some(\"KILL\")",
        ),
        ("echo x; kill -STOP $$", "None Some(\"TERM\")"),
        (
            "echo x; trap '' TERM; kill -STOP $$; sleep 60",
            "None Some(\"KILL\")",
        ),
    ];
    for (script, how) in table {
        let house = House::new();
        let options = ["--timeout", "1s", "--kill-after", "200ms"];
        let (code, out, err) = ends(&mut limited(&house, &options, script));
        assert_eq!((code, &*out, &*err), (Some(124), "x\n", SAID), "{script}");
        assert_eq!(house.names(), ["j.fail"]);
        assert_eq!(
            reason(&house),
            format!("{how} Some(\"timeout\")"),
            "{script}"
        );
        let tail = house.fail("j").details.unwrap().output_tail;
        assert_eq!(tail.as_deref(), Some("x\n"));
    }
}

/// The children go too, also those that outlive their parent and ignore TERM.
#[test]
fn nobody_of_the_group_stays() {
    let house = House::new();
    let script = "(trap '' TERM; sh -c 'echo $PPID'; while :; do sleep 60; done) >child & sleep 60";
    let options = ["--timeout", "1s", "--kill-after", "300ms"];
    assert_eq!(ends(&mut limited(&house, &options, script)).0, Some(124));
    let child = std::fs::read_to_string(house.path("child")).unwrap();
    await_that("the end of the child", || !is_there(&child));
}

/// It tidies up after TERM; nobody kills it while it has time.
#[test]
fn there_is_time_to_tidy_up() {
    let house = House::new();
    let script = "trap 'sleep 0.3; echo tidy; exit 5' TERM; while :; do sleep 0.01; done";
    let (code, out, _) = ends(&mut limited(&house, &["--timeout", "1s"], script));
    assert_eq!((code, &*out), (Some(124), "tidy\n"));
    assert_eq!(reason(&house), "Some(5) None Some(\"timeout\")");
}

/// Who ends `beat` ends the group: it is the job's only way to be reached.
#[test]
fn signals_reach_the_group() {
    let house = House::new();
    let script =
        "(trap 'echo child >log; exit' TERM; touch ready; while :; do sleep 0.01; done) & wait";
    let mut child = limited(&house, &["--timeout", "10m"], script)
        .spawn()
        .unwrap();
    await_that("the job", || house.path("ready").exists());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    await_that("the child", || house.path("log").exists());
    assert_eq!(reason(&house), "None Some(\"TERM\") Some(\"signal\")");
}

#[test]
fn the_run_says_how_long_it_may_take_and_that_it_is_still_there() {
    let house = House::new();
    let options = ["--timeout", "10m", "--pulse", "20ms"];
    let mut beat = limited(&house, &options, "echo $HEARTBEAT_RUN_ID; read x");
    let mut child = beat
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    await_that("the run", || house.files("j").run.is_some());
    let first = there(&house.files("j").run);
    let told = first.details.clone().unwrap();
    assert_eq!(told.timeout.unwrap().as_secs(), 600);
    assert_eq!(told.pulse.unwrap().as_millis(), 20);
    let run = || there(&house.files("j").run);
    await_that("a pulse", || run().timestamp > first.timestamp);
    let later = run();
    let details = later.details.unwrap();
    assert_eq!((details.started, details.pid), (told.started, told.pid));
    assert!(later.boot.unwrap().uptime > first.boot.unwrap().uptime);
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    let run_id = String::from_utf8(output.stdout).unwrap();
    assert_eq!(details.run_id.as_deref(), Some(run_id.trim()));
    assert_eq!(house.names(), ["j.fail"], "read found nothing");
    assert_eq!(
        house.fail("j").details.unwrap().run_id.as_deref(),
        Some(run_id.trim())
    );
}

/// A pulse of an earlier run leaves the start of a later one alone.
#[test]
fn a_pulse_takes_nothing_from_a_later_run() {
    let house = House::new();
    let start = |options: &[&str]| {
        let mut beat = limited(&house, options, "read x");
        beat.stdin(Stdio::piped()).spawn().unwrap()
    };
    let mut first = start(&["--timeout", "10m", "--pulse", "10ms"]);
    await_that("the run", || house.files("j").run.is_some());
    let pid = || there(&house.files("j").run).details.unwrap().pid;
    let before = pid();
    let mut second = start(&[]);
    await_that("the second", || pid() != before);
    let later = pid();
    // It would come some five times in this.
    let waited = std::time::Instant::now();
    await_that("some pulses", || waited.elapsed().as_millis() > 60);
    assert_eq!(pid(), later);
    for child in [&mut second, &mut first] {
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
