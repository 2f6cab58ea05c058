//! The lint in tables. That each pitfall is one is shown with real shells by the
//! whole's own tests.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::crontab::split;

/// A machine with few files.
struct Few;

impl Look for Few {
    fn program(&self, path: &Path) -> Program {
        match path.to_str().unwrap() {
            "/usr/bin/a" | "/bin/b" | "/usr/bin/beat" | "/opt/run" => Program::Runs,
            "/opt/plain" | "/usr/bin/plain" => Program::NotExecutable,
            "/opt" => Program::Directory,
            "/hidden/x" => Program::Unknown,
            _ => Program::Missing,
        }
    }

    fn is_dir(&self, path: &Path) -> Option<bool> {
        match path.to_str().unwrap() {
            "/hidden" => None,
            "/var/log" => Some(true),
            _ => Some(false),
        }
    }

    fn resolved(&self, path: &Path) -> Option<PathBuf> {
        Some(path.to_owned())
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

fn found(line: &str, shell: &str, adopting: bool, look: &dyn Look) -> Vec<Lint> {
    let (end, input) = split(line.as_bytes());
    let context = Context {
        shell: shell.as_bytes(),
        path: b"/usr/bin:/bin",
        home: None,
        schedule: Some("0 * * * *"),
        longest_gap: Some(HOUR),
        adopting,
        look,
    };
    lint(
        &line.as_bytes()[..end],
        input.map(|from| &line.as_bytes()[from..]),
        &context,
    )
}

fn codes(line: &str, shell: &str) -> String {
    let found = found(line, shell, false, &Blind);
    found
        .iter()
        .map(|lint| lint.code)
        .collect::<Vec<_>>()
        .join(" ")
}

fn seen(line: &str) -> String {
    let found = found(line, "/bin/sh", false, &Few);
    found
        .iter()
        .map(|lint| lint.code)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn ends_that_tell_nothing() {
    for (line, expected) in [
        ("a && beat x --every 1h", ""),
        ("a; beat x --every 1h", "beat-anyway"),
        ("a | beat x --every 1h", "beat-anyway"),
        ("(a; beat x --every 1h) >>log", "beat-anyway"),
        ("cd /x; umask 22; beat x --every 1h", ""),
        ("cd /x; a && beat x --every 1h", ""),
        ("set -e; a; beat x --every 1h", ""),
        ("set -eu; a; b; beat x --every 1h", ""),
        ("set -e; a | b; beat x --every 1h", "pipe-hides-failure"),
        ("a || exit 1; beat x --every 1h", ""),
        ("a; beat x --fail", ""),
        ("a || beat x --every 1h", "beat-on-failure"),
        ("a || beat x --fail $?", ""),
        ("a || beat x --skip 'nothing new'", ""),
        ("a && beat x --every 1h || beat x --fail", ""),
        ("a | b && beat x --every 1h", "pipe-hides-failure"),
        (
            "(cd /x && a | b) && beat x --every 1h",
            "pipe-hides-failure",
        ),
        ("echo y | b && beat x --every 1h", ""),
        (
            "set -o pipefail; a | b && beat x --every 1h",
            "pipe-hides-failure",
        ),
        ("a & beat x --every 1h", "background"),
        ("a & b & wait; beat x --every 1h", "background"),
        ("a & wait && beat x --every 1h", "background"),
        ("a || true && beat x --every 1h", "failure-swallowed"),
        ("a || : && beat x --every 1h", "failure-swallowed"),
        ("a || echo failed && beat x --every 1h", "failure-swallowed"),
        ("a && beat x --every 1h || true", ""),
        ("! a && beat x --every 1h", ""),
        ("beat x --every 1h -- a", ""),
        ("beat x --every 1h -- sh -c 'a | b'", "pipe-hides-failure"),
        (
            "beat x --every 1h -- \"$SHELL\" -c 'a || true'",
            "failure-swallowed",
        ),
        ("beat x --every 1h -- sh -c 'a & b &'", "background"),
        ("if a; then b; fi; beat x --every 1h", ""),
        ("a | b", ""),
    ] {
        assert_eq!(codes(line, "/bin/sh"), expected, "{line}");
    }
    for (line, expected) in [
        ("set -o pipefail; a | b && beat x --every 1h", ""),
        ("set -euo pipefail; a | b; beat x --every 1h", ""),
        ("set -o pipefail && a | b && beat x --every 1h", ""),
        ("beat x --every 1h -- bash -c 'set -o pipefail; a | b'", ""),
    ] {
        assert_eq!(codes(line, "/bin/bash"), expected, "{line}");
    }
    assert_eq!(codes("a; beat x --every 1h", "/usr/bin/fish"), "");
}

#[test]
fn a_line_that_is_to_be_wrapped_is_judged_by_its_end() {
    for (line, expected) in [
        ("a", ""),
        ("a; b", ""),
        ("a | b", "pipe-hides-failure"),
        ("a || true", "failure-swallowed"),
        ("a &", "background"),
        ("a & wait", "background"),
        ("a; beat x --every 1h", "beat-anyway"),
    ] {
        let found = found(line, "/bin/sh", true, &Blind);
        let codes: Vec<_> = found.iter().map(|lint| lint.code).collect();
        assert_eq!(codes.join(" "), expected, "{line}");
    }
}

#[test]
fn output_and_logs() {
    for (line, expected) in [
        ("a >/dev/null 2>&1", "output-thrown-away"),
        (
            "a 2>/dev/null >/dev/null && beat x --every 1h",
            "output-thrown-away",
        ),
        ("a >/dev/null", ""),
        ("a 2>&1 >/dev/null", ""),
        ("a >/dev/null 2>&1 || true", "output-thrown-away"),
        ("(cd /; a) >/dev/null 2>&1", "output-thrown-away"),
        ("(cd /; a >/dev/null 2>&1)", "output-thrown-away"),
        ("pgrep x >/dev/null 2>&1", ""),
        ("a >/dev/null 2>&1 && b", ""),
        ("a | b >/dev/null 2>&1", "output-thrown-away"),
        ("a >&- 2>&-", "output-thrown-away"),
        (
            "beat x --every 1h -- a >/dev/null 2>&1",
            "output-thrown-away",
        ),
        (
            "beat x --every 1h -- sh -c 'a >/dev/null 2>&1'",
            "output-thrown-away",
        ),
        ("a >/var/log/x/y.log", "log-folder-missing"),
        ("a >>/var/log/x/$(date).log 2>&1", "log-folder-missing"),
        ("a >/var/log/$X/y", ""),
        ("a >/var/log/y.log", ""),
        ("a >/hidden/y.log", ""),
        ("mkdir -p /var/log/x; a >/var/log/x/y", ""),
        ("a >y.log", ""),
        ("(a) >/var/log/x/y", "log-folder-missing"),
    ] {
        let codes: Vec<_> = seen(line)
            .split(' ')
            .filter(|code| !code.starts_with("program-"))
            .map(str::to_owned)
            .collect();
        assert_eq!(codes.join(" "), expected, "{line}");
    }
    assert_eq!(codes("a &>/dev/null", "/bin/bash"), "output-thrown-away");
    assert_eq!(codes("a &>/dev/null", "/bin/sh"), "");
}

#[test]
fn programs() {
    for (line, expected) in [
        ("a", ""),
        ("b && beat x --every 1h", ""),
        ("c", "program-missing"),
        ("/opt/run", ""),
        ("/opt/none", "program-missing"),
        ("/opt/plain", "program-not-executable"),
        ("plain", "program-not-executable"),
        ("/opt", "program-not-executable"),
        ("/hidden/x", ""),
        ("./x", ""),
        ("cd /x; ./y", ""),
        ("nice -n 19 /opt/none", "program-missing"),
        ("exec env A=b /opt/none", "program-missing"),
        ("timeout 5 /opt/none", "program-missing"),
        ("[ -x /opt/none ] && /opt/none", ""),
        ("command -v c && c", ""),
        ("PATH=/x c", ""),
        (". /x; c", ""),
        ("a || c", ""),
        ("a && (c)", "program-missing"),
        ("$X/y", ""),
        ("echo x; exit 3", ""),
    ] {
        assert_eq!(seen(line), expected, "{line}");
    }
}

#[test]
fn percent_signs() {
    for (line, expected) in [
        ("a $(date +%F)", "unescaped-percent"),
        ("a date +%F", "unescaped-percent"),
        ("a `date '+%F'`", "unescaped-percent"),
        ("a '100%'", "unescaped-percent"),
        ("a $(date +\\%F)", ""),
        ("mail -s x root%Hello%there", ""),
        ("cat%", ""),
    ] {
        assert_eq!(codes(line, "/bin/sh"), expected, "{line}");
    }
}

#[test]
fn paces() {
    for (line, expected) in [
        ("a && beat x --every 1h", ""),
        ("a && beat x --every 2h", ""),
        ("a && beat x --every 1d", "schedule-contradicts"),
        ("a && beat x --every 15m", "schedule-contradicts"),
        ("a && beat x --cron '0 * * * *'", ""),
        ("a && beat x --cron '0  * * * *'", ""),
        ("a && beat x --cron '0 2 * * *'", "schedule-contradicts"),
        ("a && beat x --every soon", ""),
    ] {
        assert_eq!(codes(line, "/bin/sh"), expected, "{line}");
    }
}

#[test]
fn what_people_read() {
    let lines = [
        "a; beat x --every 1h",
        "a || beat x --every 1h",
        "a | b && beat x --every 1h",
        "a & beat x --every 1h",
        "a || true && beat x --every 1h",
        "a >/dev/null 2>&1",
        "a >/var/log/x/y.log",
        "c",
        "/opt/plain",
        "a date +%F",
        "a && beat x --every 1d",
        "a && beat x --every 15m",
    ];
    let mut text = String::new();
    let mut told = Vec::new();
    for line in lines {
        text.push_str(&format!("{line}\n"));
        for lint in found(line, "/bin/sh", false, &Few) {
            text.push_str(&format!(
                "  {}: {}\n  fix: {}\n",
                lint.code, lint.sentence, lint.fix
            ));
            told.push(lint.code);
        }
    }
    for (code, meaning) in CODES {
        assert!(told.contains(&code) && !meaning.is_empty(), "{code}");
    }
    insta::assert_snapshot!(text);
}
