//! What a journey needs, and saying so aloud where it is missing. A journey that
//! is left out must never look like one that passed.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use crate::bins;

/// A journey and what it lacks here.
///
/// ```no_run
/// # use house_tests::needs::Journey;
/// if !Journey::new("cron").root().program("cron").binaries().ready() {
///     return;
/// }
/// ```
#[derive(Debug)]
#[must_use = "ask ready() before the journey starts"]
pub struct Journey {
    name: &'static str,
    missing: Vec<String>,
    asked: bool,
}

impl Journey {
    /// A journey by its short name. It runs only where `HEARTBEAT_JOURNEYS=1`.
    pub fn new(name: &'static str) -> Self {
        let asked = env::var("HEARTBEAT_JOURNEYS").is_ok_and(|value| value == "1");
        let why = "journeys were not asked for; make test does";
        Self {
            name,
            missing: if asked { vec![] } else { vec![why.into()] },
            asked,
        }
    }

    /// A check that is quick enough to run whenever it can.
    pub fn quick(name: &'static str) -> Self {
        Self {
            name,
            missing: vec![],
            asked: true,
        }
    }

    /// Needs the rights of root.
    pub fn root(self) -> Self {
        // Owned by us: the process's own entry.
        let root = std::fs::metadata("/proc/self")
            .is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0);
        self.when(root, || "root is needed".into())
    }

    /// Needs a program, looked for where root's programs are, too.
    pub fn program(self, name: &str) -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        let found = env::split_paths(&path)
            .chain(["/usr/sbin".into(), "/sbin".into()])
            .any(|dir| dir.join(name).is_file());
        self.when(found, || format!("{name} is not installed"))
    }

    /// Needs the programs that `make build` leaves.
    pub fn binaries(mut self) -> Self {
        for binary in [
            bins::beat(),
            bins::beat_check(),
            bins::beat_report(),
            bins::beat_adopt(),
        ] {
            self = self.file(&binary, "run make build first");
        }
        self
    }

    /// Needs a file; `how` says how one comes by it.
    pub fn file(self, path: &Path, how: &str) -> Self {
        self.when(path.exists(), || {
            format!("{} is missing; {how}", path.display())
        })
    }

    /// Needs something else; `why` says what is missing.
    pub fn when(mut self, holds: bool, why: impl FnOnce() -> String) -> Self {
        if self.asked && !holds {
            self.missing.push(why());
        }
        self
    }

    /// Whether all of it is there. If not, `target/left-out.txt` and the terminal
    /// say so.
    ///
    /// # Panics
    /// When something is missing and `HEARTBEAT_REQUIRE_JOURNEYS=1`.
    #[must_use]
    pub fn ready(&self) -> bool {
        if self.missing.is_empty() {
            return true;
        }
        let line = left_out(self.name, &self.missing.join(", "));
        let required = env::var("HEARTBEAT_REQUIRE_JOURNEYS").is_ok_and(|value| value == "1");
        assert!(!required, "a journey was required: {line}");
        false
    }
}

/// Says aloud that something is left out, and why; returns what was said.
pub fn left_out(what: &str, why: &str) -> String {
    let line = format!("left out: {what}: {why}\n");
    // Written past the test harness, which hides what passing tests print.
    let _ = std::io::stderr().write_all(line.as_bytes());
    let file = bins::target().join("left-out.txt");
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(file) {
        let _ = file.write_all(line.as_bytes());
    }
    line
}
