//! Debian's own cron daemon fires lines that end in `beat`; then it dies, and that
//! is noticed.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a journey runs programs, and ends where one cannot be run"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use house_tests::bins;
use house_tests::needs::Journey;
use house_tests::patience::eventually;
use serde_json::Value;

/// The daemon with all that it started; gone when dropped, also by a failed test.
struct Cron(Child);

impl Cron {
    fn start(cron_d: &Path) -> Self {
        let rig = bins::sources().join("tests/rigs/cron.sh");
        let child = Command::new(rig)
            .arg(cron_d)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Cron {
    fn drop(&mut self) {
        // unshare takes the whole process namespace along when it dies.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Host {
    scratch: tempfile::TempDir,
}

impl Host {
    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn check(&self, format: &str) -> Output {
        Command::new(bins::beat_check())
            .arg("--dir")
            .arg(self.path("store"))
            .arg("--state-dir")
            .arg(self.path("state"))
            .arg("--config")
            .arg(self.path("config.toml"))
            .args(["--format", format, "--all"])
            .output()
            .unwrap()
    }

    /// The verdict of one job, and whether it is flagged.
    fn verdict(&self, job: &str) -> Option<(String, bool)> {
        let output = self.check("json");
        let pass: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = pass["jobs"].as_array()?.iter().find(|j| j["job"] == job)?;
        Some((
            found["verdict"].as_str()?.to_owned(),
            found["flagged"].as_bool()?,
        ))
    }

    fn open_issues(&self) -> Vec<String> {
        fs::read_dir(self.path("state/issues/open"))
            .map(|dir| {
                dir.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
                    .collect()
            })
            .unwrap_or_default()
    }
}

#[test]
fn a_crontab_line_leaves_a_beat_and_a_dead_daemon_is_noticed() {
    let journey = Journey::new("cron")
        .root()
        .program("cron")
        .program("unshare")
        .binaries();
    if !journey.ready() {
        return;
    }
    let host = Host {
        scratch: tempfile::tempdir().unwrap(),
    };
    for dir in ["cron.d", "store", "state"] {
        fs::create_dir(host.path(dir)).unwrap();
    }
    fs::write(host.path("config.toml"), "[forge]\nkind = \"folder\"\n").unwrap();
    let ran = host.path("broken.ran");
    let crontab = format!(
        "PATH={}:/usr/bin:/bin\nHEARTBEAT_DIR={}\nMAILTO=\"\"\n\
         * * * * * root true && beat journey --every 1m\n\
         * * * * * root true && beat quick --every 2s\n\
         * * * * * root touch {} && false && beat broken --every 1m\n",
        bins::dir().display(),
        host.path("store").display(),
        ran.display(),
    );
    let file = host.path("cron.d/journey");
    fs::write(&file, crontab).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();

    let cron = Cron::start(&host.path("cron.d"));
    // Without libfaketime the daemon's minutes are real ones.
    let minutes = Duration::from_secs(130);
    for beat in ["journey.last", "quick.last"] {
        let beat = host.path("store").join(beat);
        eventually("a beat by a cron line", minutes, || {
            beat.exists().then_some(())
        });
    }
    eventually("the failing line has run", minutes, || {
        ran.exists().then_some(())
    });
    assert_eq!(host.verdict("journey").unwrap(), ("fresh".into(), false));
    assert!(
        !host.path("store/broken.last").exists(),
        "a line that failed before && left a beat"
    );

    drop(cron);
    eventually("the quick job is silent", Duration::from_secs(60), || {
        (host.verdict("quick")? == ("silent".into(), true)).then_some(())
    });
    for _ in 0..3 {
        let output = host.check("table");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let open = host.open_issues();
        assert_eq!(open.len(), 1, "{open:#?}");
        assert!(open[0].contains("quick is silent"), "{}", open[0]);
    }
}
