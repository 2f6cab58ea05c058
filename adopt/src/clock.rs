//! Time: the only file of this room that reads a clock.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the file in which the clock is read"
)]

use chrono::{DateTime, Utc};

/// This moment. Read once and handed down.
#[must_use]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
