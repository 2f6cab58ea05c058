//! The only file of the writer that reads the clock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::BootStamp;
use rustix::time::{ClockId, Timespec, clock_gettime};

/// A moment by both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// By the wall clock.
    pub(crate) wall: DateTime<Utc>,
    /// By the boot clock, where the kernel tells which boot it is.
    pub(crate) boot: Option<BootStamp>,
}

impl Moment {
    /// The time since an earlier moment, by the boot clock where there is one.
    pub(crate) fn since(&self, earlier: &Self) -> Option<Duration> {
        match (self.boot, earlier.boot) {
            (Some(now), Some(then)) => now.uptime.checked_sub(then.uptime),
            _ => (self.wall - earlier.wall).to_std().ok(),
        }
    }
}

/// Now.
pub(crate) fn now() -> Moment {
    let time = clock_gettime(ClockId::Realtime);
    // The kernel's nanoseconds are below a second; its clock ends before chrono's.
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
    Moment {
        wall: DateTime::from_timestamp(time.tv_sec, nanoseconds).unwrap_or_default(),
        boot: BootStamp::now(),
    }
}

/// The clock that waits are measured by. It stands still while the host sleeps, as
/// the job does.
pub(crate) fn ticks() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The wall clock as file systems read it for the times of files: some
/// milliseconds behind.
pub(crate) fn of_files() -> Timespec {
    clock_gettime(ClockId::RealtimeCoarse)
}
