//! A host of its own for each attempt: the system's store as tmpfiles makes it, the users
//! `eve` and `app` with a place in it, the checker's own user, and the programs. Nothing
//! outside of it is changed: it lives in its own namespaces, on file systems in memory.

use std::env;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use house_tests::bins;
use house_tests::needs::Journey;
use house_tests::patience::eventually;
use serde_json::Value;

/// Set inside.
const INSIDE: &str = "HEARTBEAT_HOSTILE_INSIDE";

pub(crate) const STORE: &str = "/var/lib/heartbeats";
pub(crate) const STATE: &str = "/var/lib/beat-check";
/// What nobody but root may read, and must never be seen anywhere.
pub(crate) const SECRET: &str = "s3cret-of-root";

/// Users by name and number.
const EVE: u32 = 61_001;
const APP: u32 = 61_002;
const CHECKER: u32 = 61_003;

/// How something ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// Both streams.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

/// Such a host. There is one for each test; this is only a handle.
pub(crate) struct Host;

/// Runs an attempt on a host of its own: the test starts itself again inside of one.
pub(crate) fn attempt(name: &str, body: impl FnOnce(&Host)) {
    if env::var_os(INSIDE).is_some() {
        body(&Host);
        return;
    }
    let journey = Journey::new("hostile users")
        .root()
        .program("unshare")
        .program("python3")
        .program("systemd-tmpfiles")
        .binaries();
    if !journey.ready() {
        return;
    }
    let output = Command::new(bins::sources().join("tests/rigs/hostile.sh"))
        .arg(bins::dir())
        .arg(bins::sources().join("systemd/tmpfiles.d/heartbeat-checker.conf"))
        .arg(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let ran = Ran::new(&output);
    let done = ran.code == 0 && ran.out.contains("1 passed");
    assert!(done, "exit {}\n{}", ran.code, ran.all());
}

/// A program, as a user, with an environment that has next to nothing in it.
fn command(uid: u32, program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command
        .env_clear()
        .env("PATH", "/mnt/bin:/usr/bin:/bin:/usr/sbin:/sbin")
        .env("LC_ALL", "C.UTF-8")
        .env("STORE", STORE)
        .current_dir("/srv")
        .stdin(Stdio::null())
        .uid(uid)
        .gid(uid);
    command
}

fn shell(uid: u32, user: &str, script: &str) -> Command {
    let mut shell = command(uid, "/bin/sh");
    shell
        .args(["-uc", script])
        .env("HOME", format!("/srv/{user}"))
        .env("LOGNAME", user)
        .env("MINE", format!("{STORE}/{user}"));
    shell
}

impl Host {
    /// The attacker does something; nobody says that it works. `$STORE` is the store,
    /// `$MINE` her own place in it.
    pub(crate) fn eve(&self, script: &str) -> Ran {
        Ran::new(&shell(EVE, "eve", script).output().unwrap())
    }

    /// The attacker does something that goes on; it ends with the test.
    pub(crate) fn eve_goes_on(&self, script: &str) -> Going {
        let child = shell(EVE, "eve", script)
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        Going(child)
    }

    /// The attacker does something, and that works.
    pub(crate) fn eve_can(&self, script: &str) -> Ran {
        let ran = self.eve(script);
        assert_eq!(ran.code, 0, "{script}: {}", ran.all());
        ran
    }

    /// The attacker tries something, and is refused.
    pub(crate) fn eve_cannot(&self, script: &str) -> Ran {
        let ran = self.eve(script);
        assert_ne!(ran.code, 0, "{script}: {}", ran.all());
        ran
    }

    pub(crate) fn app(&self, script: &str) -> Ran {
        Ran::new(&shell(APP, "app", script).output().unwrap())
    }

    /// The administrator does something, and that works.
    pub(crate) fn root(&self, script: &str) -> Ran {
        let ran = self.root_tries(script);
        assert_eq!(ran.code, 0, "{script}: {}", ran.all());
        ran
    }

    /// The administrator's machine does something that goes on.
    pub(crate) fn root_goes_on(&self, script: &str) -> Going {
        let mut shell = shell(0, "root", script);
        Going(
            shell
                .stdout(Stdio::null())
                .process_group(0)
                .spawn()
                .unwrap(),
        )
    }

    /// Waits until something is mounted.
    pub(crate) fn await_mount(&self, on: &str) {
        eventually(
            "the file system is mounted",
            Duration::from_secs(20),
            || {
                let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
                mounts.contains(&format!(" {on} ")).then_some(())
            },
        );
    }

    pub(crate) fn root_tries(&self, script: &str) -> Ran {
        Ran::new(&shell(0, "root", script).output().unwrap())
    }

    /// A success so many seconds ago (or, below zero, ahead), in a folder of the store.
    pub(crate) fn beat(&self, dir: &str, job: &str, seconds_ago: i64, every: u32) {
        let path = Path::new(STORE).join(dir).join(format!("{job}.last"));
        fs::write(&path, last(job, seconds_ago, every)).unwrap();
        let owner = match dir {
            "eve" => EVE,
            "app" => APP,
            _ => 0,
        };
        std::os::unix::fs::chown(&path, Some(owner), Some(owner)).unwrap();
    }

    /// Root's daily `db_backup`, silent for a week: whatever else happens, it must be told.
    pub(crate) fn silent_backup(&self) {
        self.beat("", "db_backup", 7 * 86_400, 86_400);
    }

    /// A pass of the checker, as its own user.
    pub(crate) fn pass(&self, args: &[&str]) -> Ran {
        self.pass_with(args, &[])
    }

    pub(crate) fn pass_with(&self, args: &[&str], env: &[(&str, &str)]) -> Ran {
        let mut check = command(CHECKER, "/mnt/bin/beat-check");
        check
            .args(["--state-dir", STATE])
            .args(args)
            .env("LOGNAME", "heartbeat")
            .env("HOME", STATE)
            .envs(env.iter().copied());
        // A pass that does not end has been frozen.
        Ran::new(&within_a_minute(&mut check))
    }

    /// A pass, as JSON.
    pub(crate) fn record(&self) -> (i32, Value) {
        let ran = self.pass(&["--all", "--format", "json"]);
        let record = serde_json::from_str(&ran.out);
        let record = record.unwrap_or_else(|error| panic!("{error}: {}", ran.all()));
        (ran.code, record)
    }

    /// The report, in a format.
    pub(crate) fn report(&self, format: &str) -> String {
        let mut report = command(CHECKER, "/mnt/bin/beat-report");
        report
            .args(["--state-dir", STATE, "--format", format])
            .env("LOGNAME", "heartbeat");
        Ran::new(&within_a_minute(&mut report)).out
    }

    /// Open issues of the folder forge, as they lie there.
    pub(crate) fn issues(&self, state: &str) -> Vec<String> {
        let dir = PathBuf::from(STATE).join("issues").join(state);
        let Ok(entries) = fs::read_dir(dir) else {
            return Vec::new();
        };
        let mut texts: Vec<String> = entries
            .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
            .collect();
        texts.sort();
        texts
    }

    /// Root's silent job has an issue of its own, and it alone.
    pub(crate) fn assert_backup_is_told(&self) {
        let issues = self.issues("open");
        let told =
            |text: &&String| text.contains("title: ") && text.contains("db_backup is silent");
        assert_eq!(issues.iter().filter(told).count(), 1, "{issues:#?}");
    }

    /// All that people and programs may come to see of a host.
    pub(crate) fn all_outputs(&self) -> String {
        let mut all = String::new();
        for format in ["table", "json", "nagios", "prometheus"] {
            all += &self.pass(&["--all", "--format", format]).all();
        }
        for format in ["markdown", "html", "json"] {
            all += &self.report(format);
        }
        all += &self.issues("open").concat();
        all += &self.issues("closed").concat();
        all + &fs::read_to_string(Path::new(STATE).join("last-pass.json")).unwrap_or_default()
    }
}

/// Ends a command that does not end by itself; `timeout` says so with 124.
fn within_a_minute(command: &mut Command) -> Output {
    let mut bounded = Command::new("/usr/bin/timeout");
    bounded
        .args(["-s", "KILL", "60"])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        )
        .current_dir("/srv")
        .stdin(Stdio::null())
        .uid(CHECKER)
        .gid(CHECKER);
    bounded.output().unwrap()
}

/// The line of a success.
pub(crate) fn last(job: &str, seconds_ago: i64, every: u32) -> String {
    let time = (Utc::now() - TimeDelta::seconds(seconds_ago)).to_rfc3339();
    format!("{{\"v\":1,\"job\":\"{job}\",\"timestamp\":\"{time}\",\"interval_seconds\":{every}}}\n")
}

/// Something that goes on until this is dropped.
pub(crate) struct Going(std::process::Child);

impl Drop for Going {
    fn drop(&mut self) {
        // It leads a group of its own, and may have children.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.0.wait();
    }
}

/// The job in a record, of a user.
pub(crate) fn job<'r>(record: &'r Value, user: &str, job: &str) -> &'r Value {
    let jobs = record["jobs"].as_array().unwrap();
    let found = jobs
        .iter()
        .find(|one| one["user"] == user && one["job"] == job);
    found.unwrap_or_else(|| panic!("{user}/{job} is not in {record:#}"))
}

/// The verdict on a job of a user.
pub(crate) fn verdict<'r>(record: &'r Value, user: &str, name: &str) -> &'r str {
    job(record, user, name)["verdict"].as_str().unwrap()
}

/// What is odd, one line each.
pub(crate) fn findings(record: &Value) -> Vec<String> {
    let findings = record["findings"].as_array().unwrap();
    let line = |one: &Value| {
        let text = |key: &str| one[key].as_str().unwrap().to_owned();
        format!("{} {}", text("path"), text("what"))
    };
    findings.iter().map(line).collect()
}
