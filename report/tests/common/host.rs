//! A host in a folder, and the program run there.
#![allow(
    clippy::disallowed_methods,
    reason = "it starts the program under test, and beats are left now"
)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use chrono::{SecondsFormat, TimeDelta, Utc};
use tempfile::TempDir;

/// A host in a folder: a store, a state folder, a home.
pub(crate) struct Host {
    pub(crate) dir: TempDir,
}

impl Host {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["store", "state", "home", "out", "jobs.d"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let jobs = dir.path().join("jobs.d");
        let config = format!("[checker]\njobs_dir = {jobs:?}\n");
        fs::write(dir.path().join("config.toml"), config).unwrap();
        Self { dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Leaves a beat of a job that succeeded so long ago.
    pub(crate) fn beat(&self, job: &str, ago: i64, every: u32) {
        let at = Utc::now() - TimeDelta::seconds(ago);
        let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let beat =
            format!(r#"{{"v":1,"job":"{job}","timestamp":"{at}","interval_seconds":{every}}}"#);
        fs::write(self.path("store").join(format!("{job}.last")), beat + "\n").unwrap();
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_beat-report"));
        command
            .env_clear()
            .env("HOME", self.path("home"))
            .env("HEARTBEAT_DIR", self.path("store"))
            .current_dir(self.path("out"))
            .arg("--state-dir")
            .arg(self.path("state"))
            .arg("--config")
            .arg(self.path("config.toml"))
            .arg("--coverage")
            .arg(self.path("coverage.json"));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Told {
        Told::new(self.command().args(args).output().unwrap(), self)
    }
}

/// What the program said.
pub(crate) struct Told {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Told {
    pub(crate) fn new(output: Output, host: &Host) -> Self {
        let here = host.dir.path().to_string_lossy().into_owned();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&here, "HOST");
        Self {
            code: output.status.code().unwrap(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    pub(crate) fn refused(&self) -> String {
        assert_eq!(self.out, "");
        format!("{}\n{}", self.code, self.err)
    }
}
