//! An output put aside until it is known whether the run fails: in a file without a
//! name, so that nothing is left behind whatever happens.

use std::env::var_os;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, open, openat, unlinkat};
use rustix::io::Errno;

use super::tail::Tail;
use crate::message::{complain, reason, write_all};

/// The most that is put aside, in bytes. Of what comes after it the end is kept.
const MOST: u64 = 64 * 1_024 * 1_024;

/// An output that was put aside.
#[derive(Debug)]
pub(crate) struct Spool {
    file: OwnedFd,
    kept: u64,
    room: u64,
    after: u64,
    end: Tail,
}

impl Spool {
    /// Makes one in `TMPDIR`, else in `/tmp`.
    pub(crate) fn new() -> Result<Self, Errno> {
        let named = var_os("TMPDIR").filter(|dir| !dir.is_empty());
        let file = match named.map(|dir| without_a_name(dir.into())) {
            Some(Ok(file)) => file,
            _ => without_a_name("/tmp".into())?,
        };
        Ok(Self {
            file,
            kept: 0,
            room: MOST,
            after: 0,
            end: Tail::default(),
        })
    }

    /// Puts this aside.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let now = bytes.len().min(usize::try_from(self.room).unwrap_or(0));
        let (head, rest) = bytes.split_at(now);
        let mut written = 0;
        while written < head.len() {
            match rustix::io::write(&self.file, &head[written..]) {
                Ok(n) if n > 0 => written += n,
                Err(Errno::INTR) => {}
                // No room: what there is must do.
                _ => {
                    self.room = 0;
                    self.pass_by(&head[written..]);
                    break;
                }
            }
        }
        self.kept += written as u64;
        self.room = self.room.saturating_sub(written as u64);
        self.pass_by(rest);
    }

    fn pass_by(&mut self, bytes: &[u8]) {
        self.after += bytes.len() as u64;
        self.end.push(bytes);
    }

    /// Puts out all that was kept. A reader that went away is no error.
    pub(crate) fn print(&self, to: BorrowedFd<'_>) {
        match self.again(to) {
            Ok(true) => {}
            Ok(false) => return,
            Err((lost, errno)) => complain(&format!(
                "beat: {lost} bytes of output are lost, they were put aside and cannot be read: {}\n",
                reason(errno)
            )),
        }
        let end = self.end.bytes();
        let left_out = self.after - end.len() as u64;
        if left_out > 0 {
            complain(&format!(
                "beat: {left_out} bytes of output are left out here\n"
            ));
        }
        let _ = write_all(to, end);
    }

    /// Puts out what was put aside; whether anybody still reads it. An error when it cannot
    /// be read again, with the number of bytes that are lost.
    fn again(&self, to: BorrowedFd<'_>) -> Result<bool, (u64, Errno)> {
        let mut piece = Vec::with_capacity(super::PIECE);
        let mut at = 0;
        while at < self.kept {
            piece.clear();
            let space = rustix::buffer::spare_capacity(&mut piece);
            match rustix::io::pread(&self.file, space, at) {
                Ok(0) => return Err((self.kept - at, Errno::IO)),
                Ok(n) => at += n as u64,
                Err(Errno::INTR) => continue,
                Err(errno) => return Err((self.kept - at, errno)),
            }
            if write_all(to, &piece).is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn without_a_name(dir: PathBuf) -> Result<OwnedFd, Errno> {
    let mode = Mode::from_raw_mode(0o600);
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    match open(&dir, flags | OFlags::TMPFILE, mode) {
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {}
        result => return result,
    }
    // A file system that knows no file without a name: one is taken away at once.
    let path = dir.join(format!(
        ".beat.{}",
        rustix::process::getpid().as_raw_nonzero()
    ));
    let fresh = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
    let file = openat(CWD, &path, flags | fresh, mode)?;
    unlinkat(CWD, &path, AtFlags::empty())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::AsFd;

    fn printed(spool: &Spool) -> Vec<u8> {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let read = std::thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            all
        });
        spool.print(writer.as_fd());
        drop(writer);
        read.join().unwrap()
    }

    #[test]
    fn what_was_put_aside_comes_out_as_it_went_in() {
        let mut spool = Spool::new().unwrap();
        let bytes: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
        bytes.chunks(70_001).for_each(|piece| spool.push(piece));
        assert_eq!(printed(&spool), bytes);
    }

    #[test]
    fn what_cannot_be_read_again_is_counted() {
        let mut spool = Spool::new().unwrap();
        spool.push(b"0123");
        let (_reader, writer) = std::io::pipe().unwrap();
        assert_eq!(spool.again(writer.as_fd()), Ok(true));
        spool.file = open("/dev/null", OFlags::WRONLY, Mode::empty()).unwrap();
        assert_eq!(spool.again(writer.as_fd()), Err((4, Errno::BADF)));
        spool.file = open("/dev/null", OFlags::RDONLY, Mode::empty()).unwrap();
        assert_eq!(spool.again(writer.as_fd()), Err((4, Errno::IO)));
    }

    #[test]
    fn beyond_the_limit_the_end_is_kept() {
        let mut spool = Spool::new().unwrap();
        spool.room = 10;
        spool.push(b"0123456");
        spool.push(b"789abc");
        assert_eq!(printed(&spool), b"0123456789abc");
        spool.push(&[b'x'; 100_000]);
        spool.push(b"end");
        let all = printed(&spool);
        assert!(all.starts_with(b"0123456789xxx") && all.ends_with(b"xend"));
        assert!(all.len() < 20_000);
    }
}
