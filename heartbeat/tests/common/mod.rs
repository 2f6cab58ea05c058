//! What the tests of reading and scanning share.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use heartbeat::{Beat, JobName, Unreadable, read_file};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Uid;
use tempfile::TempDir;

/// Nobody's user id: somebody who owns no file here.
pub const NOBODY: u32 = 65_534;

/// A store in a temporary directory that everybody can read.
pub struct Store(TempDir);

impl Store {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        set_mode(dir.path(), 0o755);
        Self(dir)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Reads `<job>.last`.
    pub fn last(&self, job: &str) -> Result<Option<Beat>, Unreadable> {
        let dir = File::open(self.path()).unwrap();
        let name = format!("{job}.last");
        read_file(&dir, &name, &JobName::new(job).unwrap(), None, &mut vec![])
    }

    /// Why `<job>.last` cannot be read, as the end of "the beat …".
    pub fn fault(&self, job: &str) -> String {
        match self.last(job) {
            Err(unreadable) => unreadable.kind.to_string(),
            Ok(beat) => panic!("{job} was read: {beat:?}"),
        }
    }
}

/// The line of a beat as the contract shows it.
pub fn line(job: &str) -> String {
    format!(
        "{{\"v\":1,\"job\":\"{job}\",\"timestamp\":\"2026-11-22T02:00:07.412Z\",\"interval_seconds\":86400,\"host\":\"bezalel\"}}\n"
    )
}

pub fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

pub fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs it as somebody who owns nothing here. Whoever is not root is that already,
/// for files without any mode bits.
pub fn as_stranger<T: Send>(what: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            if is_root() {
                // Of this thread only.
                rustix::thread::set_thread_uid(Uid::from_raw(NOBODY)).unwrap();
            }
            what()
        });
        thread.join().unwrap()
    })
}

/// Says aloud that something is left out, and why.
pub fn left_out(what: &str, why: &str) {
    let line = format!("left out: {what}: {why}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "../target".into());
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(target)
        .join("left-out.txt");
    if std::env::var_os("HEARTBEAT_JOURNEYS").is_some()
        && let Ok(mut file) = File::options().create(true).append(true).open(file)
    {
        let _ = file.write_all(line.as_bytes());
    }
}
