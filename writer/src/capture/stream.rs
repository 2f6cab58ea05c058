//! One stream of a job's output, on its way.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags};
use rustix::io::{Errno, ioctl_fionread, read};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use super::search::Search;
use super::sink::Sink;
use super::tail::KEPT;
use super::{PIECE, Seen};
use crate::args::Run;
use crate::message::{complain, reason};

/// A pipe through which much goes is made this large.
const LARGE: usize = 1_024 * 1_024;

/// Pieces that one stream may pass on before others have their turn.
const TURN: usize = 16;

/// One stream on its way.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Where the job writes; `None` when nobody can any more.
    source: Option<OwnedFd>,
    /// Where it goes; `None` when nobody reads it.
    sink: Option<Sink>,
    /// Where it goes in the end.
    outer: BorrowedFd<'static>,
    /// Read and not yet passed on: from `passed` on.
    piece: Vec<u8>,
    passed: usize,
    search: Option<Search>,
    /// There is no room in the sink now.
    full: bool,
    /// There was nothing in the source.
    dry: bool,
    /// Much comes: it is moved, not copied.
    bulk: bool,
}

/// What a stream may still bring, after the job.
#[derive(Debug)]
pub(crate) struct Rest {
    /// What was read and could not be passed on: a pipe with it in it.
    pub(crate) pending: Option<OwnedFd>,
    /// Where others may still write.
    pub(crate) source: Option<OwnedFd>,
    /// Where it goes.
    pub(crate) outer: BorrowedFd<'static>,
    /// Whether it was put aside until now.
    pub(crate) aside: bool,
}

impl Stream {
    pub(super) fn new(source: OwnedFd, sink: Sink, outer: BorrowedFd<'static>, run: &Run) -> Self {
        Self {
            source: Some(source),
            sink: Some(sink),
            outer,
            piece: Vec::new(),
            passed: 0,
            search: run.expect.text.as_deref().map(Search::new),
            full: false,
            dry: false,
            bulk: false,
        }
    }

    /// Which of the two are watched: source and sink.
    pub(super) fn watches(&self) -> (bool, bool) {
        let sink = self.sink.as_ref().and_then(Sink::watched).is_some();
        (self.source.is_some() && !self.full, sink && !self.is_over())
    }

    /// The same, to be polled.
    pub(super) fn polled(&self) -> impl Iterator<Item = PollFd<'_>> {
        let (source, sink) = self.watches();
        let source = self.source.as_ref().filter(|_| source);
        let sink = self.sink.as_ref().and_then(Sink::watched).filter(|_| sink);
        let room = if self.full {
            PollFlags::OUT
        } else {
            PollFlags::empty()
        };
        let source = source.map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN));
        let sink = sink.map(|fd| PollFd::from_borrowed_fd(fd, room));
        source.into_iter().chain(sink)
    }

    /// Does what the two have become ready for.
    pub(super) fn act(&mut self, source: PollFlags, sink: PollFlags, seen: &mut Seen) {
        if self
            .sink
            .as_ref()
            .is_some_and(|s| sink.intersects(s.gone()))
        {
            self.broken();
        }
        if !source.is_empty() || !sink.is_empty() {
            self.step(seen);
        }
    }

    /// Passes on all that is there, as long as there is room.
    pub(super) fn sweep(&mut self, seen: &mut Seen) {
        while !self.is_over() && !self.dry && !self.full {
            self.step(seen);
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.source.is_none() && !self.pending()
    }

    pub(super) fn is_dry(&self) -> bool {
        self.dry && !self.pending()
    }

    pub(super) fn found(&self) -> bool {
        self.search.as_ref().is_some_and(Search::found)
    }

    pub(super) fn print(&self) {
        if let Some(Sink::Spool(spool)) = &self.sink {
            spool.print(self.outer);
        }
    }

    fn pending(&self) -> bool {
        self.full || self.passed < self.piece.len()
    }

    /// The reader has gone: the job meets that itself, at its next write.
    fn broken(&mut self) {
        self.source = None;
        self.sink = None;
        self.piece.clear();
        self.passed = 0;
        self.full = false;
    }

    fn step(&mut self, seen: &mut Seen) {
        for _ in 0..TURN {
            if let Err(errno) = self.pass_on() {
                return self.failed(errno);
            }
            if self.full {
                return;
            }
            if self.bulk && self.move_on(seen) {
                continue;
            }
            if self.full {
                return;
            }
            let Some(source) = &self.source else { return };
            self.piece.clear();
            self.passed = 0;
            if self.piece.capacity() == 0 {
                self.piece.reserve_exact(PIECE);
            }
            match read(source, spare_capacity(&mut self.piece)) {
                Ok(0) => self.source = None,
                Ok(n) => {
                    self.dry = false;
                    seen.bytes += n as u64;
                    seen.tail.push(&self.piece);
                    if let Some(search) = &mut self.search {
                        search.push(&self.piece);
                    }
                    if n >= PIECE && !self.bulk {
                        self.bulk = true;
                        // It goes on as it is where that is not allowed.
                        let _ = fcntl_setpipe_size(source, LARGE);
                    }
                    if n < PIECE {
                        // There is hardly more: who waits for this gets it now.
                        if let Err(errno) = self.pass_on() {
                            self.failed(errno);
                        }
                        return;
                    }
                }
                Err(Errno::AGAIN) => {
                    self.dry = true;
                    return;
                }
                Err(Errno::INTR) => {}
                Err(_) => self.source = None,
            }
        }
    }

    /// Passes on what was read.
    fn pass_on(&mut self) -> Result<(), Errno> {
        let Some(sink) = &mut self.sink else {
            return Ok(());
        };
        self.full = false;
        while self.passed < self.piece.len() {
            match sink.put(&self.piece[self.passed..]) {
                Ok(0) => return Err(Errno::IO),
                Ok(n) => self.passed += n,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.full = true;
                    break;
                }
                Err(errno) => return Err(errno),
            }
        }
        self.full |= !sink.flush()?;
        Ok(())
    }

    /// Moves what is in the source without looking at it, all but its end. Says whether
    /// it did.
    fn move_on(&mut self, seen: &mut Seen) -> bool {
        let (Some(source), Some(sink)) = (&self.source, &mut self.sink) else {
            return false;
        };
        let looked_for = self.search.as_ref().is_some_and(|search| !search.found());
        let there = ioctl_fionread(source).unwrap_or(0) as usize;
        if looked_for || there <= PIECE {
            return false;
        }
        match sink.move_from(source, there - KEPT) {
            Ok(moved) if moved > 0 => {
                seen.bytes += moved as u64;
                seen.tail.skip();
                true
            }
            Err(Errno::INTR) => true,
            Err(Errno::AGAIN) => {
                self.full = true;
                false
            }
            Err(Errno::PIPE) => {
                self.broken();
                false
            }
            // It is copied, then.
            _ => {
                self.bulk = false;
                false
            }
        }
    }

    fn failed(&mut self, errno: Errno) {
        if !matches!(errno, Errno::PIPE | Errno::CONNRESET) {
            complain(&format!(
                "beat: the job's output cannot be written: {}\n",
                reason(errno)
            ));
        }
        self.broken();
    }

    /// What it may still bring; `None` when nothing.
    pub(crate) fn rest(self) -> Option<Rest> {
        if self.is_over() {
            return None;
        }
        let left = &self.piece[self.passed..];
        let (aside, pending) = match self.sink {
            Some(Sink::Spool(_)) => (true, None),
            Some(Sink::Pipe(pipe)) => (false, pipe.into_pending(left)),
            _ => (false, filled(left)),
        };
        Some(Rest {
            pending,
            source: self.source,
            outer: self.outer,
            aside,
        })
    }
}

/// A pipe with this in it, which is at most a piece; `None` for nothing.
pub(super) fn filled(bytes: &[u8]) -> Option<OwnedFd> {
    if bytes.is_empty() {
        return None;
    }
    let (end, start) = pipe_with(PipeFlags::CLOEXEC).ok()?;
    rustix::io::write(&start, bytes).ok()?;
    Some(end)
}
