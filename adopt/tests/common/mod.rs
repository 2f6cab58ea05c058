//! A tree with one job, and the real program over it.
#![allow(dead_code, reason = "not each test needs all of it")]

use std::fs;
use std::process::{Command, Output};

/// The crontab of the tree.
pub(crate) const CRONTAB: &str = "17 * * * * root /usr/bin/true --hourly\n";

/// A tree with one job.
pub(crate) fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    for dir in ["etc", "usr/bin", "var/lib/heartbeats"] {
        fs::create_dir_all(tree.path().join(dir)).unwrap();
    }
    let put = |path: &str, text: &str| fs::write(tree.path().join(path), text).unwrap();
    put("etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    put("etc/crontab", CRONTAB);
    fs::copy("/bin/true", tree.path().join("usr/bin/beat")).unwrap();
    tree
}

/// `beat-adopt` over the tree.
pub(crate) fn adopt(tree: &tempfile::TempDir, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_beat-adopt"))
        .arg("--root")
        .arg(tree.path())
        .args(args)
        .output()
        .unwrap()
}
