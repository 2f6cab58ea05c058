//! A file that the job writes to itself, as without `beat`: it was opened by whoever
//! started us, so its offset and its flags are the job's too. What came into it is read
//! afterwards.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::fs::{Mode, OFlags, SeekFrom, Stat, fcntl_getfl, open, seek};
use rustix::io::{Errno, pread};

use super::search::Search;
use super::tail::KEPT;
use super::{PIECE, Seen};

/// A file that grows.
#[derive(Debug)]
pub(crate) struct Grown {
    reader: OwnedFd,
    /// The descriptors that lead to it, and where each stood.
    ways: Vec<(BorrowedFd<'static>, u64)>,
    /// How long it was, where all that is written is appended.
    appended: Option<u64>,
}

impl Grown {
    pub(super) fn new(fd: BorrowedFd<'static>, path: &str, stat: &Stat) -> Result<Self, Errno> {
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let appends = fcntl_getfl(fd)?.contains(OFlags::APPEND);
        Ok(Self {
            reader: open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?,
            ways: vec![(fd, seek(fd, SeekFrom::Current(0))?)],
            appended: appends.then_some(size),
        })
    }

    /// Another descriptor leads to it.
    pub(super) fn join(&mut self, fd: BorrowedFd<'static>) {
        if let Ok(stood) = seek(fd, SeekFrom::Current(0)) {
            self.ways.push((fd, stood));
        }
    }

    /// From where to where it was written, as far as can be told: another process may
    /// have written between.
    fn range(&self) -> Option<(u64, u64)> {
        let written = self.ways.iter().filter_map(|(fd, stood)| {
            let stands = seek(*fd, SeekFrom::Current(0)).ok()?;
            let start = self.appended.unwrap_or(*stood);
            // Nothing went this way, or what did was cut off again.
            (stands != *stood && start < stands).then_some((start, stands))
        });
        written.reduce(|(start, end), (s, e)| (start.min(s), end.max(e)))
    }

    /// Looks at what came.
    pub(super) fn read(&self, text: Option<&[u8]>, seen: &mut Seen) {
        let Some((start, end)) = self.range() else {
            return;
        };
        seen.bytes += end - start;
        let mut search = text.map(Search::new);
        let mut at = match search {
            Some(_) => start,
            None => start.max(end.saturating_sub(KEPT as u64)),
        };
        if at > start {
            seen.tail.skip();
        }
        let mut piece = Vec::with_capacity(PIECE);
        while at < end {
            piece.clear();
            match pread(&self.reader, spare_capacity(&mut piece), at) {
                Ok(n) if n > 0 => at += n as u64,
                Err(Errno::INTR) => continue,
                _ => break,
            }
            let over = usize::try_from(at.saturating_sub(end)).unwrap_or(0);
            piece.truncate(piece.len().saturating_sub(over));
            seen.tail.push(&piece);
            if let Some(search) = &mut search {
                search.push(&piece);
            }
        }
        seen.found |= search.is_some_and(|search| search.found());
    }
}
