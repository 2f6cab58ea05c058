//! Crowds: sixty-four writers and eight checkers at once. Each look at the store is whole,
//! no alarm is false, a flagged job has one issue, and nothing is left behind.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey runs programs, and ends where one cannot be run"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{TimeDelta, Utc};
use heartbeat::{FileKind, Interval, JobName, NewBeat, scan, write_beat};
use house_tests::bins;
use house_tests::needs::Journey;
use house_tests::standin::{Flavour, Standin};
use serde_json::Value;
use watch::{Marker, Scope};

const WRITERS: usize = 64;
const BEATS: usize = 6;
const CHECKERS: usize = 8;
const PASSES: usize = 6;

/// Jobs that are silent from the start; of one the issue is there already.
const SILENT: [&str; 3] = ["quiet1", "quiet2", "quiet3"];

struct Host {
    scratch: tempfile::TempDir,
    forge: Option<Standin>,
}

impl Host {
    fn new(forge: Option<Standin>) -> Self {
        let host = Self {
            scratch: tempfile::tempdir().unwrap(),
            forge,
        };
        fs::create_dir(host.store()).unwrap();
        let settings = match &host.forge {
            Some(forge) => {
                let token = host.path("token");
                fs::write(&token, forge.token()).unwrap();
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
                fs::set_permissions(&token, mode).unwrap();
                format!(
                    "kind = \"{}\"\nurl = \"{}\"\nrepo = \"{}\"\ntoken_file = {token:?}\n",
                    forge.flavour().kind(),
                    forge.url(),
                    forge.repo()
                )
            }
            None => format!("kind = \"folder\"\npath = {:?}\n", host.path("issues")),
        };
        fs::write(
            host.path("config.toml"),
            format!("[checker]\nhost = \"here\"\n[forge]\n{settings}"),
        )
        .unwrap();
        for job in SILENT {
            host.leave(job, 864_000, 3_600);
        }
        for writer in 0..WRITERS {
            host.leave(&own_job(writer), 60, 86_400);
        }
        host.leave("same", 60, 86_400);
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn store(&self) -> PathBuf {
        self.path("store")
    }

    fn leave(&self, job: &str, ago: i64, every: u64) {
        let job = JobName::new(job).unwrap();
        let beat = NewBeat {
            interval: Some(Interval::from_seconds(every).unwrap()),
            ..NewBeat::new(FileKind::Last, &job, Utc::now() - TimeDelta::seconds(ago))
        };
        write_beat(&self.store(), &beat, false).unwrap();
    }

    /// One beat of a writer: by itself or of a run, of its own job or of all of them.
    fn beat(&self, writer: usize, turn: usize) {
        let job = match writer % 4 {
            3 => "same".to_owned(),
            _ => own_job(writer),
        };
        let mut beat = Command::new(bins::beat());
        beat.args([&job, "--every", "1d", "--dir"])
            .arg(self.store());
        match (writer + turn) % 3 {
            0 => {}
            1 => {
                beat.arg("--no-sync");
            }
            _ => {
                beat.args(["--", "true"]);
            }
        }
        let output = beat.stdin(Stdio::null()).output().unwrap();
        let quiet = output.stdout.is_empty() && output.stderr.is_empty();
        assert!(output.status.success() && quiet, "{job}: {output:?}");
    }

    /// One pass of a checker; half of them share a state folder, and so a lock.
    fn pass(&self, checker: usize) -> Output {
        let state = match checker % 2 {
            0 => self.path("state"),
            _ => self.path(&format!("state{checker}")),
        };
        Command::new(bins::beat_check())
            .arg("--dir")
            .arg(self.store())
            .arg("--state-dir")
            .arg(state)
            .arg("--config")
            .arg(self.path("config.toml"))
            .args(["--format", "json"])
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// How many issues were opened twice at once, by checkers that share no lock, and closed
    /// again by the one that saw it.
    fn closed(&self) -> usize {
        match &self.forge {
            Some(forge) => forge.world(|world| world.issues.iter().filter(|one| !one.open).count()),
            None => fs::read_dir(self.path("issues/closed")).map_or(0, Iterator::count),
        }
    }

    /// The open issues by job.
    fn open(&self) -> BTreeMap<String, usize> {
        let bodies: Vec<String> = match &self.forge {
            Some(forge) => forge.world(|world| {
                let open = world.open_issues();
                open.into_iter()
                    .filter_map(|one| one.body.clone())
                    .collect()
            }),
            None => fs::read_dir(self.path("issues/open"))
                .unwrap()
                .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
                .map(|text| text[text.find("<!-- heartbeat-checker ").unwrap()..].to_owned())
                .collect(),
        };
        let mut open = BTreeMap::new();
        for body in bodies {
            match Marker::parse(&body).unwrap().scope {
                Scope::Job { job, .. } => *open.entry(job).or_default() += 1,
                Scope::Storm { .. } => panic!("a storm: {body}"),
            }
        }
        open
    }
}

fn own_job(writer: usize) -> String {
    format!("job{writer}")
}

/// What a pass must be while all the others go on: right, or kept out by the lock.
fn judge(output: &Output, shared: bool) -> bool {
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(3) && said.contains("another pass is running") {
        assert!(shared, "{said}");
        return false;
    }
    let pass: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let jobs = pass["jobs"].as_array().unwrap();
    let mut flagged: Vec<&str> = (jobs.iter())
        .filter(|job| job["flagged"] == true)
        .map(|job| job["job"].as_str().unwrap())
        .collect();
    flagged.sort_unstable();
    assert_eq!(flagged, SILENT, "{said}");
    // The writers' jobs, the shared one, the silent ones; the checker's own may come.
    assert!(jobs.len() >= WRITERS + 1 + SILENT.len(), "{}", jobs.len());
    assert_eq!(pass["findings"].as_array().map(Vec::len), Some(0), "{said}");
    true
}

fn crowd(host: &Host) {
    let (passes, locked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || (0..BEATS).for_each(|turn| host.beat(writer, turn)));
        }
        for checker in 0..CHECKERS {
            let (passes, locked) = (&passes, &locked);
            scope.spawn(move || {
                for _ in 0..PASSES {
                    let output = host.pass(checker);
                    let count = match judge(&output, checker % 2 == 0) {
                        true => passes,
                        false => locked,
                    };
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let (passes, locked) = (passes.into_inner(), locked.into_inner());
    println!(
        "{} beats, {passes} passes, {locked} kept out",
        WRITERS * BEATS
    );
    assert_eq!(passes + locked, CHECKERS * PASSES);
    // A pass in peace: one issue for each, whatever the crowd did.
    let output = host.pass(0);
    assert!(judge(&output, true), "{output:?}");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    println!("{} issues closed again", host.closed());
    let one_each = SILENT.map(|job| (job.to_owned(), 1));
    assert_eq!(host.open(), BTreeMap::from(one_each));
    nothing_is_left(&host.store());
}

/// Only beats lie in the store, and each can be read.
fn nothing_is_left(store: &Path) {
    let seen = scan(store, 1, |_, files| files).unwrap();
    assert_eq!(seen.findings, []);
    for files in &seen.jobs {
        for slot in [&files.last, &files.fail, &files.skip] {
            assert!(slot.as_deref().is_none_or(Result::is_ok), "{files:?}");
        }
        assert!(files.run.is_none(), "{files:?}");
    }
    let odd = fs::read_dir(store)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let odd: Vec<_> = odd
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .collect();
    assert!(odd.is_empty(), "{odd:?}");
}

#[test]
fn sixty_four_writers_and_eight_checkers_at_one_folder() {
    if Journey::new("a crowd at a folder").binaries().ready() {
        crowd(&Host::new(None));
    }
}

#[test]
fn sixty_four_writers_and_eight_checkers_at_one_forgejo() {
    if Journey::new("a crowd at a forge").binaries().ready() {
        crowd(&Host::new(Some(Standin::start(Flavour::Forgejo))));
    }
}
