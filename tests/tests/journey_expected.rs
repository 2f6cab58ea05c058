//! A job that is expected and never ran is flagged in its time and not before; adopted,
//! and fired by Debian's own cron daemon, it clears the issue.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a journey runs programs, and ends where one cannot be run"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use house_tests::bins;
use house_tests::needs::Journey;
use house_tests::patience::eventually;
use serde_json::Value;

/// The daemon with all that it started; gone when dropped, also by a failed test.
struct Cron(Child);

impl Drop for Cron {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Host {
    scratch: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        let host = Self {
            scratch: tempfile::tempdir().unwrap(),
        };
        for dir in [
            "image/etc/cron.d",
            "image/usr/bin",
            "store",
            "state",
            "jobs.d",
        ] {
            fs::create_dir_all(host.path(dir)).unwrap();
        }
        fs::write(host.path("image/etc/passwd"), "root:x:0:0::/root:/bin/sh\n").unwrap();
        // Adopting needs it there; cron finds the one that was built.
        fs::copy(bins::beat(), host.path("image/usr/bin/beat")).unwrap();
        let config = format!("[checker]\njobs_dir = {:?}\n", host.path("jobs.d"));
        fs::write(host.path("config.toml"), config).unwrap();
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn crontab(&self) -> PathBuf {
        self.path("image/etc/cron.d/nightly")
    }

    /// One pass of the checker: the verdict on the job.
    fn pass(&self, job: &str) -> Option<String> {
        let output = Command::new(bins::beat_check())
            .arg("--dir")
            .arg(self.path("store"))
            .arg("--state-dir")
            .arg(self.path("state"))
            .arg("--config")
            .arg(self.path("config.toml"))
            .args(["--format", "json"])
            .output()
            .unwrap();
        let pass: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = pass["jobs"].as_array()?.iter().find(|j| j["job"] == job)?;
        found["verdict"].as_str().map(str::to_owned)
    }

    fn issues(&self, state: &str) -> usize {
        fs::read_dir(self.path("state/issues").join(state)).map_or(0, Iterator::count)
    }

    fn adopt(&self, args: &[&str]) -> Output {
        Command::new(bins::beat_adopt())
            .arg("--root")
            .arg(self.path("image"))
            .arg("--dir")
            .arg(self.path("store"))
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

#[test]
fn a_job_that_never_ran_is_flagged_in_its_time_adopted_and_cleared() {
    let journey = Journey::new("expected jobs")
        .root()
        .program("cron")
        .program("unshare")
        .binaries();
    if !journey.ready() {
        return;
    }
    let host = Host::new();
    let ran = host.path("ran");
    let crontab = format!(
        "PATH={}:/usr/bin:/bin\nHEARTBEAT_DIR={}\nMAILTO=\"\"\n# Name: nightly\n* * * * * root echo \"it's 100\\% done\" >>{}\n",
        bins::dir().display(),
        host.path("store").display(),
        ran.display(),
    );
    fs::write(host.crontab(), &crontab).unwrap();
    fs::set_permissions(host.crontab(), fs::Permissions::from_mode(0o644)).unwrap();
    let entry = "[nightly]\nevery = \"3s\"\nabout = \"Counts to a hundred\"\n";
    fs::write(host.path("jobs.d/nightly.toml"), entry).unwrap();

    // In its time, and not before: known from the first pass on.
    let known = Instant::now();
    assert_eq!(host.pass("nightly").unwrap(), "waiting");
    eventually("the job is flagged", Duration::from_secs(60), || {
        let verdict = host.pass("nightly").unwrap();
        let long = known.elapsed();
        match verdict.as_str() {
            "never" => assert!(long > Duration::from_secs(6), "flagged after {long:?}"),
            other => assert_eq!(other, "waiting"),
        }
        (verdict == "never").then_some(())
    });
    assert_eq!((host.issues("open"), host.issues("closed")), (1, 0));
    host.pass("nightly");
    assert_eq!(host.issues("open"), 1, "one issue, also later");

    // Its entry now says what its line says; the issue stays until it runs.
    fs::write(
        host.path("jobs.d/nightly.toml"),
        "[nightly]\nschedule = \"* * * * *\"\n",
    )
    .unwrap();
    let found = host.adopt(&[]);
    let shown = String::from_utf8_lossy(&found.stdout).into_owned();
    assert_eq!(found.status.code(), Some(1), "{shown}");
    assert!(shown.contains("nightly"), "{shown}");
    let applied = host.adopt(&["--apply", "nightly", "--yes"]);
    assert!(
        applied.status.success() || applied.status.code() == Some(1),
        "{applied:?}"
    );
    let adopted = fs::read_to_string(host.crontab()).unwrap();
    assert!(adopted.contains("beat nightly"), "{adopted}");

    let rig = bins::sources().join("tests/rigs/cron.sh");
    let cron = Command::new(rig)
        .arg(host.path("image/etc/cron.d"))
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let cron = Cron(cron);
    // Without libfaketime the daemon's minutes are real ones.
    let minutes = Duration::from_secs(130);
    eventually("a beat by the adopted line", minutes, || {
        host.path("store/nightly.last").exists().then_some(())
    });
    drop(cron);
    assert_eq!(
        fs::read_to_string(&ran).unwrap().lines().next(),
        Some("it's 100% done")
    );
    assert_eq!(host.pass("nightly").unwrap(), "fresh");
    assert_eq!((host.issues("open"), host.issues("closed")), (0, 1));

    let undone = host.adopt(&["--undo", "--yes"]);
    assert!(undone.status.success(), "{undone:?}");
    assert_eq!(fs::read_to_string(host.crontab()).unwrap(), crontab);
}
