//! What a job puts out passes through here, byte for byte and as soon as it is there;
//! its end is kept. A terminal is left to the job untouched, and so is a file: of that
//! the end is read afterwards.

mod grown;
mod sink;
mod spool;
mod stream;
mod tail;

pub(crate) mod search;

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, OFlags, Stat, fcntl_getfl, fcntl_setfl, fstat, makedev};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio::{stderr, stdout};

use crate::args::Run;
use grown::Grown;
use sink::{Pipe, Sink};
use spool::Spool;
use tail::Tail;

pub(crate) use stream::{Rest, Stream};

/// So much is read at once: what a pipe holds.
const PIECE: usize = 64 * 1_024;

/// What the job puts out.
#[derive(Debug)]
pub(crate) struct Capture {
    streams: Vec<Stream>,
    files: Vec<Grown>,
    seen: Seen,
    /// Whether something goes where it is not seen.
    blind: bool,
}

/// What was seen of the output as a whole.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    tail: Tail,
    bytes: u64,
    found: bool,
}

/// What the job is started with: ends of pipes, and as which descriptors.
#[derive(Debug, Default)]
pub(crate) struct Ends(Vec<(OwnedFd, RawFd)>);

impl Ends {
    /// Pairs of ours and the job's.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (RawFd, RawFd)> {
        self.0
            .iter()
            .map(|(ours, theirs)| (ours.as_raw_fd(), *theirs))
    }
}

impl Capture {
    /// Looks where the output goes and makes the pipes that are needed. What cannot be
    /// made is not: the job then writes where it would have without.
    pub(crate) fn open(run: &Run) -> (Self, Ends) {
        let mut capture = Self {
            streams: Vec::new(),
            files: Vec::new(),
            seen: Seen::default(),
            blind: false,
        };
        let mut ends = Ends::default();
        let mut first: Option<Stat> = None;
        for (fd, number) in [(stdout(), 1), (stderr(), 2)] {
            let Ok(stat) = fstat(fd) else {
                capture.blind = true;
                continue;
            };
            // Both lead to the same place: one pipe keeps the order.
            let same = |other: &Stat| (other.st_dev, other.st_ino) == (stat.st_dev, stat.st_ino);
            if first.as_ref().is_some_and(same) {
                capture.join(fd, number, &mut ends);
            } else {
                capture.add(run, fd, number, &stat, &mut ends);
            }
            first = Some(stat);
        }
        (capture, ends)
    }

    fn add(
        &mut self,
        run: &Run,
        fd: BorrowedFd<'static>,
        number: RawFd,
        stat: &Stat,
        ends: &mut Ends,
    ) {
        let path = if number == 1 {
            "/proc/self/fd/1"
        } else {
            "/proc/self/fd/2"
        };
        let looked_at = run.expect.output || run.expect.text.is_some();
        let spool = if run.quiet { Spool::new().ok() } else { None };
        let kind = FileType::from_raw_mode(stat.st_mode);
        let sink = match (spool, kind) {
            (Some(spool), _) => Sink::Spool(spool),
            (None, FileType::Fifo) => Sink::Pipe(Pipe::new(fd, path)),
            (None, FileType::Socket) => Sink::Socket(fd),
            (None, FileType::CharacterDevice) if stat.st_rdev == makedev(1, 3) => Sink::Null(fd),
            (None, FileType::RegularFile) => match Grown::new(fd, path, stat) {
                Ok(grown) => return self.files.push(grown),
                // It cannot be read back. Who must look at it looks while it passes.
                Err(_) if looked_at => Sink::File(fd),
                Err(_) => {
                    self.blind = true;
                    return;
                }
            },
            _ => {
                self.blind = true;
                return;
            }
        };
        let Ok((source, end)) = new_pipe() else {
            self.blind = true;
            return;
        };
        ends.0.push((end, number));
        self.streams.push(Stream::new(source, sink, fd, run));
    }

    fn join(&mut self, fd: BorrowedFd<'static>, number: RawFd, ends: &mut Ends) {
        if let Some(file) = self.files.last_mut() {
            file.join(fd);
        } else if let Some((end, _)) = ends.0.last()
            && let Ok(end) = end.try_clone()
        {
            ends.0.push((end, number));
        }
    }

    /// Waits until something can be done and does it, but no longer than this. Returns
    /// whether a signal has come.
    pub(crate) fn wait(
        &mut self,
        signals: Option<BorrowedFd<'_>>,
        timeout: Option<Duration>,
    ) -> bool {
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        });
        let mut fds = Vec::with_capacity(5);
        for stream in &self.streams {
            fds.extend(stream.polled());
        }
        fds.extend(signals.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {}
            Err(_) => return false,
        }
        let mut said = fds.into_iter().map(|fd| fd.revents());
        let mut ready = [(PollFlags::empty(), PollFlags::empty()); 2];
        for (stream, ready) in self.streams.iter().zip(&mut ready) {
            let (source, sink) = stream.watches();
            let mut next = |there: bool| {
                let said = there.then(|| said.next()).flatten();
                said.unwrap_or(PollFlags::empty())
            };
            *ready = (next(source), next(sink));
        }
        let signal = said.next().is_some_and(|said| !said.is_empty());
        for (stream, (source, sink)) in self.streams.iter_mut().zip(ready) {
            stream.act(source, sink, &mut self.seen);
        }
        signal
    }

    /// Passes on all that is there now.
    pub(crate) fn sweep(&mut self) {
        for stream in &mut self.streams {
            stream.sweep(&mut self.seen);
        }
    }

    /// Whether nothing can come any more, and all that came was passed on.
    pub(crate) fn is_over(&self) -> bool {
        self.streams.iter().all(Stream::is_over)
    }

    /// Whether all that came was passed on, and somebody else can still put out more.
    pub(crate) fn is_dry(&self) -> bool {
        self.streams
            .iter()
            .all(|stream| stream.is_over() || stream.is_dry())
    }

    /// Looks at the files that the job wrote itself. Once, when it has ended.
    pub(crate) fn read_files(&mut self, run: &Run) {
        for file in &self.files {
            file.read(run.expect.text.as_deref(), &mut self.seen);
        }
        let found = |stream: &Stream| stream.found();
        self.seen.found |= self.streams.iter().any(found);
    }

    /// Bytes that came out, if all of it was seen.
    pub(crate) fn bytes(&self) -> Option<u64> {
        (!self.blind).then_some(self.seen.bytes)
    }

    /// Whether anything came out; `None` where that cannot be told.
    pub(crate) fn any(&self) -> Option<bool> {
        (self.seen.bytes > 0 || !self.blind).then_some(self.seen.bytes > 0)
    }

    /// Whether the text that is looked for came out; `None` where that cannot be told.
    pub(crate) fn found(&self) -> Option<bool> {
        (self.seen.found || !self.blind).then_some(self.seen.found)
    }

    /// The end of the output, from a whole line on.
    pub(crate) fn tail(&self) -> &[u8] {
        self.seen.tail.whole()
    }

    /// Puts out what was put aside.
    pub(crate) fn print(&self) {
        for stream in &self.streams {
            stream.print();
        }
    }

    /// The streams, to hand over what they still may bring.
    pub(crate) fn into_streams(self) -> Vec<Stream> {
        self.streams
    }
}

/// A pipe; reading from it does not wait.
fn new_pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    let (source, end) = pipe_with(PipeFlags::CLOEXEC)?;
    fcntl_setfl(&source, fcntl_getfl(&source)? | OFlags::NONBLOCK)?;
    Ok((source, end))
}
