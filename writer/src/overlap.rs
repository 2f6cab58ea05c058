//! Runs of one job that would overlap: told apart by a lock, and by the `.run` of a run
//! that holds none.

use std::os::fd::OwnedFd;

use heartbeat::{BootStamp, FileKind};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::args::Overlap;
use crate::leave::Place;
use crate::message::Refusal;
use crate::past::Past;

/// What becomes of a start.
#[derive(Debug)]
pub(crate) enum Turn {
    /// It runs; the lock is held as long as this is.
    Go(Option<OwnedFd>),
    /// Another run is going, of which this may be known.
    Taken(Option<Past>),
}

/// Waits for the turn, or says that it is taken.
///
/// # Errors
/// When the lock cannot be had; the job's fate must not hang on that.
pub(crate) fn turn(place: &Place<'_>, overlap: Overlap) -> Result<Turn, Refusal> {
    if overlap == Overlap::Allow {
        return Ok(Turn::Go(None));
    }
    let lock = place.lock_file()?;
    loop {
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::AGAIN) if overlap == Overlap::Skip => {
                return Ok(Turn::Taken(place.past(FileKind::Run)));
            }
            Err(Errno::AGAIN) => {
                match flock(&lock, FlockOperation::LockExclusive) {
                    Ok(()) | Err(Errno::INTR) => {}
                    Err(errno) => return Err(place.cannot_lock(errno)),
                }
                continue;
            }
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(place.cannot_lock(errno)),
        }
        // A run that took no lock, or whose wrapper was killed.
        match going(place) {
            None => return Ok(Turn::Go(Some(lock))),
            Some(past) if overlap == Overlap::Skip => return Ok(Turn::Taken(Some(past))),
            Some(past) => past.wait(),
        }
    }
}

fn going(place: &Place<'_>) -> Option<Past> {
    let past = place.past(FileKind::Run)?;
    past.lives(host().as_deref(), BootStamp::now())
        .then_some(past)
}

/// The name of this host, as beats carry it.
pub(crate) fn host() -> Option<String> {
    let system = rustix::system::uname();
    system.nodename().to_str().ok().map(str::to_owned)
}
