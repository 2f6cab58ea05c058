//! `--quiet`: what the job puts out is printed only when it fails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::fs;
use std::process::Command;

use common::{House, Mounted, await_that, ends};

fn quiet(house: &House, options: &[&str], script: &str) -> Command {
    let mut beat = house.beat();
    beat.args(["j", "--every", "1d", "--quiet"]).args(options);
    beat.args(["--", "sh", "-c", script]);
    beat
}

#[test]
fn a_success_says_nothing_a_failure_all() {
    let house = House::new();
    let job = "echo out; echo err >&2; exit ";
    let run =
        |options: &[&str], code: &str| ends(&mut quiet(&house, options, &format!("{job}{code}")));
    let none = String::new;
    assert_eq!(run(&[], "0"), (Some(0), none(), none()));
    assert_eq!(
        run(&["--skip-code", "75"], "75"),
        (Some(75), none(), none())
    );
    assert_eq!(run(&[], "3"), (Some(3), "out\n".into(), "err\n".into()));
    let (code, out, err) = run(&["--expect-text", "done"], "0");
    assert_eq!((code, &*out), (Some(0), "out\n"));
    assert_eq!(
        err,
        "err\nbeat: \"j\" exited 0, but \"done\" did not come out\n"
    );
    assert_eq!(
        house.fail("j").details.unwrap().output_tail.as_deref(),
        Some("out\nerr\n")
    );
    let (code, out, _) = ends(&mut quiet(&house, &[], "echo out; kill -9 $$"));
    assert_eq!((code, &*out), (Some(137), "out\n"));
}

#[test]
fn where_both_go_to_one_place_the_order_is_kept() {
    let house = House::new();
    let job = "echo a; echo b >&2; echo c; echo d >&2; exit 1";
    let script = format!("beat j --every 1d --quiet -- sh -c '{job}' 2>&1");
    assert_eq!(ends(&mut house.shell(&script)).1, "a\nb\nc\nd\n");
    // Into a file, too: its end is where others append.
    let script = format!(
        "echo before >log; beat j --every 1d --quiet -- sh -c '{job}' >>log 2>&1 || echo after >>log"
    );
    ends(&mut house.shell(&script));
    let log = fs::read_to_string(house.path("log")).unwrap();
    assert_eq!(log, "before\na\nb\nc\nd\nafter\n");
}

/// Of much, the beginning and the end; how much is missing is said.
#[test]
fn much_is_cut_short() {
    let house = House::new();
    let job = "head -c 70M /dev/zero; echo the end; exit 1";
    let output = quiet(&house, &[], job).output().unwrap();
    let kept = 64 * 1_024 * 1_024;
    let whole = 70 * 1_024 * 1_024 + 8;
    let left_out = whole - output.stdout.len();
    let said = format!("beat: {left_out} bytes of output are left out here\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), said);
    assert!(output.stdout.len() > kept && output.stdout.len() < kept + 20_000);
    assert!(output.stdout.ends_with(b"\0the end\n"));
    assert_eq!(
        house.fail("j").details.unwrap().output_bytes,
        Some(whole as u64)
    );
}

/// Nothing is left in the folder for such files.
#[test]
fn nothing_is_left_behind() {
    let house = House::new();
    fs::create_dir(house.path("tmp")).unwrap();
    let mut beat = quiet(&house, &[], "echo x; ls $TMPDIR; kill -9 $PPID");
    ends(beat.env("TMPDIR", house.path("tmp")));
    assert_eq!(common::names(&house.path("tmp")), [""; 0]);
}

/// Where nothing can be put aside it goes on at once.
#[test]
fn without_room_it_passes() {
    let house = House::new();
    let mut beat = quiet(&house, &[], "echo out; echo err >&2; exit 0");
    fs::create_dir(house.path("full")).unwrap();
    let Some(_full) = Mounted::small(&house.path("full"), "size=64k") else {
        return common::left_out("a full folder for output", "no file system may be mounted");
    };
    // What does not fit is kept at its end.
    let job = "head -c 100000 /dev/zero; echo end; exit 2";
    let mut large = quiet(&house, &[], job);
    let output = large.env("TMPDIR", house.path("full")).output().unwrap();
    assert!(output.stdout.ends_with(b"\0end\n") && output.stdout.len() > 65_000);
    assert!(
        String::from_utf8_lossy(&output.stderr).ends_with(" bytes of output are left out here\n")
    );
    // A folder that is none: the usual one is taken.
    assert_eq!(ends(beat.env("TMPDIR", "/none")).1, "");
}

/// A daemon goes on after the job: what it says is as quiet as the job was.
#[test]
fn what_outlives_the_job() {
    let house = House::new();
    let job = "(until test -e go; do sleep 0.01; done; echo daemon; touch said) & echo job; exit ";
    for (code, expected) in [("0", ""), ("1", "job\ndaemon\n")] {
        let output = quiet(&house, &[], &format!("{job}{code}"));
        let child = { output }
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        await_that("the end of the job", || {
            !house.names().is_empty() && house.files("j").run.is_none()
        });
        fs::write(house.path("go"), "").unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
        await_that("the daemon", || house.path("said").exists());
        for name in ["go", "said"] {
            fs::remove_file(house.path(name)).unwrap();
        }
        for name in house.names() {
            fs::remove_file(house.store().join(name)).unwrap();
        }
    }
}
