//! Signals while a job runs: held back from `beat`, so that they cannot end it
//! before the record is written, and handed on to the job.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, killpg};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use rustix::process::{WaitOptions, WaitStatus, waitpid};
use signal_hook::flag;

/// Signals that are handed on.
const HANDED_ON: [Signal; 6] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// Turns a limit on the size of files into an error of the write that meets it. The
/// signal that the kernel would send instead kills, and leaves half a file.
pub(crate) fn outlive_size_limit() {
    let mut set = SigSet::empty();
    set.add(Signal::SIGXFSZ);
    // Where it cannot be held back it kills, as it would have.
    let _ = set.thread_block();
}

/// Where a signal comes from when a terminal sends it: from the kernel, to the
/// whole process group, so that the job has it already.
const FROM_KERNEL: i32 = 0x80;

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Killed(i32),
    /// The kernel does not tell.
    Untold(Errno),
}

impl End {
    /// The code with which a shell would go on.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Exited(code) => code as u8,
            Self::Killed(signal) => 128u8.saturating_add(signal as u8),
            Self::Untold(_) => 125,
        }
    }
}

impl From<WaitStatus> for End {
    fn from(status: WaitStatus) -> Self {
        match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, Some(signal)) => Self::Killed(signal),
            (None, None) => Self::Untold(Errno::EINVAL),
        }
    }
}

/// The name of a signal without its `SIG`, or its number.
pub(crate) fn name(signal: i32) -> String {
    match Signal::try_from(signal) {
        Ok(signal) => signal.as_str().trim_start_matches("SIG").to_owned(),
        Err(_) => signal.to_string(),
    }
}

/// Signals that are held back.
pub(crate) struct Held {
    before: SigSet,
    descriptor: Option<SignalFd>,
}

impl Held {
    /// Holds them back from here on.
    pub(crate) fn hold() -> Self {
        // Whoever started this program may have left SIGCHLD ignored, and then the
        // kernel tells nobody how a child ended. A handler, which the job does not
        // inherit, brings it back; the flag that it sets is not needed.
        let _ = flag::register(Signal::SIGCHLD as i32, Arc::default());
        let mut set = SigSet::empty();
        set.add(Signal::SIGCHLD);
        for signal in HANDED_ON {
            set.add(signal);
        }
        let descriptor = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC).ok();
        // Without a descriptor nobody could hand them on: they stay as they are.
        if descriptor.is_none() {
            set = SigSet::empty();
        }
        set.add(Signal::SIGXFSZ);
        let before = set
            .thread_swap_mask(SigmaskHow::SIG_BLOCK)
            .unwrap_or_else(|_| SigSet::empty());
        Self { before, descriptor }
    }

    /// Lets them through again: the job has ended, and what comes now is for us. A
    /// limit on the size of files still is an error, no end.
    pub(crate) fn let_go(&self) {
        let mut mask = self.before;
        mask.add(Signal::SIGXFSZ);
        let _ = mask.thread_set_mask();
    }

    /// The mask as it was: the job's.
    pub(crate) fn before(&self) -> &SigSet {
        &self.before
    }

    /// What tells that a signal has come.
    pub(crate) fn watched(&self) -> Option<BorrowedFd<'_>> {
        self.descriptor.as_ref().map(AsFd::as_fd)
    }

    /// Takes a signal that has come.
    pub(crate) fn take(&self) -> Option<Came> {
        let info = self.descriptor.as_ref()?.read_signal().ok()??;
        Some(Came {
            signal: Signal::try_from(info.ssi_signo as i32).ok()?,
            from_kernel: info.ssi_code == FROM_KERNEL,
        })
    }
}

/// A signal that has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Came {
    signal: Signal,
    from_kernel: bool,
}

impl Came {
    /// Whether it is about us, and not the word of the kernel that a child has ended.
    pub(crate) fn is_told(self) -> bool {
        self.signal != Signal::SIGCHLD
    }

    /// Hands it on to the job, or to the group that it leads.
    pub(crate) fn hand_on(self, job: Pid, group: bool) {
        // It can only fail when the job has just ended.
        let _ = match (self.is_told(), group, self.from_kernel) {
            (false, ..) => Ok(()),
            (_, true, _) => killpg(job, self.signal),
            // The terminal told the job too.
            (_, false, true) => Ok(()),
            (_, false, false) => kill(job, self.signal),
        };
    }
}

/// What became of the job since it was last asked.
pub(crate) enum Change {
    /// Nothing.
    None,
    /// It was stopped.
    Stopped,
    /// It has ended.
    Ended(End),
}

/// Asks, without waiting; with `stops` also for a stop.
pub(crate) fn ask(job: Pid, stops: bool) -> Change {
    let Some(pid) = rustix::process::Pid::from_raw(job.as_raw()) else {
        return Change::Ended(End::Untold(Errno::ESRCH));
    };
    let mut options = WaitOptions::NOHANG;
    if stops {
        options |= WaitOptions::UNTRACED;
    }
    match waitpid(Some(pid), options) {
        Ok(Some((_, status))) if status.stopped() => Change::Stopped,
        Ok(Some((_, status))) => Change::Ended(status.into()),
        Ok(None) | Err(rustix::io::Errno::INTR) => Change::None,
        Err(errno) => Change::Ended(End::Untold(Errno::from_raw(errno.raw_os_error()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_as_a_shell_tells_them() {
        assert_eq!(End::Exited(7).code(), 7);
        assert_eq!(End::Killed(15).code(), 143);
        assert_eq!(name(15), "TERM");
        assert_eq!(name(34), "34");
    }
}
