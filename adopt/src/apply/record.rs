//! What was changed, on disk: one folder for each time, readable by root alone, with a
//! copy of each file before and after and a `manifest.json` that says what is what.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::target::{create, flush_dir};
use super::{ApplyError, Edit, JobLines, Paths};

/// The version of the manifest.
const VERSION: u32 = 1;

/// One time that changes were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) dir: PathBuf,
    pub(super) manifest: Manifest,
}

/// What is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    v: u32,
    pub(super) edits: Vec<Kept>,
}

/// One change that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) what: What,
    /// Where it was made; empty for one's own crontab.
    pub(super) path: String,
    /// Its lines, for a change.
    pub(super) jobs: Vec<JobLines>,
    /// For whom it was made, for what was not there before.
    pub(super) job: Option<String>,
    /// The jobs whose lines were taken back.
    pub(super) undone_jobs: Vec<String>,
    /// Whether all of it was taken back.
    pub(super) undone: bool,
}

/// Which kind of change it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    Change,
    OwnCrontab,
    NewFile,
    MakeDir,
}

impl Kept {
    fn of(edit: &Edit) -> Result<Self, ApplyError> {
        let path = edit.path();
        let Some(text) = path.to_str() else {
            return Err(ApplyError::new(
                "keep a copy of",
                path,
                "its name is no UTF-8",
            ));
        };
        let (what, jobs, job) = match edit {
            Edit::Change { jobs, .. } => (What::Change, jobs.clone(), None),
            Edit::OwnCrontab { jobs, .. } => (What::OwnCrontab, jobs.clone(), None),
            Edit::NewFile { job, .. } => (What::NewFile, Vec::new(), job.clone()),
            Edit::MakeDir { job, .. } => (What::MakeDir, Vec::new(), job.clone()),
        };
        Ok(Self {
            what,
            path: text.to_owned(),
            jobs,
            job,
            undone_jobs: Vec::new(),
            undone: false,
        })
    }
}

/// Holds the lock of the state folder until it is dropped: one changes at a time, the
/// next one waits.
pub(super) fn lock(paths: &Paths) -> Result<File, ApplyError> {
    let path = paths.state.join("lock");
    let take = || -> io::Result<File> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&paths.state)?;
        let file = heartbeat::lock_file(&path)?;
        file.lock()?;
        Ok(file)
    };
    take().map_err(|error| ApplyError::io("lock", &path, &error))
}

fn folder(paths: &Paths) -> PathBuf {
    paths.state.join("undo")
}

/// Keeps copies of what edits change, all the way to the disk.
pub(super) fn keep(paths: &Paths, edits: &[&Edit]) -> Result<Record, ApplyError> {
    let kept: Result<_, _> = edits.iter().map(|edit| Kept::of(edit)).collect();
    let manifest = Manifest {
        v: VERSION,
        edits: kept?,
    };
    let number = numbers(paths)?.last().map_or(1, |last| last + 1);
    let dir = folder(paths).join(format!("{number:06}"));
    let cannot = |error: &io::Error| ApplyError::io("keep copies in", &dir, error);
    let mut make = DirBuilder::new();
    make.mode(0o700);
    make.recursive(true)
        .create(folder(paths))
        .map_err(|e| cannot(&e))?;
    make.recursive(false).create(&dir).map_err(|e| cannot(&e))?;
    let record = Record { dir, manifest };
    let written = write_copies(&record, edits);
    if let Err(error) = written {
        record.forget();
        return Err(error.hint("make room and do it again; nothing was changed"));
    }
    Ok(record)
}

fn write_copies(record: &Record, edits: &[&Edit]) -> Result<(), ApplyError> {
    for (at, edit) in edits.iter().enumerate() {
        let (old, new) = match edit {
            Edit::Change { old, new, .. } | Edit::OwnCrontab { old, new, .. } => {
                (Some(old), Some(new))
            }
            Edit::NewFile { content, .. } => (None, Some(content)),
            Edit::MakeDir { .. } => (None, None),
        };
        for (bytes, ending) in [(old, "old"), (new, "new")] {
            if let Some(bytes) = bytes {
                create(&record.dir.join(format!("{at}.{ending}")), bytes, 0o600)?;
            }
        }
    }
    record.save()
}

/// The numbers of the records, from the oldest on.
fn numbers(paths: &Paths) -> Result<Vec<u32>, ApplyError> {
    let dir = folder(paths);
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ApplyError::io("read", &dir, &error)),
    };
    let mut numbers: Vec<u32> = Vec::new();
    for entry in entries {
        // A record that is not seen would be taken for none.
        let entry = entry.map_err(|error| ApplyError::io("read", &dir, &error))?;
        let name = entry.file_name();
        numbers.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// All records, the newest first.
pub(super) fn all(paths: &Paths) -> Result<Vec<Record>, ApplyError> {
    let numbers = numbers(paths)?;
    let dirs = numbers
        .iter()
        .rev()
        .map(|n| folder(paths).join(format!("{n:06}")));
    let mut records = Vec::new();
    for dir in dirs {
        let path = dir.join("manifest.json");
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            // Stopped while its copies were written: nothing had been changed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(ApplyError::io("read", &path, &error)),
        };
        let manifest: Manifest = serde_json::from_slice(&bytes)
            .map_err(|error| ApplyError::new("read", &path, error.to_string()))?;
        if manifest.v != VERSION {
            return Err(ApplyError::new(
                "read",
                &path,
                format!("it was written by another version ({})", manifest.v),
            ));
        }
        records.push(Record { dir, manifest });
    }
    Ok(records)
}

impl Record {
    /// The copy of a file, before or after.
    pub(super) fn copy(&self, at: usize, ending: &str) -> Result<Vec<u8>, ApplyError> {
        let path = self.dir.join(format!("{at}.{ending}"));
        fs::read(&path).map_err(|error| ApplyError::io("read the copy", &path, &error))
    }

    /// Writes the manifest anew.
    pub(super) fn save(&self) -> Result<(), ApplyError> {
        let path = self.dir.join("manifest.json");
        let next = self.dir.join("manifest.next");
        let text = serde_json::to_vec_pretty(&self.manifest)
            .map_err(|error| ApplyError::new("write", &path, error.to_string()))?;
        let _ = fs::remove_file(&next);
        create(&next, &text, 0o600)?;
        fs::rename(&next, &path)
            .and_then(|()| flush_dir(&path))
            .map_err(|error| ApplyError::io("write", &path, &error))
    }

    /// Removes it: nothing is left to be taken back.
    pub(super) fn forget(&self) {
        // What stays is passed over: it has no manifest, or all of it is taken back.
        let _ = fs::remove_file(self.dir.join("manifest.json"));
        let _ = fs::remove_dir_all(&self.dir);
    }

    /// Whether all of it was taken back.
    pub(super) fn is_done(&self) -> bool {
        self.manifest.edits.iter().all(|edit| edit.undone)
    }
}

/// Where a change was made.
pub(super) fn path_of(kept: &Kept) -> &Path {
    Path::new(&kept.path)
}
