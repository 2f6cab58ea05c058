//! A store of its own and the real `beat` for each test.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use heartbeat::{Beat, JobFiles, JobName, Slot, read_one};
use tempfile::TempDir;

/// Nobody's user id: somebody who owns no file here.
pub const NOBODY: u32 = 65_534;

/// A store in a temporary directory, a home and a copy of `beat` that everybody
/// can run.
pub struct House {
    root: TempDir,
}

impl House {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        set_mode(root.path(), 0o755);
        for dir in ["store", "home"] {
            std::fs::create_dir(root.path().join(dir)).unwrap();
            set_mode(&root.path().join(dir), 0o755);
        }
        Self { root }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// `beat` with nothing of the tester's environment that it looks at.
    pub fn beat(&self) -> Command {
        self.clean(Command::new(env!("CARGO_BIN_EXE_beat")))
    }

    /// A shell in the same environment, with `beat` in its path.
    pub fn shell(&self, script: &str) -> Command {
        let mut command = self.clean(Command::new("/bin/sh"));
        command.args(["-euc", script]);
        command
    }

    /// `beat` as somebody who owns nothing here, if the tester is root.
    pub fn beat_of_a_stranger(&self) -> Command {
        let copy = self.path("beat");
        // By another process: a file that this one holds open for writing, in any of its
        // children too, cannot be run.
        let mut cp = Command::new("cp");
        cp.arg("-n").arg(env!("CARGO_BIN_EXE_beat")).arg(&copy);
        assert_eq!(ends(&mut cp).0, Some(0));
        let mut command = self.clean(Command::new(copy));
        if is_root() {
            use std::os::unix::process::CommandExt;
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn clean(&self, mut command: Command) -> Command {
        let beat = Path::new(env!("CARGO_BIN_EXE_beat")).parent().unwrap();
        command
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", beat.display()))
            .env("HOME", self.path("home"))
            .env("HEARTBEAT_DIR", self.store())
            .current_dir(self.root.path())
            .stdin(Stdio::null());
        command
    }

    pub fn files(&self, job: &str) -> JobFiles {
        read_one(&self.store(), &JobName::new(job).unwrap()).unwrap()
    }

    pub fn last(&self, job: &str) -> Beat {
        there(&self.files(job).last)
    }

    pub fn fail(&self, job: &str) -> Beat {
        there(&self.files(job).fail)
    }

    /// The names in the store, sorted.
    pub fn names(&self) -> Vec<String> {
        names(&self.store())
    }

    /// The output with this store's paths left out.
    pub fn said(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        text.replace(&self.root.path().display().to_string(), "")
    }
}

pub fn there(slot: &Slot) -> Beat {
    slot.as_deref().unwrap().clone().unwrap()
}

pub fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The code, stdout and stderr of a program that ends.
pub fn ends(command: &mut Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (status.code(), text(&stdout), text(&stderr))
}

/// Waits for something that must come; says what, when it does not.
pub fn await_that(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "waiting for {what}"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Says aloud that a test is left out, and why.
pub fn left_out(what: &str, why: &str) {
    let line = format!("left out: {what}: {why}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "../target".into());
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(target)
        .join("left-out.txt");
    if std::env::var_os("HEARTBEAT_JOURNEYS").is_some()
        && let Ok(mut file) = std::fs::File::options()
            .create(true)
            .append(true)
            .open(file)
    {
        let _ = file.write_all(line.as_bytes());
    }
}

/// A file system that is unmounted at the end.
pub struct Mounted(PathBuf);

impl Mounted {
    /// Mounts a small one in memory; `None` where that is not allowed.
    pub fn small(at: &Path, options: &str) -> Option<Self> {
        if !is_root() {
            return None;
        }
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "none"]).arg(at);
        ends(&mut mount).0.filter(|code| *code == 0)?;
        Some(Self(at.to_owned()))
    }

    pub fn remount(&self, options: impl AsRef<OsStr>) {
        let mut mount = Command::new("mount");
        mount.arg("-o").arg(options).arg(&self.0);
        assert_eq!(ends(&mut mount).0, Some(0));
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
