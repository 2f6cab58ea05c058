//! The terminal, where a run with a time limit has a process group of its own: the group
//! gets the foreground, as a shell would give it, and `beat` takes it back.

use nix::sys::signal::{SigSet, Signal, killpg};
use nix::unistd::Pid;
use rustix::process::{getpgrp, kill_current_process_group};
use rustix::stdio::stdin;
use rustix::termios::{tcgetpgrp, tcsetpgrp};

/// The terminal on stdin, while the job's group has it.
#[derive(Debug)]
pub(crate) struct Terminal {
    group: Pid,
}

impl Terminal {
    /// Gives it to the group that the job leads; `None` where there is none to give.
    pub(crate) fn give(group: Pid) -> Option<Self> {
        let here = tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp());
        let terminal = here.then_some(Self { group })?;
        // Who takes it from the background would be stopped.
        let mut set = SigSet::empty();
        set.add(Signal::SIGTTOU);
        set.thread_block().ok()?;
        terminal.hand(terminal.group);
        Some(terminal)
    }

    fn hand(&self, group: Pid) {
        let raw = rustix::process::Pid::from_raw(group.as_raw());
        if raw.is_some_and(|raw| tcsetpgrp(stdin(), raw).is_ok()) {
            // It may have asked for the terminal before it had it, and been stopped.
            let _ = killpg(group, Signal::SIGCONT);
        }
    }

    /// The job was stopped by a key: so are we, and whoever is in a pipe with us, until
    /// the shell goes on.
    pub(crate) fn stopped(&self) {
        self.take_back();
        let _ = kill_current_process_group(rustix::process::Signal::TSTP);
        // Going on, in the foreground or behind it.
        if tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp()) {
            self.hand(self.group);
        } else {
            let _ = killpg(self.group, Signal::SIGCONT);
        }
    }

    /// Takes it back, where the job's group still has it.
    pub(crate) fn take_back(&self) {
        let theirs = tcgetpgrp(stdin());
        if theirs.is_ok_and(|group| group.as_raw_nonzero().get() == self.group.as_raw()) {
            let _ = tcsetpgrp(stdin(), getpgrp());
        }
    }
}
