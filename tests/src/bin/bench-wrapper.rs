//! Measures what `beat` costs around a command: around one that does nothing, against
//! `sh -c`, and around one that puts out 1 GiB, against `cat` in its place. Prints ratios
//! within one run, because machines are noisy.
//!
//! Measures the `beat` that `make build` made (`HEARTBEAT_BIN_DIR`). `ROUNDS` says how
//! often (31), `BENCH_DIR` where the store on a disk is; the other is in /dev/shm.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a benchmark starts programs, reads the clock and may give up"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use house_tests::bins;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// Runs that make one measurement: one run alone is too short.
const RUNS: usize = 20;

/// What is put out, in bytes.
const MUCH: u64 = 1 << 30;

/// Processor time and time by the clock, in microseconds.
#[derive(Clone, Copy)]
struct Took {
    processor: f64,
    clock: f64,
}

fn main() {
    let disk = std::env::var_os("BENCH_DIR")
        .map_or_else(|| bins::target().join("bench"), PathBuf::from)
        .join("wrapper");
    let memory = Path::new("/dev/shm").join(format!("beat-bench-{}", std::process::id()));
    for dir in [&disk, &memory] {
        fs::create_dir_all(dir).unwrap();
    }
    around_nothing(&memory, &disk);
    around_much(&memory);
    fs::remove_dir_all(memory).unwrap();
}

fn rounds() -> usize {
    let rounds = std::env::var("ROUNDS").ok().and_then(|n| n.parse().ok());
    rounds.unwrap_or(31)
}

fn beat(store: &Path, options: &[&str], job: &[&str]) -> Command {
    let mut beat = Command::new(bins::beat());
    beat.args(["bench", "--every", "1h", "--dir"]).arg(store);
    beat.args(options).arg("--").args(job);
    beat
}

fn around_nothing(memory: &Path, disk: &Path) {
    println!("| around `/bin/true` | at most | user+sys / `sh -c` | time / `sh -c` | time, ms |");
    println!("|---|---|---|---|---|");
    let rows: [(&str, &Path, &[&str], &str); 4] = [
        (
            "`beat JOB --every 1h`, the store in memory",
            memory,
            &[],
            "1.50",
        ),
        (
            "with `--timeout` and `--overlap skip`",
            memory,
            &["--timeout", "1h", "--overlap", "skip"],
            "–",
        ),
        ("on a disk, with `--no-sync`", disk, &["--no-sync"], "–"),
        ("on a disk, flushed", disk, &[], "–"),
    ];
    let mut commands = vec![shell()];
    commands.extend(
        rows.iter()
            .map(|(_, store, options, _)| beat(store, options, &["/bin/true"])),
    );
    let took = in_turn(&mut commands, RUNS, false);
    for ((name, _, _, most), took_here) in rows.iter().zip(&took[1..]) {
        println!(
            "| {name} | {most} | {:.2} | {:.2} | {:.2} |",
            ratio(took_here, &took[0], |took| took.processor),
            ratio(took_here, &took[0], |took| took.clock),
            median(
                took_here
                    .iter()
                    .map(|took| took.clock / 1_000.0 / RUNS as f64)
            ),
        );
    }
}

fn shell() -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "/bin/true"]);
    shell
}

/// `head | cat | cat >/dev/null`, where the first `cat` is `beat` around `head`.
fn around_much(store: &Path) {
    println!("\n| 1 GiB of output | at least | rate / `cat` |\n|---|---|---|");
    let beat = format!(
        "{} bench --every 1h --dir {}",
        bins::beat().display(),
        store.display()
    );
    let head = format!("head -c {MUCH} /dev/zero");
    let lines = format!("yes 'a line of output as many a job has it' | head -c {MUCH}");
    let rows = [
        (
            "into a pipe",
            "0.90",
            format!("{head} | cat | cat >/dev/null"),
            format!("{beat} -- {head} | cat >/dev/null"),
        ),
        (
            "into `/dev/null`",
            "0.90",
            format!("{head} | cat >/dev/null"),
            format!("{beat} -- {head} >/dev/null"),
        ),
        (
            "lines, from a pipe of its own",
            "0.90",
            format!("sh -c \"{lines}\" | cat | cat >/dev/null"),
            format!("{beat} -- sh -c \"{lines}\" | cat >/dev/null"),
        ),
        (
            "with `--expect-text`, so that all is looked at",
            "–",
            format!("{head} | cat | cat >/dev/null"),
            format!("{beat} --expect-text x -- {head} 2>/dev/null | cat >/dev/null"),
        ),
    ];
    for (name, least, with_cat, with_beat) in rows {
        let line = |text: &str| {
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", text]);
            shell
        };
        let took = in_turn(&mut [line(&with_cat), line(&with_beat)], 1, true);
        let rate = ratio(&took[0], &took[1], |took| took.clock);
        println!("| {name} | {least} | {rate:.2} |");
    }
}

fn took(command: &mut Command, runs: usize) -> Took {
    let spent = || {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds()
    };
    let (before, start) = (spent(), Instant::now());
    for _ in 0..runs {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null());
        let status = command.stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "{command:?}");
    }
    Took {
        processor: (spent() - before) as f64,
        clock: start.elapsed().as_micros() as f64,
    }
}

/// Measures in turn, A B C A B C …; the first round warms up and does not count.
fn in_turn(commands: &mut [Command], runs: usize, long: bool) -> Vec<Vec<Took>> {
    let rounds = if long { rounds().div_ceil(4) } else { rounds() };
    let mut out = vec![Vec::new(); commands.len()];
    for round in 0..=rounds {
        for (command, measured) in commands.iter_mut().zip(&mut out) {
            let took = took(command, runs);
            if round > 0 {
                measured.push(took);
            }
        }
    }
    out
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Median of the ratios round by round.
fn ratio(a: &[Took], b: &[Took], of: impl Fn(&Took) -> f64) -> f64 {
    median(a.iter().zip(b).map(|(a, b)| of(a) / of(b)))
}
