//! How the cost of a pass grows: system calls with the beats of a store, requests with
//! the flagged jobs, requests with the issues that are open on the forge. Each is held
//! against the least that any checker needs. It counts and does not time, so a busy
//! machine gives the same figures.
//!
//! `SCALE_SIZES="100 10000"` chooses the stores, `FLAGGED="1 100"` how many jobs are
//! flagged, `OPEN=10000` how many issues are open; `BENCH_DIR` where the stores are made
//! (else in memory, and removed again), `HEARTBEAT_BIN_DIR` the programs (else
//! `target/dist`).
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark starts programs, reads the clock and may give up"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::{FileKind, JobName, NewBeat};
use house_tests::bare::bare;
use house_tests::bins;
use house_tests::standin::{Flavour, Standin};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [word, dir] = &args[..]
        && word == "bare"
    {
        return bare(Path::new(dir), 1);
    }
    let root = std::env::var_os("BENCH_DIR").map_or_else(|| "/dev/shm".into(), PathBuf::from);
    let root = tempfile::tempdir_in(&root)
        .or_else(|_| tempfile::tempdir())
        .unwrap();
    system_calls(root.path());
    flagged(root.path());
    open_issues(root.path());
}

fn numbers(name: &str, or: &str) -> Vec<usize> {
    let text = std::env::var(name).unwrap_or_else(|_| or.to_owned());
    let numbers = text
        .split_whitespace()
        .map(|n| n.parse().expect("a number"));
    numbers.collect()
}

/// Leaves beats of jobs that ran so long ago.
fn beats(dir: &Path, jobs: std::ops::Range<usize>, now: DateTime<Utc>, ago: TimeDelta) {
    fs::create_dir_all(dir).unwrap();
    for n in jobs {
        let job = JobName::new(&format!("job-{n:07}")).unwrap();
        let mut beat = NewBeat::new(FileKind::Last, &job, now - ago);
        beat.interval = Some("5m".parse().unwrap());
        beat.host = Some("bezalel");
        beat.writer = Some("beat 0.1.0");
        fs::write(dir.join(format!("{job}.last")), beat.to_line()).unwrap();
    }
}

/// How many system calls a command makes, with all its threads.
fn calls(command: &[String], log: &Path) -> f64 {
    let status = Command::new("strace")
        .args(["-f", "-qq", "-c", "-U", "calls,name", "-o"])
        .arg(log)
        .args(command)
        .output()
        .expect("strace is needed")
        .status;
    assert!(
        status.code().is_some_and(|code| code <= 1),
        "{command:?}: {status}"
    );
    let text = fs::read_to_string(log).unwrap();
    let total = text.lines().find(|line| line.trim_end().ends_with("total"));
    let total = total.and_then(|line| line.split_whitespace().next()?.parse().ok());
    total.expect("strace counts")
}

fn text(path: impl AsRef<Path>) -> String {
    path.as_ref().display().to_string()
}

fn system_calls(root: &Path) {
    println!(
        "| beats in the store | system calls of a pass | of a bare loop (open, read, close) | ratio | a beat more costs |"
    );
    println!("|---|---|---|---|---|");
    let me = text(std::env::current_exe().unwrap());
    let mut before: Option<(f64, f64)> = None;
    for jobs in numbers("SCALE_SIZES", "100 10000 100000") {
        let (dir, state) = (root.join(format!("store-{jobs}")), root.join("state"));
        beats(&dir, 0..jobs, Utc::now(), TimeDelta::minutes(1));
        let log = root.join("calls");
        let pass = [
            text(bins::beat_check()),
            "--dir".into(),
            text(&dir),
            "--state-dir".into(),
            text(&state),
            "--config".into(),
            text(config(root, "", "kind = \"folder\"\n")),
        ];
        let pass = calls(&pass, &log);
        let _ = fs::remove_file(dir.join("beat-check.last"));
        let least = calls(&[me.clone(), "bare".into(), text(&dir)], &log);
        let count = jobs as f64;
        let more = before.map_or("–".to_owned(), |(calls, jobs)| {
            format!("{:.2}", (pass - calls) / (count - jobs))
        });
        before = Some((pass, count));
        println!(
            "| {jobs} | {pass} | {least} | {:.2} | {more} |",
            pass / least
        );
        let _ = fs::remove_dir_all(&dir);
    }
    println!();
}

fn config(root: &Path, checker: &str, forge: &str) -> PathBuf {
    let path = root.join("config.toml");
    let jobs = root.join("no-jobs.d");
    fs::create_dir_all(&jobs).unwrap();
    fs::write(
        &path,
        format!(
            "[checker]\nhost = \"bezalel\"\ndeadline = \"2h\"\njobs_dir = {jobs:?}\n{checker}\n[issues]\nstorm_threshold = 1000000\n[forge]\n{forge}"
        ),
    )
    .unwrap();
    path
}

/// A store, a state folder and a forge.
struct Scene<'a> {
    root: &'a Path,
    forge: Standin,
}

impl<'a> Scene<'a> {
    fn new(root: &'a Path, flavour: Flavour) -> Self {
        let forge = Standin::start(flavour);
        // Counted here is what is asked, not how long a forge makes it wait.
        forge.world(|world| {
            world.rate.remaining = u32::MAX;
            world.rate.per_minute = usize::MAX;
            world.rate.per_hour = usize::MAX;
        });
        Self { root, forge }
    }

    fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    /// A pass; how many requests it took.
    fn pass(&self) -> usize {
        let forge = &self.forge;
        let settings = format!(
            "kind = \"{}\"\nurl = \"{}\"\nrepo = \"{}\"\n",
            forge.flavour().kind(),
            forge.url(),
            forge.repo()
        );
        forge.clear_log();
        let out: Output = Command::new(bins::beat_check())
            .arg("--dir")
            .arg(self.store())
            .arg("--state-dir")
            .arg(self.root.join("state"))
            .arg("--config")
            .arg(config(self.root, "", &settings))
            .env("HEARTBEAT_FORGE_TOKEN", forge.token())
            .output()
            .unwrap();
        assert!(
            out.status.code().is_some_and(|code| code <= 1),
            "{}: {}",
            out.status,
            String::from_utf8_lossy(&out.stderr)
        );
        forge.log().len()
    }

    fn open(&self) -> usize {
        self.forge.world(|world| world.open_issues().len())
    }

    fn clear(&self) {
        for dir in ["store", "state"] {
            let _ = fs::remove_dir_all(self.root.join(dir));
        }
    }
}

/// How many issues a forge lists at once, at most.
fn page(flavour: Flavour) -> usize {
    if flavour.is_gitea() { 50 } else { 100 }
}

const FORGES: [(Flavour, &str); 3] = [
    (Flavour::Forgejo, "Forgejo"),
    (Flavour::GitHub, "GitHub"),
    (Flavour::GitLab, "GitLab"),
];

fn flagged(root: &Path) {
    println!(
        "| forge | flagged jobs | requests of the pass that opens their issues / the least | of the next pass / the least | of the pass that closes them / the least |"
    );
    println!("|---|---|---|---|---|");
    for (flavour, name) in FORGES {
        // GitHub asks for a second between two changes, and the checker heeds it.
        let most = if flavour == Flavour::GitHub {
            10
        } else {
            1_000
        };
        let sizes = numbers("FLAGGED", "1 10 100 1000");
        for jobs in sizes.into_iter().filter(|jobs| *jobs <= most) {
            let scene = Scene::new(root, flavour);
            let pages = jobs.div_ceil(page(flavour));
            beats(&scene.store(), 0..jobs, Utc::now(), TimeDelta::minutes(12));
            let opens = scene.pass();
            assert_eq!(scene.open(), jobs);
            let quiet = scene.pass();
            beats(&scene.store(), 0..jobs, Utc::now(), TimeDelta::zero());
            let closes = scene.pass();
            assert_eq!(scene.open(), 0);
            // Listing, an issue each; listing; listing, a comment and a close each.
            let ratio = |took: usize, least: usize| {
                format!("{took} / {least} = {:.2}", took as f64 / least as f64)
            };
            println!(
                "| {name} | {jobs} | {} | {} | {} |",
                ratio(opens, 1 + jobs),
                ratio(quiet, pages),
                ratio(closes, pages + 2 * jobs),
            );
            scene.clear();
        }
    }
    println!();
}

fn open_issues(root: &Path) {
    println!(
        "| forge | issues open on the forge | requests of a pass that has nothing to say | the least | ratio |"
    );
    println!("|---|---|---|---|---|");
    let many = numbers("OPEN", "10000")[0];
    for (flavour, name) in FORGES {
        let scene = Scene::new(root, flavour);
        scene.forge.world(|world| {
            for n in 0..many {
                world.open_issue("alice", &format!("wish {n}"), "please");
            }
        });
        let now = Utc::now();
        beats(&scene.store(), 0..3, now, TimeDelta::minutes(12));
        scene.pass();
        let row = |whose: &str, took: usize, least: usize| {
            let ratio = took as f64 / least as f64;
            println!("| {name} | {whose} | {took} | {least} | {ratio:.2} |");
        };
        row(
            &format!("{many} of other people, 3 of its own"),
            scene.pass(),
            1,
        );
        beats(&scene.store(), 0..many, now, TimeDelta::minutes(12));
        scene.forge.world(|world| {
            // As the checker itself would have opened them.
            let own = world.account.login.clone();
            let first = world.issues_by(&own)[0];
            let labels = world.label_names(first);
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let (title, body) = (first.title.clone(), first.body.clone().unwrap());
            for n in 3..many {
                let named = |text: &str| text.replace("job-0000000", &format!("job-{n:07}"));
                let number = world.open_issue(&own, &named(&title), &named(&body));
                world.relabel(number, &labels);
            }
        });
        scene.pass();
        assert_eq!(scene.open(), 2 * many);
        row(
            &format!("{many} of other people, {many} of its own"),
            scene.pass(),
            many.div_ceil(page(flavour)),
        );
        scene.clear();
    }
}
