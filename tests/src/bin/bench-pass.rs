//! Measures a pass of `beat-check` and a report against a bare loop that opens,
//! reads and closes every beat: time of all cores together, time on the clock,
//! memory. Prints ratios within one run, because machines are noisy.
//!
//! `SIZES="100 10000"` chooses the stores, `BENCH_DIR` where they are made (else
//! in memory, so that no disk is measured, and removed again), `HEARTBEAT_BIN_DIR`
//! the programs (else `target/dist`).
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark starts programs, reads the clock and may give up"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use chrono::{TimeDelta, Utc};
use heartbeat::{BootStamp, FileKind, JobName, NewBeat};
use house_tests::bare::bare;
use house_tests::bins;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare", dir, threads] => bare(Path::new(dir), threads.parse().unwrap()),
        ["one", ..] => one(&args[1..]),
        _ => table(),
    }
}

/// Runs one command as the only child of a process, so that the largest memory
/// is its own, and prints what it took.
fn one(command: &[String]) {
    let began = Instant::now();
    let status = Command::new(&command[0])
        .args(&command[1..])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    let wall = began.elapsed();
    assert!(
        status.code().is_some_and(|code| code <= 1),
        "{command:?}: {status}"
    );
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    println!("{cpu} {} {}", wall.as_micros(), usage.max_rss());
}

#[derive(Clone, Copy)]
struct Took {
    cpu_us: f64,
    wall_us: f64,
    rss_kib: f64,
}

fn measure(command: &[String]) -> Took {
    let out = Command::new(std::env::current_exe().unwrap())
        .arg("one")
        .args(command)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|n| n.parse().unwrap());
    let mut next = || numbers.next().expect("three numbers");
    Took {
        cpu_us: next(),
        wall_us: next(),
        rss_kib: next(),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs the commands in turn, A B C A B C …, and gives for each command its
/// runs. The first round warms up and does not count.
fn in_turn(commands: &[Vec<String>], rounds: usize) -> Vec<Vec<Took>> {
    let mut out = vec![Vec::new(); commands.len()];
    for round in 0..=rounds {
        for (command, runs) in commands.iter().zip(&mut out) {
            let took = measure(command);
            if round > 0 {
                runs.push(took);
            }
        }
    }
    out
}

/// Median of the ratios round by round.
fn ratio(a: &[Took], b: &[Took], of: impl Fn(&Took) -> f64) -> f64 {
    median(a.iter().zip(b).map(|(a, b)| of(a) / of(b)).collect())
}

fn generate(dir: &Path, jobs: usize) {
    if dir.join(".made").exists() {
        return;
    }
    eprintln!("making {jobs} beats in {}", dir.display());
    fs::create_dir_all(dir).unwrap();
    let now = Utc::now();
    let boot = BootStamp::now();
    for n in 0..jobs {
        let job = JobName::new(&format!("job-{n:07}")).unwrap();
        let mut beat = NewBeat::new(
            FileKind::Last,
            &job,
            now - TimeDelta::seconds(n as i64 % 3_600),
        );
        beat.interval = Some("7d".parse().unwrap());
        beat.host = Some("bezalel");
        beat.boot = boot;
        beat.writer = Some("beat 0.1.0");
        fs::write(dir.join(format!("{job}.last")), beat.to_line()).unwrap();
    }
    fs::write(dir.join(".made"), "").unwrap();
}

/// Where the stores are made, and what removes them at the end.
fn place() -> (PathBuf, Option<tempfile::TempDir>) {
    if let Some(dir) = std::env::var_os("BENCH_DIR") {
        return (dir.into(), None);
    }
    match tempfile::tempdir_in("/dev/shm") {
        Ok(dir) => (dir.path().to_owned(), Some(dir)),
        Err(_) => (bins::target().join("bench"), None),
    }
}

fn table() {
    let sizes = std::env::var("SIZES").unwrap_or_else(|_| "100 10000 100000 1000000".into());
    let (root, _memory) = place();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let me = std::env::current_exe().unwrap().display().to_string();
    let text = |path: PathBuf| path.display().to_string();
    println!(
        "| beats | pass / bare loop on 1 core, clock | the same, `--dry-run` | pass / bare loop on {cores} cores, clock | pass / bare loop on 1 core, processor time | report / pass, processor time | memory a job beyond its name |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut smallest = None;
    for size in sizes.split_whitespace() {
        let jobs: usize = size.parse().expect("SIZES are numbers");
        let dir = root.join(format!("store-{jobs}"));
        generate(&dir, jobs);
        let dir = text(dir);
        let state = text(root.join(format!("state-{jobs}")));
        let on = |program: PathBuf| {
            [
                text(program),
                "--dir".into(),
                dir.clone(),
                "--state-dir".into(),
                state.clone(),
            ]
            .to_vec()
        };
        let commands = [
            [me.clone(), "bare".into(), dir.clone(), "1".into()].to_vec(),
            [me.clone(), "bare".into(), dir.clone(), cores.to_string()].to_vec(),
            on(bins::beat_check()),
            on(bins::beat_report()),
            [on(bins::beat_check()), vec!["--dry-run".into()]].concat(),
        ];
        let rounds = if jobs <= 10_000 { 21 } else { 7 };
        let took = in_turn(&commands, rounds);
        let [one, all, pass, report, look] = &took[..] else {
            return;
        };
        let rss = median(pass.iter().map(|took| took.rss_kib).collect());
        let (base, base_jobs) = *smallest.get_or_insert((rss, jobs));
        let name = "job-0000000".len() as f64;
        let each = (rss - base) * 1_024.0 / (jobs - base_jobs).max(1) as f64 - name;
        let memory = if jobs == base_jobs {
            format!("({:.1} MiB in all)", rss / 1_024.0)
        } else {
            format!("{each:.0} bytes")
        };
        println!(
            "| {jobs} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {memory} |",
            ratio(pass, one, |t| t.wall_us),
            ratio(look, one, |t| t.wall_us),
            ratio(pass, all, |t| t.wall_us),
            ratio(pass, one, |t| t.cpu_us),
            ratio(report, pass, |t| t.cpu_us),
        );
        // The reports and passes leave their own beats in the store.
        for own in ["beat-check.last", "beat-report.last"] {
            let _ = fs::remove_file(Path::new(&dir).join(own));
        }
    }
    against_help(&root);
}

/// A pass with little to do, against the cheapest program of this house.
fn against_help(root: &Path) {
    let text = |path: PathBuf| path.display().to_string();
    let dir = root.join("store-100");
    generate(&dir, 100);
    let commands = [
        [text(bins::beat()), "--help".into()].to_vec(),
        [
            text(bins::beat_check()),
            "--dir".into(),
            text(dir),
            "--state-dir".into(),
            text(root.join("state-100")),
        ]
        .to_vec(),
    ];
    let took = in_turn(&commands, 41);
    let mut line = String::new();
    let _ = write!(
        line,
        "\nA pass over 100 beats with nothing to deliver, against `beat --help`: {:.1} times the processor time, {:.1} times the time on the clock.",
        ratio(&took[1], &took[0], |t| t.cpu_us),
        ratio(&took[1], &took[0], |t| t.wall_us),
    );
    println!("{line}");
}
