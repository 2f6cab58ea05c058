//! At a terminal: the job has it as without `beat`, and keys do what they do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::fs;
use std::io::Write;
use std::process::{Child, Command, Stdio};

use common::{House, await_that, ends, left_out};

/// `script` runs a line at a terminal of its own; its stdin is the keyboard.
fn at_a_terminal(house: &House, line: &str) -> Option<Screen> {
    if ends(Command::new("script").arg("--version")).0 != Some(0) {
        left_out("jobs at a terminal", "the program script is missing");
        return None;
    }
    // A shell traps no signal that was ignored when it began, as the keys' are for what a
    // script starts in the background.
    let mut script = house.shell(&format!(
        "exec env --default-signal script -fqec '{line}' typescript"
    ));
    let child = script
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    Some(Screen(child))
}

/// A terminal that is closed at the end, whatever still runs at it.
struct Screen(Child);

impl std::ops::Deref for Screen {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl std::ops::DerefMut for Screen {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn typescript(house: &House) -> String {
    fs::read_to_string(house.path("typescript")).unwrap_or_default()
}

fn job(house: &House, text: &str) {
    fs::write(house.path("job"), text).unwrap();
}

const WAYS: [&str; 2] = ["", "--timeout 10m"];

/// Waits until keys go to the job: with `--timeout` it is brought in front once it runs.
/// What follows starts no program: a key that comes while a shell does may stop the child
/// before it is one, and then the shell waits for it in a place where no stop is seen.
const IN_FRONT: &str =
    "exec 9<>more; until ps -o stat= -p $$ | grep -q +; do sleep 0.01; done; echo $$ >ready";

/// Waits until the job sleeps in its read. A key that comes just before that is noted by
/// the shell and looked at after the read only, which has no end.
fn await_job(house: &House) {
    await_that("the job", || {
        let job = fs::read_to_string(house.path("ready")).unwrap_or_default();
        let stat = fs::read_to_string(format!("/proc/{}/stat", job.trim())).unwrap_or_default();
        stat.rsplit_once(") ")
            .is_some_and(|(_, state)| state.starts_with('S'))
    });
}

/// A FIFO from which the job reads its next line.
fn more(house: &House) -> std::path::PathBuf {
    let more = house.path("more");
    assert_eq!(ends(Command::new("mkfifo").arg(&more)).0, Some(0));
    more
}

#[test]
fn the_terminal_is_the_jobs() {
    for way in WAYS {
        let house = House::new();
        job(
            &house,
            "test -t 0 && test -t 1 && test -t 2 && echo at a terminal; stty size >/dev/null && echo sized; until ps -o stat= -p $$ | grep -q +; do sleep 0.01; done; echo in front; read x; echo \"got $x\"; exit 9",
        );
        let line = format!("exec beat j --every 1d {way} -- sh ./job");
        let Some(mut child) = at_a_terminal(&house, &line) else {
            return;
        };
        let mut keys = child.stdin.take().unwrap();
        await_that("the job", || typescript(&house).contains("in front"));
        keys.write_all(b"a line\n").unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(9), "{way}");
        let seen = typescript(&house);
        for expected in ["at a terminal", "sized", "in front", "got a line"] {
            assert!(seen.contains(expected), "{way}: {seen}");
        }
        // What a terminal shows is not looked at.
        let details = house.fail("j").details.unwrap();
        assert_eq!((details.output_tail, details.output_bytes), (None, None));
    }
}

/// `^C` ends the job, once, and the shell goes on with the terminal.
#[test]
fn a_key_ends_the_job_and_the_shell_goes_on() {
    for way in WAYS {
        let house = House::new();
        more(&house);
        job(
            &house,
            &format!("trap 'echo INT >>log; exit 3' INT; {IN_FRONT}; while :; do read x <&9; done"),
        );
        fs::write(house.path("outer"), format!("trap : INT; beat j --every 1d {way} -- sh ./job; echo code $? >after; read x; echo \"read $x\" >>after")).unwrap();
        let Some(mut child) = at_a_terminal(&house, "exec sh ./outer") else {
            return;
        };
        let mut keys = child.stdin.take().unwrap();
        await_job(&house);
        keys.write_all(b"\x03").unwrap();
        let after = || fs::read_to_string(house.path("after")).unwrap_or_default();
        await_that("the shell", || after() == "code 3\n");
        keys.write_all(b"on\n").unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(after(), "code 3\nread on\n", "{way}");
        assert_eq!(
            fs::read_to_string(house.path("log")).unwrap(),
            "INT\n",
            "{way}"
        );
    }
}

/// `^Z` stops the job and `beat` with it; the shell is asked, and lets both go on.
#[test]
fn a_key_stops_the_job_and_the_shell_lets_it_go_on() {
    for way in WAYS {
        let house = House::new();
        let more = more(&house);
        job(
            &house,
            &format!("{IN_FRONT}; read x <&9; read x; echo \"got $x\"; exit 4"),
        );
        // An interactive shell watches over its jobs.
        let line = "exec bash --norc --noprofile -i";
        let Some(mut child) = at_a_terminal(&house, line) else {
            return;
        };
        let mut keys = child.stdin.take().unwrap();
        let mut say = |text: &str| keys.write_all(text.as_bytes()).unwrap();
        say(&format!("beat j --every 1d {way} -- sh ./job\n"));
        await_job(&house);
        say("\x1a");
        await_that("the stop", || typescript(&house).contains("Stopped"));
        fs::write(&more, "go\n").unwrap();
        say("fg\n");
        say("a line\n");
        await_that("the end", || house.files("j").fail.is_some());
        say("echo code $?\nexit\n");
        child.wait().unwrap();
        let seen = typescript(&house);
        assert!(
            seen.contains("got a line") && seen.contains("code 4"),
            "{way}: {seen}"
        );
    }
}

/// Who asks for what cannot be seen there is told so.
#[test]
fn what_cannot_be_checked_is_said() {
    let house = House::new();
    let line = "exec beat j --every 1d --expect-text never --expect-output -- echo x";
    let Some(mut child) = at_a_terminal(&house, line) else {
        return;
    };
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let seen = typescript(&house);
    assert!(seen.contains("--expect-text was not checked"), "{seen}");
    assert_eq!(house.last("j").details.unwrap().expectations, []);
}

/// `--quiet` is quiet there too.
#[test]
fn quiet_is_quiet_at_a_terminal() {
    for (code, shown) in [(0, false), (5, true)] {
        let house = House::new();
        job(&house, &format!("echo out; exit {code}"));
        let line = "exec beat j --every 1d --quiet -- sh ./job";
        let Some(mut child) = at_a_terminal(&house, line) else {
            return;
        };
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert_eq!(
            typescript(&house).contains("\nout"),
            shown,
            "{}",
            typescript(&house)
        );
    }
}
