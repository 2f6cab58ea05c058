//! Cuts the power, again and again, while beats are written, and looks what is there
//! afterwards: a beat that was acknowledged, or a later one, and whole.
//!
//! `power-cut [--cuts N] [--spoilt N]`. A cut is a shutdown of a small ext4 without a last
//! word and a new mount: what was not flushed is lost. To show that this rig sees it, the
//! same is done with a writer that leaves out flushes: strace answers the call in the
//! kernel's place. What a disk does that lies about its cache is not shown here.
//! Exits with 1 when the durable write lost something, or a spoilt one nothing; with 77
//! where no such disk can be made.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a rig runs programs, and ends where one cannot be run"
)]

mod disk;
mod round;

use std::process::ExitCode;

use house_tests::apart;

use disk::Disk;
use round::{Jobs, Tally, cut_once};

/// A way to write, and how much of it is tried.
struct Way {
    name: &'static str,
    /// What strace is told, for a spoilt one.
    spoil: Option<&'static str>,
    /// How the disk is mounted in each of the turns.
    options: &'static [&'static str],
}

const WAYS: [Way; 4] = [
    Way {
        name: "as it is",
        spoil: None,
        options: &["loop", "loop,noauto_da_alloc"],
    },
    Way {
        name: "no flush",
        spoil: Some("inject=fsync:retval=0"),
        options: &["loop"],
    },
    Way {
        name: "folder not flushed",
        spoil: Some("inject=fsync:retval=0:when=2"),
        options: &["loop"],
    },
    Way {
        name: "file not flushed",
        spoil: Some("inject=fsync:retval=0:when=1"),
        options: &["loop,noauto_da_alloc"],
    },
];

/// After so many cuts the disk is a new one, and every name is new to it.
const CUTS_OF_A_DISK: usize = 10;

fn main() -> ExitCode {
    if !apart::is() {
        return apart::start();
    }
    let (cuts, spoilt) = wish();
    if !apart::may_mount() || Disk::new("loop").is_none_or(|mut disk| !disk.cut()) {
        eprintln!("left out: a disk on a file cannot be made, mounted and shut down here");
        return ExitCode::from(77);
    }
    println!(
        "| writer | cuts | beats acknowledged | in the making at the cut | \
         of those new | cuts that lost | acknowledged, then older | empty, torn or gone |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let mut right = true;
    for way in &WAYS {
        let wanted = if way.spoil.is_none() { cuts } else { spoilt };
        let tally = tried(way, wanted);
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            way.name,
            tally.cuts,
            tally.acknowledged,
            tally.making,
            tally.making_new,
            tally.lossy,
            tally.older,
            tally.broken
        );
        for what in tally.told.iter().filter(|_| way.spoil.is_none()) {
            println!("\nLOST: {what}");
        }
        right &= (tally.lossy == 0) == (way.spoil.is_none() || wanted == 0);
    }
    println!(
        "\n{}",
        if right {
            "The durable write lost nothing; the rig caught each spoilt one."
        } else {
            "Something is not as it should be."
        }
    );
    ExitCode::from(u8::from(!right))
}

fn tried(way: &Way, cuts: usize) -> Tally {
    let mut tally = Tally::default();
    let mut turn = 0;
    while tally.cuts < cuts {
        let options = way.options[turn % way.options.len()];
        let mut disk = Disk::new(options).unwrap();
        let jobs = Jobs::new();
        for _ in 0..CUTS_OF_A_DISK.min(cuts - tally.cuts) {
            cut_once(&mut disk, &jobs, way.spoil, &mut tally);
        }
        turn += 1;
    }
    tally
}

fn wish() -> (usize, usize) {
    let mut wish = (500, 30);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let number = args.next().and_then(|text| text.parse().ok()).unwrap();
        match arg.as_str() {
            "--cuts" => wish.0 = number,
            "--spoilt" => wish.1 = number,
            other => panic!("{other} is not known"),
        }
    }
    wish
}
