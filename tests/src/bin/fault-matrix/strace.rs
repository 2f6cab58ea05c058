//! Runs a program under strace: to learn its system calls, to make some of them fail, to
//! kill it at one of them. It judges nothing.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use house_tests::bins;

use crate::errors;

/// A program hangs that is not done after so many seconds.
const LIMIT: &str = "60";

/// A program and what it is started with.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(&'static str, OsString)>,
    /// Whether it has threads that matter. Else nothing that it starts is traced.
    pub(crate) threads: bool,
}

impl Program {
    /// With nothing of the tester's environment but a path.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            args: Vec::new(),
            env: Vec::new(),
            threads: false,
        }
    }

    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn args(self, args: &[&str]) -> Self {
        args.iter().fold(self, |all, arg| all.arg(*arg))
    }
}

/// What is done to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// It fails so.
    Error(&'static str),
    /// The process is killed before it is made.
    Kill,
}

/// One call, and what is done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Name of the call.
    pub(crate) call: String,
    /// Which of its calls of that name, from 1, counted from the start of each thread.
    pub(crate) nth: usize,
    pub(crate) what: What,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.what {
            What::Error(errno) => write!(f, "{}#{} {errno}", self.call, self.nth),
            What::Kill => write!(f, "{}#{} killed", self.call, self.nth),
        }
    }
}

/// One call as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) nth: usize,
    pub(crate) args: String,
    /// Whether something was done to it.
    pub(crate) struck: bool,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
    pub(crate) calls: Vec<Call>,
    /// What was done to it.
    pub(crate) faults: Vec<Fault>,
}

impl Ended {
    /// Whether it was killed because it was to be.
    pub(crate) fn killed(&self) -> bool {
        self.signal == Some(9) && self.faults.iter().any(|fault| fault.what == What::Kill)
    }

    /// Whether the system gave it no memory, of which a Rust program dies.
    pub(crate) fn starved(&self) -> bool {
        let memory = |fault: &Fault| fault.what == What::Error("ENOMEM");
        self.faults.iter().any(memory) && self.signal == Some(6)
    }

    /// Whether one of the calls of such a name was struck.
    pub(crate) fn struck(&self, part: &str) -> bool {
        let mut calls = self.calls.iter();
        calls.any(|call| call.struck && call.name.contains(part))
    }

    /// Whether a call to print something was struck.
    pub(crate) fn dumb(&self) -> bool {
        // Its output is a pipe here, whatever the number by which it writes there.
        let prints = |call: &Call| {
            let to = call.args.split(',').next().unwrap_or_default();
            call.name.starts_with("write") && to.contains("<pipe:")
        };
        self.calls.iter().any(|call| call.struck && prints(call))
    }

    /// Whether each call that was struck could have ended so.
    pub(crate) fn plausible(&self) -> bool {
        let could = |call: &Call| {
            let errors = errors::of(&call.name, &call.args);
            let mut faults = self.faults.iter();
            faults.any(|fault| match fault.what {
                What::Error(errno) => fault.call == call.name && errors.contains(&errno),
                What::Kill => true,
            })
        };
        let mut struck = self.calls.iter().filter(|call| call.struck);
        struck.all(could)
    }

    /// How many of the faults came to pass.
    pub(crate) fn hits(&self) -> usize {
        self.calls.iter().filter(|call| call.struck).count()
    }
}

/// Runs it as it is.
pub(crate) fn plain(program: &Program) -> Ended {
    let mut command = Command::new("timeout");
    command.args(["-s", "KILL", LIMIT]).arg(&program.path);
    let output = run(command, program);
    ended(&output, Vec::new(), &[])
}

/// Runs it with faults; with none, to learn what it calls.
pub(crate) fn with(program: &Program, faults: &[Fault], log: &Path) -> Ended {
    let mut command = Command::new("timeout");
    command.args(["-s", "KILL", LIMIT, "strace", "-qq", "-y", "-s", "16"]);
    if program.threads {
        command.arg("-f");
    }
    command.arg("-o").arg(log);
    for rule in rules(faults) {
        command.args(["-e", &rule]);
    }
    command.arg("--").arg(&program.path);
    let output = run(command, program);
    let calls = fs::read(log).map_or_else(
        |_| Vec::new(),
        |text| calls(&String::from_utf8_lossy(&text), program.threads),
    );
    ended(&output, calls, faults)
}

/// What strace is told. Two failures of one call are one rule with a step.
fn rules(faults: &[Fault]) -> Vec<String> {
    let rule = |fault: &Fault, when: String| match fault.what {
        What::Error(errno) => format!("inject={}:error={errno}:when={when}", fault.call),
        What::Kill => format!("inject={}:signal=KILL:when={when}", fault.call),
    };
    match faults {
        [first, second] if first.call == second.call => {
            // Threads count each for itself, so that the later one may have the lower number.
            let (a, b) = (first.nth.min(second.nth), first.nth.max(second.nth));
            vec![rule(first, format!("{a}..{b}+{}", b - a))]
        }
        faults => faults
            .iter()
            .map(|fault| rule(fault, fault.nth.to_string()))
            .collect(),
    }
}

/// Nothing of its output gets lost: what it started may go on, and is waited for, because
/// it holds the pipe that is its stdin.
fn run(mut command: Command, program: &Program) -> Output {
    let (mut end, held) = std::io::pipe().unwrap();
    command
        .args(&program.args)
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", bins::dir().display()))
        .envs(program.env.iter().map(|(name, value)| (name, value)))
        .stdin(held)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = command.output().unwrap();
    drop(command);
    let mut nothing = Vec::new();
    std::io::Read::read_to_end(&mut end, &mut nothing).unwrap();
    output
}

fn ended(output: &Output, calls: Vec<Call>, faults: &[Fault]) -> Ended {
    // timeout(1) tells of a kill by a code where it cannot die of it itself.
    let (code, signal) = match (output.status.code(), output.status.signal()) {
        (Some(137), _) => (None, Some(9)),
        other => other,
    };
    Ended {
        code,
        signal,
        out: output.stdout.clone(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        calls,
        faults: faults.to_vec(),
    }
}

/// Reads strace's log.
fn calls(log: &str, threads: bool) -> Vec<Call> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut found: Vec<Call> = Vec::new();
    for line in log.lines() {
        let (thread, line) = match line.split_once(' ') {
            Some((thread, rest)) if threads => (thread, rest.trim_start()),
            _ => ("", line),
        };
        let struck = line.ends_with("(INJECTED)") || line.contains("(INJECTED)");
        let Some((name, args)) = line.split_once('(') else {
            continue;
        };
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            // The rest of a call that another thread's came in between of.
            if struck && let Some(name) = line.split(' ').nth(1) {
                let mut seen = found.iter_mut().rev();
                if let Some(call) = seen.find(|call| call.name == name) {
                    call.struck = true;
                }
            }
            continue;
        }
        let count = counts.entry((thread, name)).or_default();
        *count += 1;
        found.push(Call {
            name: name.to_owned(),
            nth: *count,
            args: args.to_owned(),
            struck,
        });
    }
    found
}
