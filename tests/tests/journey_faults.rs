//! Samples of what `make faults` and `make powercut` do in full: system calls that fail,
//! kills, disks on which nothing can be written, power cuts.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a journey runs programs, and ends where one cannot be run"
)]

use std::process::{Command, Output};

use house_tests::needs::{Journey, left_out};

fn run(rig: &str, args: &[&str]) -> (Output, String) {
    let output = Command::new(rig).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, said)
}

#[test]
fn whatever_fails_nothing_is_lost() {
    let journey = Journey::new("system calls that fail")
        .program("strace")
        .binaries();
    if !journey.ready() {
        return;
    }
    let (output, said) = run(env!("CARGO_BIN_EXE_fault-matrix"), &["--sample"]);
    print!("{said}");
    assert!(output.status.success(), "{said}\n{output:?}");
    assert!(said.contains("; 0 lost."), "{said}");
}

#[test]
fn an_acknowledged_beat_outlives_the_power() {
    let journey = Journey::new("power cuts")
        .root()
        .program("strace")
        .program("xfs_io")
        .program("mkfs.ext4")
        .program("unshare")
        .binaries();
    if !journey.ready() {
        return;
    }
    let args = ["--cuts", "20", "--spoilt", "3"];
    let (output, said) = run(env!("CARGO_BIN_EXE_power-cut"), &args);
    print!("{said}");
    if output.status.code() == Some(77) {
        left_out("power cuts", "no disk on a file can be mounted here");
        return;
    }
    assert!(output.status.success(), "{said}\n{output:?}");
}
