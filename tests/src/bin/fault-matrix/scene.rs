//! What a scene is: files as they are before, a program that changes them, what may be
//! there afterwards, and how clean runs set the rest right.

use std::fs;
use std::path::{Path, PathBuf};

use heartbeat::{BootStamp, FileKind, Interval, JobName, NewBeat};
use serde_json::Value;

use crate::strace::{Ended, Program, plain};

/// What is there afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Left {
    /// What was there before.
    Old,
    /// What the program was to leave.
    New,
    /// Several things were to change, and some of them did.
    Between,
}

/// A scene that is set.
pub(crate) trait Stage {
    /// What is run.
    fn program(&self) -> Program;

    /// Looks at what became of it.
    ///
    /// # Errors
    /// What must never be.
    fn look(&self, ended: &Ended) -> Result<Left, String>;

    /// Whether it says by its end that all was done.
    fn claims(&self, ended: &Ended, clean: Option<i32>) -> bool {
        ended.code == clean
    }

    /// Whether it says what went wrong.
    fn tells(&self, ended: &Ended) -> bool {
        !ended.err.trim().is_empty()
    }

    /// Runs clean programs after the fault, which must set everything right.
    ///
    /// # Errors
    /// What they did not.
    fn heal(&self, ended: &Ended) -> Result<(), String>;
}

/// A scene by name.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) set: fn(&Ground) -> Box<dyn Stage>,
}

/// Where a scene is set: a folder on the disk that is tried, and one beside it.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) disk: PathBuf,
    pub(crate) aside: PathBuf,
}

pub(crate) fn demand(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Writes a file and the folders above it.
pub(crate) fn put(path: &Path, text: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A beat that was left so many seconds ago.
pub(crate) fn leave(dir: &Path, kind: FileKind, job: &str, ago: i64, every: u64) {
    let job = JobName::new(job).unwrap();
    let now = house_tests::standin::Clock::real().now();
    let beat = NewBeat {
        interval: Some(Interval::from_seconds(every).unwrap()),
        host: Some("here"),
        // Of no boot: the age is that of the wall clock.
        boot: None::<BootStamp>,
        ..NewBeat::new(kind, &job, now - chrono::TimeDelta::seconds(ago))
    };
    fs::create_dir_all(dir).unwrap();
    heartbeat::write_beat(dir, &beat, false).unwrap();
}

/// The names in a folder, sorted.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Demands that a folder holds these names only. A killed program may leave a temporary
/// file, and so may one that is not let remove it.
pub(crate) fn tidy(dir: &Path, may: &[&str], ended: &Ended) -> Result<(), String> {
    let excused = ended.code.is_none() || ended.struck("unlink");
    let odd: Vec<String> = (names(dir).into_iter())
        .filter(|name| !may.contains(&name.as_str()))
        .filter(|name| !(excused && name.starts_with('.')))
        .collect();
    demand(odd.is_empty(), || {
        format!("left behind in {}: {odd:?}", dir.display())
    })
}

/// Demands that a store reads whole, with nothing odd in it.
pub(crate) fn store_is_whole(store: &Path) -> Result<(), String> {
    let scan = heartbeat::scan(store, 1, |_, files| files).map_err(|error| error.to_string())?;
    demand(scan.findings.is_empty(), || {
        format!("odd: {:?}", scan.findings)
    })?;
    for files in &scan.jobs {
        for slot in [&files.last, &files.fail, &files.run, &files.skip] {
            if let Some(Err(error)) = slot.as_deref() {
                return Err(format!("{} cannot be read: {error:?}", files.job));
            }
        }
    }
    Ok(())
}

/// The interval of a job's last success.
pub(crate) fn interval(store: &Path, job: &str) -> Option<u32> {
    let files = heartbeat::read_one(store, &JobName::new(job).unwrap()).ok()?;
    let last = files.last.as_deref()?.as_ref().ok()?.clone();
    last.interval.map(Interval::seconds)
}

/// The verdict on each job of a store, as the checker gives it when it only looks.
pub(crate) fn verdict(store: &Path, state: &Path, job: &str) -> String {
    let look = Program::new(house_tests::bins::beat_check())
        .args(&["--look", "--format", "json", "--dir"])
        .arg(store)
        .arg("--state-dir")
        .arg(state)
        .arg("--config")
        .arg("/dev/null");
    let ended = plain(&look);
    let pass: Value = serde_json::from_slice(&ended.out).unwrap_or_default();
    let jobs = pass["jobs"].as_array().cloned().unwrap_or_default();
    let found = jobs.iter().find(|one| one["job"] == job);
    let text = found.and_then(|one| one["verdict"].as_str());
    text.map_or_else(
        || format!("none ({:?} {})", ended.code, ended.err),
        str::to_owned,
    )
}
