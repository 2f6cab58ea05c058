//! Starts processes: the job, and who passes on what outlives it. The only file of the
//! writer that does.

use std::env::{var_os, vars_os};
use std::ffi::{CString, OsStr, OsString};
use std::os::fd::RawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use nix::errno::Errno;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawnp};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;

/// What a process is started with. Everything else it inherits.
pub(crate) struct Start<'a> {
    /// The signals that are held back.
    pub(crate) mask: &'a SigSet,
    /// Whether it leads a process group of its own.
    pub(crate) own_group: bool,
    /// Descriptors of ours, and as which it gets them.
    pub(crate) descriptors: &'a [(RawFd, RawFd)],
    /// Descriptors that it does not get.
    pub(crate) closed: &'a [RawFd],
    /// What its environment has besides ours.
    pub(crate) variables: &'a [(&'a str, &'a str)],
}

impl Start<'_> {
    /// Starts the command, found as a shell would.
    pub(crate) fn start(&self, command: &[OsString]) -> Result<Pid, Errno> {
        let mut attributes = PosixSpawnAttr::init()?;
        attributes.set_sigmask(self.mask)?;
        // The runtime of this program ignores SIGPIPE; jobs rarely know how to.
        let mut defaults = SigSet::empty();
        defaults.add(Signal::SIGPIPE);
        attributes.set_sigdefault(&defaults)?;
        let mut flags =
            PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF;
        if self.own_group {
            flags |= PosixSpawnFlags::POSIX_SPAWN_SETPGROUP;
            attributes.set_pgroup(Pid::from_raw(0))?;
        }
        attributes.set_flags(flags)?;
        let mut actions = PosixSpawnFileActions::init()?;
        for (ours, theirs) in self.descriptors {
            actions.add_dup2(*ours, *theirs)?;
        }
        for closed in self.closed {
            actions.add_close(*closed)?;
        }
        let words = command.iter().map(|word| c_string(word.clone()));
        let words = words.collect::<Result<Vec<_>, _>>()?;
        let environment = environment(self.variables);
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
}

fn c_string(text: OsString) -> Result<CString, Errno> {
    CString::new(text.into_vec()).map_err(|_| Errno::EINVAL)
}

fn environment(more: &[(&str, &str)]) -> Vec<CString> {
    let pair = |(mut name, value): (OsString, OsString)| {
        name.push("=");
        name.push(value);
        c_string(name).ok()
    };
    let ours = |name: &OsStr| more.iter().any(|(ours, _)| name == *ours);
    let inherited = vars_os().filter(|(name, _)| !ours(name));
    let more = more.iter().map(|(name, value)| (name.into(), value.into()));
    inherited.chain(more).filter_map(pair).collect()
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

/// Why a command could not be started.
pub(crate) fn why(name: &OsStr, errno: Errno) -> &'static str {
    let there = name.as_bytes().contains(&b'/') && Path::new(name).exists();
    match errno {
        Errno::ENOENT if there => "the interpreter that it names is missing",
        Errno::ENOENT => "not found",
        Errno::EACCES => "permission denied",
        other => other.desc(),
    }
}
