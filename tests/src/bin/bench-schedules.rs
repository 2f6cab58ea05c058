//! Measures how long 100,000 different schedules take to be read and to say their
//! next and last run, against a pass of `beat-check` over as many beats, in the
//! processor's time and within one run.
//!
//! `SCHEDULES=1000` chooses how many, `BENCH_DIR` where the store is made (else in
//! memory), `HEARTBEAT_BIN_DIR` the programs (else `target/dist`).
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a benchmark starts programs and may give up"
)]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};

use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::{BootStamp, FileKind, JobName, NewBeat, Schedule};
use house_tests::bins;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use watch::{Runs, Zone};

const ROUNDS: usize = 7;
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Riga",
    "America/New_York",
    "Asia/Tehran",
    "Europe/London",
    "Australia/Sydney",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
];

fn main() {
    let many = std::env::var("SCHEDULES").map_or(100_000, |many| many.parse().unwrap());
    let root = match std::env::var_os("BENCH_DIR") {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()),
    }
    .unwrap();
    store(&root.path().join("store"), many);
    let zones = ZONES.map(|zone| Zone::named(zone).unwrap());
    let cron: Vec<String> = (0..many).map(cron).collect();
    let calendar: Vec<String> = (0..many).map(calendar).collect();

    // In turn, round by round; the first warms up.
    let (mut pass, mut by_cron, mut by_calendar) = (vec![], vec![], vec![]);
    for round in 0..=ROUNDS {
        let took = [
            of_pass(root.path()),
            of_schedules(&cron, &zones),
            of_schedules(&calendar, &zones),
        ];
        if round > 0 {
            pass.push(took[0]);
            by_cron.push(took[1] / took[0]);
            by_calendar.push(took[2] / took[0]);
        }
    }
    println!("| {many} schedules: read, next run, last run | share of a pass over {many} beats |");
    println!("|---|---|");
    println!(
        "| cron, in {} time zones | {:.3} |",
        ZONES.len(),
        median(by_cron)
    );
    println!("| `OnCalendar` | {:.3} |", median(by_calendar));
    eprintln!(
        "a pass takes {:.0} ms of processor time",
        median(pass) / 1e3
    );
}

/// Expressions that differ, daily ones and others.
fn cron(n: usize) -> String {
    let (minute, hour) = (n % 60, n / 60 % 24);
    match n % 7 {
        0 => format!("{minute} {hour} * * 1-5"),
        1 => format!("{minute} {hour} {} * *", n / 1_440 % 28 + 1),
        2 => format!("{minute}-59/15 {} * * *", n / 60 % 12),
        3 => format!("{minute},{} */{} * * mon,thu", (n / 24) % 60, n % 5 + 1),
        4 => format!("{minute} {hour} {} {} *", n / 1_440 % 28 + 1, n % 12 + 1),
        5 => format!("*/{} {hour}-23 1-15/{} * {}", n % 29 + 1, n % 4 + 1, n % 7),
        _ => format!("{minute} {hour} * * *"),
    }
}

fn calendar(n: usize) -> String {
    let (minute, hour) = (n % 60, n / 60 % 24);
    match n % 6 {
        0 => format!("Mon..Fri {hour}:{minute}"),
        1 => format!("*-*-{} {hour}:{minute}:{}", n / 1_440 % 28 + 1, n % 59),
        2 => format!("*-*~{} {hour}:{minute}", n / 1_440 % 28 + 1),
        3 => format!("*:{}/15:{}", n % 15, n / 15 % 60),
        4 => format!("Sat,Sun *-{}-* {hour}:{minute}", n % 12 + 1),
        _ => format!("{hour}..23/2:{minute}"),
    }
}

/// The processor's time of this process, in microseconds.
fn own_time() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    (usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64
}

fn of_schedules(texts: &[String], zones: &[Zone]) -> f64 {
    let now = DateTime::<Utc>::from_timestamp(1_796_000_000, 0).unwrap();
    let began = own_time();
    let mut runs = 0;
    for (n, text) in texts.iter().enumerate() {
        let schedule = Schedule::parse(text).unwrap();
        let schedule = Runs::new(schedule, zones[n % zones.len()]).unwrap();
        runs += usize::from(schedule.next_after(now).is_some());
        runs += usize::from(schedule.last_before(now).is_some());
    }
    assert_eq!(black_box(runs), 2 * texts.len());
    own_time() - began
}

fn of_pass(root: &Path) -> f64 {
    let children = || {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        (usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64
    };
    let began = children();
    let status = Command::new(bins::beat_check())
        .arg("--dir")
        .arg(root.join("store"))
        .arg("--state-dir")
        .arg(root.join("state"))
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.code().is_some_and(|code| code <= 1), "{status}");
    let took = children() - began;
    let _ = fs::remove_file(root.join("store/beat-check.last"));
    took
}

fn store(dir: &Path, jobs: usize) {
    fs::create_dir_all(dir).unwrap();
    let (now, boot) = (Utc::now(), BootStamp::now());
    for n in 0..jobs {
        let job = JobName::new(&format!("job-{n:07}")).unwrap();
        let age = TimeDelta::seconds(n as i64 % 3_600);
        let mut beat = NewBeat::new(FileKind::Last, &job, now - age);
        beat.interval = Some("7d".parse().unwrap());
        beat.host = Some("bezalel");
        beat.boot = boot;
        fs::write(dir.join(format!("{job}.last")), beat.to_line()).unwrap();
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
