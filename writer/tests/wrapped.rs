//! A wrapped job: it must not notice, and its end is on record.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{House, await_that, ends, set_mode, there};
use heartbeat::Beat;
use rustix::process::{Pid, Signal, kill_process};

fn wrapped(house: &House, command: &[&str]) -> Command {
    let mut beat = house.beat();
    beat.args(["j", "--every", "1d", "--"]).args(command);
    beat
}

fn sh(house: &House, script: &str) -> Command {
    wrapped(house, &["sh", "-c", script])
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn ending(beat: &Beat) -> String {
    let details = beat.details.as_deref().unwrap();
    assert!(details.started.unwrap() <= beat.timestamp);
    assert!(details.duration.unwrap() < Duration::from_secs(60));
    format!(
        "{:?} {:?} {:?}",
        details.exit_code, details.signal, details.reason
    )
}

#[test]
fn a_success_is_the_jobs_and_on_record() {
    let house = House::new();
    let (code, out, err) = ends(&mut sh(&house, "echo out; echo err >&2"));
    assert_eq!((code, &*out, &*err), (Some(0), "out\n", "err\n"));
    assert_eq!(house.names(), ["j.last"]);
    assert_eq!(ending(&house.last("j")), "Some(0) None None");
    assert_eq!(house.last("j").interval.unwrap().seconds(), 86_400);
}

#[test]
fn a_failure_is_the_jobs_and_on_record() {
    let house = House::new();
    for code in [1, 2, 64, 73, 127, 255] {
        let (ended, out, err) = ends(&mut sh(&house, &format!("echo x; exit {code}")));
        assert_eq!((ended, &*out, &*err), (Some(code), "x\n", ""));
        assert_eq!(house.names(), ["j.fail"]);
        let expected = format!("Some({code}) None Some(\"exit\")");
        assert_eq!(ending(&house.fail("j")), expected);
    }
    for (name, number) in [("KILL", 9), ("TERM", 15), ("SEGV", 11), ("34", 34)] {
        let (ended, ..) = ends(&mut sh(&house, &format!("ulimit -c 0; kill -{name} $$")));
        assert_eq!(ended, Some(128 + number));
        let expected = format!("None Some({name:?}) Some(\"signal\")");
        assert_eq!(ending(&house.fail("j")), expected);
    }
}

#[test]
fn what_cannot_be_started() {
    let house = House::new();
    std::fs::write(house.path("plain"), "").unwrap();
    std::fs::write(house.path("orphan"), "#!/no/such/interpreter\n").unwrap();
    set_mode(&house.path("orphan"), 0o755);
    for (name, code, why) in [
        ("no-such-program", 127, "not found"),
        ("./no-such-program", 127, "not found"),
        ("./plain", 126, "permission denied"),
        ("/", 126, "permission denied"),
        ("./orphan", 127, "the interpreter that it names is missing"),
    ] {
        let (ended, out, err) = ends(&mut wrapped(&house, &[name]));
        assert_eq!((ended, &*out), (Some(code), ""), "{name}");
        assert_eq!(err, format!("beat: cannot start \"{name}\": {why}\n"));
        assert_eq!(house.names(), ["j.fail"]);
        let expected = format!("Some({code}) None Some(\"not_started\")");
        assert_eq!(ending(&house.fail("j")), expected);
    }
}

/// A script without `#!` runs from a crontab's line, so it runs when wrapped.
#[test]
fn scripts_without_a_first_line() {
    let house = House::new();
    std::fs::write(house.path("job"), "echo \"$0:$1:$2\"; exit 5\n").unwrap();
    set_mode(&house.path("job"), 0o755);
    let (code, out, _) = ends(&mut wrapped(&house, &["./job", "a b", "c"]));
    assert_eq!((code, &*out), (Some(5), "./job:a b:c\n"));
    let mut by_path = wrapped(&house, &["job", "a b", "c"]);
    by_path.env("PATH", format!("/nowhere:{}", house.path("").display()));
    let (code, out, _) = ends(&mut by_path);
    assert_eq!(
        (code, &*house.said(out.as_bytes())),
        (Some(5), "/job:a b:c\n")
    );
}

/// What a job finds when it starts, with and without `beat`.
#[test]
fn the_job_finds_what_it_would_without() {
    let house = House::new();
    let look = "
        pwd; umask; ulimit -n; nice; env | sort
        read line; echo $line
        for fd in 0 1 2 3 4 5 9; do test -e /proc/$$/fd/$fd && echo fd $fd; done
        grep -E '^(Groups|CapEff|NoNewPrivs)' /proc/self/status
        # Signals 1 to 28; the C library keeps a few high ones for itself.
        awk '/^Sig(Blk|Ign|Cgt)/ { print $1, substr($2, 10) }' /proc/self/status
        cut -d' ' -f5,6 /proc/$$/stat";
    std::fs::write(house.path("look"), look).unwrap();
    let seen = |beat: &str| {
        let script = format!(
            "umask 027; ulimit -n 200; export ODD='a=b
c'; exec 9>held; trap '' HUP USR1; exec {beat} sh ./look"
        );
        let mut shell = house.shell(&script);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = shell.spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"a line\n").unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let without = seen("");
    assert!(
        without.contains("\na line\nfd 0\nfd 1\nfd 2\nfd 9\nGroups"),
        "{without}"
    );
    let with = seen("beat j --every 1d --");
    // Two variables more; nothing else.
    let (more, rest): (Vec<_>, Vec<_>) = with.lines().partition(|line| {
        line.starts_with("HEARTBEAT_JOB=") || line.starts_with("HEARTBEAT_RUN_ID=")
    });
    assert_eq!(rest.join("\n"), without.trim_end());
    assert_eq!(more.len(), 2);
    assert_eq!(house.names(), ["j.last"]);
}

#[test]
fn signals_reach_the_job_and_the_record_is_kept() {
    for (name, sent, number) in [
        ("TERM", Signal::TERM, 15),
        ("INT", Signal::INT, 2),
        ("HUP", Signal::HUP, 1),
        ("QUIT", Signal::QUIT, 3),
        ("USR1", Signal::USR1, 10),
        ("USR2", Signal::USR2, 12),
    ] {
        let house = House::new();
        // It ends as it likes.
        let script = format!("trap 'exit 7' {name}; touch ready; while :; do sleep 0.01; done");
        // A signal that was ignored when a shell began it never traps: under nohup, say.
        let heeding = ["env", "--default-signal"];
        let job = [&heeding[..], &["sh", "-c", &script]].concat();
        let mut child = wrapped(&house, &job).spawn().unwrap();
        await_that("the job", || house.path("ready").exists());
        signal(&child, sent);
        assert_eq!(child.wait().unwrap().code(), Some(7), "{name}");
        assert_eq!(house.names(), ["j.fail"]);
        assert_eq!(ending(&house.fail("j")), "Some(7) None Some(\"exit\")");
        // It is ended.
        let job = [&heeding[..], &["sh", "-c", "touch up; exec sleep 60"]].concat();
        let mut child = wrapped(&house, &job).spawn().unwrap();
        await_that("the job", || house.path("up").exists());
        signal(&child, sent);
        assert_eq!(child.wait().unwrap().code(), Some(128 + number), "{name}");
        assert_eq!(house.names(), ["j.fail"]);
        let expected = format!("None Some({name:?}) Some(\"signal\")");
        assert_eq!(ending(&house.fail("j")), expected);
    }
}

/// `^C` goes from the terminal to both; the job must not get it twice.
#[test]
fn a_key_at_the_terminal_is_one_signal() {
    let house = House::new();
    if ends(Command::new("script").arg("--version")).0 != Some(0) {
        return common::left_out("a key at the terminal", "the program script is missing");
    }
    let job = "trap 'echo INT >>log' INT; trap 'exit 9' USR2; echo $PPID >pid; mv pid ready; while :; do sleep 0.01; done";
    std::fs::write(house.path("job"), job).unwrap();
    // As above: a signal that was ignored from outside is never trapped.
    let mut script = house.shell(
        "exec env --default-signal script -qec 'exec beat j --every 1d -- sh ./job' typescript",
    );
    let mut child = script
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    await_that("the job", || house.path("ready").exists());
    let mut keys = child.stdin.take().unwrap();
    keys.write_all(b"\x03").unwrap();
    await_that("the key", || house.path("log").exists());
    // Handed on after whatever was handed on before, and later in number.
    let beat = std::fs::read_to_string(house.path("ready")).unwrap();
    let beat = Pid::from_raw(beat.trim().parse().unwrap()).unwrap();
    kill_process(beat, Signal::USR2).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(9));
    assert_eq!(std::fs::read_to_string(house.path("log")).unwrap(), "INT\n");
    assert_eq!(ending(&house.fail("j")), "Some(9) None Some(\"exit\")");
}

#[test]
fn while_it_runs_the_store_says_so() {
    let house = House::new();
    let mut child = wrapped(&house, &["cat"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    await_that("the run", || house.files("j").run.is_some());
    assert_eq!(house.names(), ["j.run"]);
    let run = there(&house.files("j").run);
    let details = run.details.as_deref().unwrap();
    assert_eq!(details.started, Some(run.timestamp));
    let pid = details.pid.unwrap();
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
    assert_eq!(name, "cat\n");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(house.names(), ["j.last"]);
    assert_eq!(
        there(&house.files("j").last).details.unwrap().started,
        details.started
    );
}

/// Killed without a chance: the run stays on record without an end.
#[test]
fn a_wrapper_that_is_killed_leaves_the_run() {
    let house = House::new();
    let mut child = wrapped(&house, &["cat"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    await_that("the run", || house.files("j").run.is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(house.names(), ["j.run"]);
}

/// The first of two runs that overlap takes its own record away, not the other's.
#[test]
fn runs_that_overlap() {
    let house = House::new();
    let cat = || {
        let mut cat = wrapped(&house, &["cat"]);
        cat.stdin(Stdio::piped()).spawn().unwrap()
    };
    let pid = || there(&house.files("j").run).details.unwrap().pid;
    let mut first = cat();
    await_that("the first run", || house.files("j").run.is_some());
    let of_the_first = pid();
    let mut second = cat();
    await_that("the second run", || pid() != of_the_first);
    let of_the_second = pid();
    drop(first.stdin.take());
    assert!(first.wait().unwrap().success());
    assert_eq!(pid(), of_the_second);
    drop(second.stdin.take());
    assert!(second.wait().unwrap().success());
    assert_eq!(house.names(), ["j.last"]);
}

/// Whatever is wrong with the store: the job runs, and one line says so.
#[test]
fn a_beat_that_cannot_be_written_is_not_the_jobs_fault() {
    let house = House::new();
    std::fs::write(house.path("file"), "").unwrap();
    for (dir, why) in [
        ("none", "there is no such directory"),
        ("file", "it is not a directory"),
    ] {
        for (script, expected) in [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137)] {
            let mut command = sh(&house, &format!("echo works; {script}"));
            let (code, out, err) = ends(command.env("HEARTBEAT_DIR", house.path(dir)));
            assert_eq!((code, &*out), (Some(expected), "works\n"));
            let said = house.said(err.as_bytes());
            let line = format!("beat: cannot write heartbeat for \"j\" in /{dir}: {why}\n");
            assert_eq!(said, line);
        }
    }
    let mut command = sh(&house, "echo works; exit 3");
    command
        .env("HEARTBEAT_DIR", house.path("none"))
        .stderr(Stdio::null());
    assert_eq!(ends(&mut command).0, Some(3));
}

#[test]
fn a_start_that_cannot_be_written_costs_only_itself() {
    let house = House::new();
    std::fs::create_dir(house.path("store/j.run")).unwrap();
    let (code, out, err) = ends(&mut sh(&house, "echo works"));
    assert_eq!((code, &*out), (Some(0), "works\n"));
    insta::assert_snapshot!(house.said(err.as_bytes()), @r#"beat: cannot write heartbeat for "j" in /store: a directory has the name of the file"#);
    assert_eq!(house.names(), ["j.last", "j.run"]);
}

/// A pipe in the place of the start would block whoever opens it.
#[test]
fn a_start_that_became_something_else_is_left_alone() {
    let house = House::new();
    let (code, ..) = ends(&mut sh(
        &house,
        "cd store; until test -e j.run; do :; done; rm j.run; mkfifo j.run",
    ));
    assert_eq!(code, Some(0));
    assert_eq!(house.names(), ["j.last", "j.run"]);
}

/// Some parents leave SIGCHLD ignored, and then no end of a child is told.
#[test]
fn a_parent_that_ignores_its_children() {
    let house = House::new();
    let script = "trap '' CHLD; exec beat j --every 1d -- sh -c 'exit 4'";
    assert_eq!(ends(&mut house.shell(script)).0, Some(4));
    assert_eq!(ending(&house.fail("j")), "Some(4) None Some(\"exit\")");
}

/// `yes | head`, wrapped: the job dies of the pipe, as it does without `beat`.
#[test]
fn a_pipe_that_breaks_ends_the_job() {
    let house = House::new();
    let script = "beat j --every 1d -- yes | head -n 1";
    assert_eq!(
        ends(&mut house.shell(script)),
        (Some(0), "y\n".into(), String::new())
    );
    await_that("the end", || house.files("j").fail.is_some());
    assert_eq!(
        ending(&house.fail("j")),
        "None Some(\"PIPE\") Some(\"signal\")"
    );
}
