//! Where an output goes, without ever waiting there: who waits hands no signal on and
//! keeps no time limit. The flags of what was inherited stay as they are, because others
//! share them.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::PollFlags;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};

use super::PIECE;
use super::spool::Spool;
use super::stream::filled;

/// Where an output goes.
#[derive(Debug)]
pub(crate) enum Sink {
    /// Into `/dev/null`: nowhere.
    Null(BorrowedFd<'static>),
    /// Into a pipe.
    Pipe(Pipe),
    /// Into a socket.
    Socket(BorrowedFd<'static>),
    /// Into something that takes all there is at once.
    File(BorrowedFd<'static>),
    /// Aside, until it is known whether the run fails.
    Spool(Spool),
}

/// A pipe that is written to without waiting.
#[derive(Debug)]
pub(crate) struct Pipe {
    fd: BorrowedFd<'static>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    /// The same pipe, opened once more: flags of our own.
    Own(OwnedFd),
    /// Through a pipe of our own (its ends, and how much is in it), because only a
    /// pipe can be emptied into a pipe without waiting.
    Through(OwnedFd, OwnedFd, usize),
    /// As it is: it may make us wait.
    Plain,
}

impl Pipe {
    pub(crate) fn new(fd: BorrowedFd<'static>, path: &str) -> Self {
        // Whoever gave us the pipe may be another user: cron is.
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let way = match open(path, flags, Mode::empty()) {
            Ok(own) => Way::Own(own),
            Err(_) => match pipe_with(PipeFlags::CLOEXEC) {
                Ok((end, start)) => Way::Through(end, start, 0),
                Err(_) => Way::Plain,
            },
        };
        Self { fd, way }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        match &mut self.way {
            Way::Own(own) => rustix::io::write(own, bytes),
            Way::Plain => rustix::io::write(self.fd, bytes),
            Way::Through(_, _, inside) if *inside > 0 => Err(Errno::AGAIN),
            Way::Through(_, start, inside) => {
                // It is empty, and takes so much.
                let taken = rustix::io::write(start, &bytes[..bytes.len().min(PIECE)])?;
                *inside = taken;
                self.empty()?;
                Ok(taken)
            }
        }
    }

    /// Passes on what is in the pipe of our own; says whether nothing is left there.
    fn empty(&mut self) -> Result<bool, Errno> {
        if let Way::Through(end, _, inside) = &mut self.way {
            while *inside > 0 {
                match splice(&*end, None, self.fd, None, *inside, SpliceFlags::NONBLOCK) {
                    Ok(moved) => *inside = inside.saturating_sub(moved.max(1)),
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => return Ok(false),
                    Err(errno) => return Err(errno),
                }
            }
        }
        Ok(true)
    }
}

impl Pipe {
    /// A pipe with all that has not yet been passed on in it; `None` for nothing.
    pub(crate) fn into_pending(self, left: &[u8]) -> Option<OwnedFd> {
        match self.way {
            Way::Through(end, start, inside) if inside > 0 => {
                // Twice a piece, and room for how it lies in there.
                let _ = fcntl_setpipe_size(&start, 4 * PIECE);
                let _ = rustix::io::write(&start, left);
                Some(end)
            }
            _ => filled(left),
        }
    }
}

impl Sink {
    /// Takes some of it.
    ///
    /// # Errors
    /// `AGAIN` when there is no room now; anything else means that nothing will ever
    /// go there again.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        match self {
            Self::Null(_) => Ok(bytes.len()),
            Self::Pipe(pipe) => pipe.put(bytes),
            Self::Socket(fd) => send(*fd, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL),
            Self::File(fd) => rustix::io::write(*fd, bytes),
            Self::Spool(spool) => {
                spool.push(bytes);
                Ok(bytes.len())
            }
        }
    }

    /// Passes on what was taken and lies on the way; says whether nothing is left.
    pub(crate) fn flush(&mut self) -> Result<bool, Errno> {
        match self {
            Self::Pipe(pipe) => pipe.empty(),
            _ => Ok(true),
        }
    }

    /// Moves bytes from a pipe without looking at them, where that can be done.
    pub(crate) fn move_from(&mut self, source: &OwnedFd, most: usize) -> Result<usize, Errno> {
        let to = match self {
            Self::Null(fd) => *fd,
            Self::Pipe(pipe) => pipe.fd,
            _ => return Err(Errno::INVAL),
        };
        splice(source, None, to, None, most, SpliceFlags::NONBLOCK)
    }

    /// What tells when there is room, and when the reader has gone.
    pub(crate) fn watched(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Pipe(pipe) => Some(match &pipe.way {
                Way::Own(own) => own.as_fd(),
                _ => pipe.fd,
            }),
            Self::Socket(fd) => Some(*fd),
            Self::Null(_) | Self::File(_) | Self::Spool(_) => None,
        }
    }

    /// What it says when the reader has gone.
    pub(crate) fn gone(&self) -> PollFlags {
        match self {
            Self::Socket(_) => PollFlags::HUP,
            _ => PollFlags::ERR,
        }
    }
}
