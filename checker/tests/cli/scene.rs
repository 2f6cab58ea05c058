//! A scratch store and state folder, and the program run on them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use chrono::{TimeDelta, Utc};

pub(crate) struct Scene {
    root: tempfile::TempDir,
}

/// How a run ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("store")).unwrap();
        Self { root }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// A beat that was left so long ago (or, below zero, ahead).
    pub(crate) fn beat(&self, job: &str, seconds_ago: i64, interval: u32) {
        let time = (Utc::now() - TimeDelta::seconds(seconds_ago)).to_rfc3339();
        let line = format!(
            "{{\"v\":1,\"job\":\"{job}\",\"timestamp\":\"{time}\",\"interval_seconds\":{interval}}}\n"
        );
        self.file(&format!("{job}.last"), line.as_bytes());
    }

    /// Any file in the store.
    pub(crate) fn file(&self, name: &str, content: &[u8]) {
        fs::write(self.store().join(name), content).unwrap();
    }

    /// The program with the store and the state folder of this scene.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bare(&[]);
        command.arg("--dir").arg(self.store()).args(args);
        command
    }

    /// The program with the state folder of this scene and no store.
    pub(crate) fn bare(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_beat-check"));
        command
            .arg("--state-dir")
            .arg(self.path("state"))
            .args(args)
            .env_clear()
            .env("HOME", self.root.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.finish(&mut self.command(args))
    }

    pub(crate) fn finish(&self, command: &mut Command) -> Ran {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(&self.root.path().display().to_string(), "[scratch]")
        };
        Ran {
            code: status.code().unwrap_or(-1),
            out: text(stdout),
            err: text(stderr),
        }
    }

    /// The only job of a JSON pass.
    pub(crate) fn only_job(&self) -> (i32, serde_json::Value) {
        let ran = self.run(&["--format", "json"]);
        let record: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let jobs = record["jobs"].as_array().unwrap();
        assert_eq!(jobs.len(), 1, "{record}");
        (ran.code, jobs[0].clone())
    }

    pub(crate) fn write_config(&self, text: &str) -> PathBuf {
        let path = self.path("config.toml");
        fs::write(&path, text).unwrap();
        path
    }

    /// Issues of the folder forge in `open` or `closed`.
    pub(crate) fn issues(&self, state: &str) -> Vec<String> {
        names(&self.path("state/issues").join(state))
    }
}

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
