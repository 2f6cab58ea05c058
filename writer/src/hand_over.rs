//! What outlives the job and still has its output: a daemon that it started. `beat` ends
//! with the job, so that output is handed over to a process that does nothing but pass
//! it on: this program, started once more.

use std::ffi::OsString;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use nix::sys::signal::SigSet;
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, Dir, Mode, OFlags, openat};
use rustix::io::{Errno, read};
use rustix::stdio::{stderr, stdin, stdout};

use crate::capture::Rest;
use crate::message::write_all;
use crate::spawn::Start;

/// The word that makes this program pass on. No job has such a name.
const WORD: &str = "--pass-on-what-outlives-the-job";

/// Whether that is what the arguments ask for.
pub(crate) fn is_asked(args: impl IntoIterator<Item = OsString>) -> bool {
    args.into_iter().nth(1).is_some_and(|word| word == WORD)
}

/// Hands one stream over. Where it goes when nobody is to see it: nowhere. What cannot be
/// handed over is closed, and whoever writes there is told by the kernel.
pub(crate) fn hand_over(rest: &Rest, seen: bool, mask: &SigSet) {
    let nowhere = |flags| openat(CWD, "/dev/null", flags | OFlags::CLOEXEC, Mode::empty());
    let (Ok(empty), Ok(out)) = (nowhere(OFlags::RDONLY), nowhere(OFlags::WRONLY)) else {
        return;
    };
    let pending = rest.pending.as_ref().unwrap_or(&empty);
    let source = rest.source.as_ref().unwrap_or(&empty);
    let to = if seen {
        rest.outer.as_raw_fd()
    } else {
        out.as_raw_fd()
    };
    let descriptors = [
        (to, stdout().as_raw_fd()),
        (source.as_raw_fd(), stderr().as_raw_fd()),
        (pending.as_raw_fd(), stdin().as_raw_fd()),
    ];
    let start = Start {
        mask,
        own_group: false,
        descriptors: &descriptors,
        closed: &inherited(),
        variables: &[],
    };
    let _ = start.start(&["/proc/self/exe".into(), WORD.into()]);
}

/// What we inherited besides the three: it is not the passer-on's to keep open.
fn inherited() -> Vec<RawFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = openat(CWD, "/proc/self/fd", flags, Mode::empty());
    let Ok(entries) = dir.and_then(Dir::new) else {
        return Vec::new();
    };
    let number = |entry: rustix::fs::DirEntry| entry.file_name().to_str().ok()?.parse().ok();
    let numbers = entries.filter_map(Result::ok).filter_map(number);
    numbers.filter(|number: &RawFd| *number > 2).collect()
}

/// Passes on what comes by stdin, and then what comes by stderr, to stdout, until nobody
/// writes or nobody reads.
pub(crate) fn pass_on() {
    // No key at the terminal is meant for it.
    let _ = rustix::process::setsid();
    let _ = pass(stdin()).and_then(|()| pass(stderr()));
}

fn pass(from: BorrowedFd<'_>) -> Result<(), Errno> {
    let mut piece = Vec::with_capacity(64 * 1_024);
    loop {
        let mut fds = [
            PollFd::from_borrowed_fd(from, PollFlags::IN),
            PollFd::from_borrowed_fd(stdout(), PollFlags::empty()),
        ];
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        if fds[1].revents().contains(PollFlags::ERR) {
            return Err(Errno::PIPE);
        }
        piece.clear();
        match read(from, spare_capacity(&mut piece)) {
            Ok(0) => return Ok(()),
            Ok(_) => write_all(stdout(), &piece)?,
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => return Err(errno),
        }
    }
}
