//! The ways in which files are opened here. Nothing that is opened leaks into a job that
//! is started meanwhile, and what no reader follows no writer follows either.

use rustix::fs::OFlags;

/// To read.
pub(crate) const READ: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC);

/// A directory.
pub(crate) const DIRECTORY: OFlags = READ.union(OFlags::DIRECTORY);

/// A directory that may be a user's: a link there leads nowhere.
#[cfg(feature = "read")]
pub(crate) const USERS_DIRECTORY: OFlags = DIRECTORY.union(OFlags::NOFOLLOW);

/// A file that may be a link, a FIFO or a terminal instead: neither followed nor waited
/// for, nor taken for the terminal of the process.
#[cfg(feature = "read")]
pub(crate) const USERS_FILE: OFlags = READ
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);

/// A place, without touching what lies there.
#[cfg(feature = "read")]
pub(crate) const PLACE: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A file that is not there yet.
pub(crate) const NEW: OFlags = OFlags::WRONLY
    .union(OFlags::CREATE)
    .union(OFlags::EXCL)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
