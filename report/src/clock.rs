//! Time: the only file of the reporter that reads a clock.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the file in which the clock is read"
)]

use chrono::Utc;
use heartbeat::BootStamp;
use watch::Now;

/// This moment, on both clocks. Read once and handed down.
#[must_use]
pub fn now() -> Now {
    Now {
        wall: Utc::now(),
        boot: BootStamp::now(),
    }
}
