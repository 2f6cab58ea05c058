//! Each pitfall that the lint names, run for real: the beat that is false or the run
//! that is lost, and the finding; and the same line put right, without both.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "lines are run, and a test ends where one cannot be"
)]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use adopt::crontab::{split, unescape};
use adopt::shell::{CODES, Context, Look, Program, lint};
use house_tests::bins;
use house_tests::needs::Journey;

/// What comes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comes {
    /// The job failed, and a success is told.
    FalseBeat,
    /// The job succeeded, and no success is told.
    LostBeat,
    /// The job, which makes a file `ran`, never ran.
    LostRun,
    /// The job failed, and nobody can read why.
    Silence,
    /// The beat says what the line does not do: it is the interval in seconds.
    Promise(u64),
}

struct Pitfall {
    code: &'static str,
    shell: &'static str,
    line: &'static str,
    comes: Comes,
    /// The line put right, and its shell.
    right: (&'static str, &'static str),
}

const SH: &str = "/bin/sh";
const BASH: &str = "/bin/bash";

const fn pitfall(
    code: &'static str,
    line: &'static str,
    comes: Comes,
    right: &'static str,
) -> Pitfall {
    Pitfall {
        code,
        shell: SH,
        line,
        comes,
        right: (SH, right),
    }
}

fn pitfalls() -> Vec<Pitfall> {
    use Comes::{FalseBeat, LostBeat, LostRun, Promise, Silence};
    let right = "false && beat x --every 1h";
    let piped = (BASH, "set -o pipefail; false | cat && beat x --every 1h");
    vec![
        pitfall("beat-anyway", "false; beat x --every 1h", FalseBeat, right),
        pitfall("beat-anyway", "false | beat x --every 1h", FalseBeat, right),
        pitfall(
            "beat-anyway",
            "(cd / && false; beat x --every 1h)",
            FalseBeat,
            right,
        ),
        pitfall(
            "beat-on-failure",
            "false || beat x --every 1h",
            FalseBeat,
            right,
        ),
        pitfall(
            "beat-on-failure",
            "true || beat x --every 1h",
            LostBeat,
            "true && beat x --every 1h",
        ),
        Pitfall {
            right: piped,
            ..pitfall(
                "pipe-hides-failure",
                "false | cat && beat x --every 1h",
                FalseBeat,
                "",
            )
        },
        Pitfall {
            right: piped,
            ..pitfall(
                "pipe-hides-failure",
                "set -e; false | cat; beat x --every 1h",
                FalseBeat,
                "",
            )
        },
        Pitfall {
            shell: BASH,
            right: piped,
            ..pitfall(
                "pipe-hides-failure",
                "false | cat && beat x --every 1h",
                FalseBeat,
                "",
            )
        },
        Pitfall {
            right: (
                BASH,
                "beat x --every 1h -- bash -c 'set -o pipefail; false | cat'",
            ),
            ..pitfall(
                "pipe-hides-failure",
                "beat x --every 1h -- sh -c 'false | cat'",
                FalseBeat,
                "",
            )
        },
        pitfall("background", "false & beat x --every 1h", FalseBeat, right),
        pitfall(
            "background",
            "false & wait; beat x --every 1h",
            FalseBeat,
            right,
        ),
        pitfall(
            "background",
            "false & wait && beat x --every 1h",
            FalseBeat,
            right,
        ),
        pitfall(
            "background",
            "beat x --every 1h -- sh -c 'false &'",
            FalseBeat,
            "beat x --every 1h -- sh -c 'false'",
        ),
        pitfall(
            "failure-swallowed",
            "false || true && beat x --every 1h",
            FalseBeat,
            right,
        ),
        pitfall(
            "failure-swallowed",
            "false || : && beat x --every 1h",
            FalseBeat,
            right,
        ),
        pitfall(
            "failure-swallowed",
            "false || echo failed && beat x --every 1h",
            FalseBeat,
            right,
        ),
        pitfall(
            "failure-swallowed",
            "beat x --every 1h -- sh -c 'false || true'",
            FalseBeat,
            "beat x --every 1h -- sh -c 'false'",
        ),
        pitfall(
            "output-thrown-away",
            "ls /none >/dev/null 2>&1",
            Silence,
            "ls /none >/dev/null",
        ),
        pitfall(
            "output-thrown-away",
            "ls /none >/dev/null 2>/dev/null && beat x --every 1h",
            Silence,
            "ls /none >/dev/null && beat x --every 1h",
        ),
        pitfall(
            "log-folder-missing",
            "touch ran >/var/log/none-of-ours/x.log && beat x --every 1h",
            LostRun,
            "touch ran >/dev/null && beat x --every 1h",
        ),
        pitfall(
            "program-missing",
            "touhc ran && beat x --every 1h",
            LostRun,
            "touch ran && beat x --every 1h",
        ),
        pitfall(
            "program-missing",
            "/usr/bin/none/touch ran",
            LostRun,
            "/usr/bin/touch ran",
        ),
        pitfall(
            "program-not-executable",
            "/etc/passwd ran",
            LostRun,
            "/usr/bin/touch ran",
        ),
        pitfall(
            "program-not-executable",
            "/usr/bin ran",
            LostRun,
            "/usr/bin/touch ran",
        ),
        pitfall(
            "unescaped-percent",
            "touch ran ran-$(date +%F) && beat x --every 1h",
            LostRun,
            "touch ran ran-$(date +\\%F) && beat x --every 1h",
        ),
        pitfall(
            "unescaped-percent",
            "echo '100%' && touch ran",
            LostRun,
            "echo '100\\%' && touch ran",
        ),
        pitfall(
            "schedule-contradicts",
            "true && beat x --every 15m",
            Promise(900),
            "true && beat x --every 1h",
        ),
        pitfall(
            "schedule-contradicts",
            "true && beat x --every 1d",
            Promise(86_400),
            "true && beat x --every 1h",
        ),
    ]
}

/// The files of this machine, as root sees them.
struct Live;

impl Look for Live {
    fn program(&self, path: &Path) -> Program {
        match fs::metadata(path) {
            Err(_) => Program::Missing,
            Ok(meta) if meta.is_dir() => Program::Directory,
            Ok(meta) if meta.permissions().mode() & 0o111 == 0 => Program::NotExecutable,
            Ok(_) => Program::Runs,
        }
    }

    fn is_dir(&self, path: &Path) -> Option<bool> {
        Some(path.is_dir())
    }

    fn resolved(&self, path: &Path) -> Option<PathBuf> {
        fs::canonicalize(path).ok()
    }
}

/// A run of a line.
struct Ran {
    output: Output,
    dir: tempfile::TempDir,
}

impl Ran {
    fn beat(&self) -> Option<serde_json::Value> {
        let text = fs::read(self.dir.path().join("store/x.last")).ok()?;
        Some(serde_json::from_slice(&text).unwrap())
    }

    fn comes(&self, expected: Comes) -> bool {
        match expected {
            Comes::FalseBeat => self.beat().is_some(),
            Comes::LostBeat => self.beat().is_none(),
            Comes::LostRun => !self.dir.path().join("ran").exists(),
            Comes::Silence => {
                let output = &self.output;
                !output.status.success() && output.stdout.is_empty() && output.stderr.is_empty()
            }
            Comes::Promise(seconds) => self
                .beat()
                .is_some_and(|beat| beat["interval_seconds"] == seconds),
        }
    }
}

fn path() -> String {
    let dir = fs::canonicalize(bins::dir()).unwrap();
    format!("{}:/usr/bin:/bin", dir.display())
}

/// Runs a line as cron does.
fn run(shell: &str, line: &str) -> Ran {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("store")).unwrap();
    let (end, _) = split(line.as_bytes());
    let output = Command::new(shell)
        .arg("-c")
        .arg(OsStr::from_bytes(&unescape(&line.as_bytes()[..end])))
        .env_clear()
        .env("PATH", path())
        .env("HOME", dir.path())
        .env("SHELL", shell)
        .env("HEARTBEAT_DIR", dir.path().join("store"))
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran { output, dir }
}

/// The codes of what is found in a line that runs each hour.
fn found(shell: &str, line: &str) -> BTreeSet<&'static str> {
    let path = path();
    let context = Context {
        shell: shell.as_bytes(),
        path: path.as_bytes(),
        home: None,
        schedule: Some("0 * * * *"),
        longest_gap: Some(Duration::from_secs(3_600)),
        adopting: false,
        look: &Live,
    };
    let (end, input) = split(line.as_bytes());
    let input = input.map(|from| &line.as_bytes()[from..]);
    let lints = lint(&line.as_bytes()[..end], input, &context);
    lints.iter().map(|lint| lint.code).collect()
}

#[test]
fn each_pitfall_is_one_and_is_found() {
    let journey = Journey::quick("pitfalls")
        .file(&bins::beat(), "run make build first")
        .program("bash");
    if !journey.ready() {
        return;
    }
    let pitfalls = pitfalls();
    for Pitfall {
        code,
        shell,
        line,
        comes,
        right: (right_shell, right),
    } in &pitfalls
    {
        let ran = run(shell, line);
        assert!(ran.comes(*comes), "{line}: no {comes:?}: {:?}", ran.output);
        let codes = found(shell, line);
        assert!(codes.contains(code), "{line}: not found: {codes:?}");

        let ran = run(right_shell, right);
        assert!(!ran.comes(*comes), "{right}: {comes:?}: {:?}", ran.output);
        let codes = found(right_shell, right);
        assert!(codes.is_empty(), "{right}: {codes:?}");
    }
    let shown: BTreeSet<_> = pitfalls.iter().map(|pitfall| pitfall.code).collect();
    let all: BTreeSet<_> = CODES.iter().map(|(code, _)| *code).collect();
    assert_eq!(shown, all, "a code that no run shows");
}
