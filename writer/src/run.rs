//! Runs a job and records how it ended. The only file of the writer that starts
//! a process.
//!
//! The job must not notice: it inherits everything as `beat` found it, starts
//! whether or not a beat can be written, and its end is the end of `beat`.

use std::env::{var_os, vars_os};
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use heartbeat::FileKind;
use nix::errno::Errno;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawnp};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;

use crate::args::Target;
use crate::clock::{self, Moment};
use crate::leave::{Place, Record};
use crate::message::{Refusal, complain};
use crate::signals::{self, End, Held};

/// Runs the command and returns the code to exit with.
pub(crate) fn run(target: &Target, command: &[OsString]) -> u8 {
    let held = Held::hold();
    let started = clock::now();
    let job = start(command, held.before());
    let mut diary = Diary::open(target, started);
    match job {
        Ok(job) => {
            diary.running(job);
            let end = held.wait(job);
            diary.ended(end);
            end.code()
        }
        Err(errno) => {
            let name = command.first().map(OsString::as_os_str).unwrap_or_default();
            complain(&format!(
                "beat: cannot start {name:?}: {}\n",
                why(name, errno)
            ));
            let code = if errno == Errno::ENOENT { 127 } else { 126 };
            diary.not_started(code);
            code
        }
    }
}

/// Starts the command with this signal mask. Everything else it inherits.
fn start(command: &[OsString], mask: &SigSet) -> Result<Pid, Errno> {
    let mut attributes = PosixSpawnAttr::init()?;
    attributes.set_sigmask(mask)?;
    // The runtime of this program ignores SIGPIPE; jobs rarely know how to.
    let mut defaults = SigSet::empty();
    defaults.add(Signal::SIGPIPE);
    attributes.set_sigdefault(&defaults)?;
    let flags = PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF;
    attributes.set_flags(flags)?;
    let actions = PosixSpawnFileActions::init()?;
    let words = command.iter().map(|word| c_string(word.clone()));
    let words = words.collect::<Result<Vec<_>, _>>()?;
    let environment = environment();
    let spawn = |words: &[CString]| {
        let name = words.first().ok_or(Errno::ENOENT)?;
        posix_spawnp(name, &actions, &attributes, words, &environment)
    };
    match spawn(&words) {
        // A script without a first line that names its interpreter: a shell runs it
        // itself, and so did the job's line before it was wrapped.
        Err(Errno::ENOEXEC) => {
            let mut by_shell = vec![c_string("/bin/sh".into())?];
            by_shell.push(c_string(in_path(&command[0]))?);
            by_shell.extend_from_slice(&words[1..]);
            spawn(&by_shell)
        }
        result => result,
    }
}

fn c_string(text: OsString) -> Result<CString, Errno> {
    CString::new(text.into_vec()).map_err(|_| Errno::EINVAL)
}

fn environment() -> Vec<CString> {
    let pair = |(mut name, value): (OsString, OsString)| {
        name.push("=");
        name.push(value);
        c_string(name).ok()
    };
    vars_os().filter_map(pair).collect()
}

/// Where a command lies, as `PATH` tells.
fn in_path(name: &OsStr) -> OsString {
    if name.as_bytes().contains(&b'/') {
        return name.to_owned();
    }
    let path = var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
        .map_or_else(|| name.to_owned(), Into::into)
}

fn why(name: &OsStr, errno: Errno) -> String {
    let there = name.as_bytes().contains(&b'/') && Path::new(name).exists();
    match errno {
        Errno::ENOENT if there => "the interpreter that it names is missing".into(),
        Errno::ENOENT => "not found".into(),
        Errno::EACCES => "permission denied".into(),
        other => other.desc().into(),
    }
}

/// The beats of one run. The first thing that goes wrong with them is said when
/// the run is over, in one line: the rest has the same cause.
struct Diary<'a> {
    place: Option<Place<'a>>,
    started: Moment,
    running: Option<String>,
    complaint: Option<Refusal>,
}

impl<'a> Diary<'a> {
    fn open(target: &'a Target, started: Moment) -> Self {
        let (place, complaint) = match Place::find(target) {
            Ok(place) => (Some(place), None),
            Err(refusal) => (None, Some(refusal)),
        };
        Self {
            place,
            started,
            running: None,
            complaint,
        }
    }

    fn running(&mut self, job: Pid) {
        self.running = self.write(&Record {
            kind: FileKind::Run,
            started: Some(self.started.wall),
            pid: u32::try_from(job.as_raw()).ok(),
            ..Record::success(self.started)
        });
    }

    fn not_started(mut self, code: u8) {
        self.write(&Record {
            kind: FileKind::Fail,
            exit_code: Some(code.into()),
            reason: Some("not_started"),
            ..self.record()
        });
        self.close();
    }

    fn ended(mut self, end: End) {
        let signal = match end {
            End::Killed(signal) => Some(signals::name(signal)),
            End::Exited(_) | End::Untold(_) => None,
        };
        let (kind, exit_code, reason) = match end {
            End::Exited(0) => (FileKind::Last, Some(0), None),
            End::Exited(code) => (FileKind::Fail, Some(code), Some("exit")),
            End::Killed(_) => (FileKind::Fail, None, Some("signal")),
            End::Untold(_) => (FileKind::Fail, None, Some("unknown")),
        };
        let written = self.write(&Record {
            kind,
            exit_code,
            signal: signal.as_deref(),
            reason,
            ..self.record()
        });
        // Where the end could not be written, the start stays: a run without an end.
        if let (Some(place), Some(running), Some(_)) = (&self.place, &self.running, written) {
            place.remove_run(running);
        }
        self.close();
    }

    /// What is known of the run now.
    fn record(&self) -> Record<'static> {
        let now = clock::now();
        Record {
            started: Some(self.started.wall),
            duration: now.since(&self.started),
            ..Record::success(now)
        }
    }

    fn write(&mut self, record: &Record<'_>) -> Option<String> {
        let written = self.place.as_ref()?.write(record);
        match written {
            Ok(line) => Some(line),
            Err(refusal) => {
                self.complaint.get_or_insert(refusal);
                None
            }
        }
    }

    fn close(self) {
        if let Some(complaint) = self.complaint {
            complain(&format!("beat: {}\n", complaint.message));
        }
    }
}
