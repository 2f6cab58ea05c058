//! The stand-in's clock: the machine's own, or one that moves only when told.
//!
//! The only file of the stand-in that reads the time. It never sets anything
//! and never waits.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// What time the forge thinks it is. Never goes back.
#[derive(Debug, Clone)]
pub struct Clock {
    base: Option<DateTime<Utc>>,
    shift: TimeDelta,
    latest: DateTime<Utc>,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn real() -> Self {
        Self {
            base: None,
            shift: TimeDelta::zero(),
            latest: DateTime::UNIX_EPOCH,
        }
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn standing_at(start: DateTime<Utc>) -> Self {
        Self {
            base: Some(start),
            ..Self::real()
        }
    }

    /// Moves the clock ahead. A real clock keeps running from there.
    pub fn advance(&mut self, by: Duration) {
        let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::zero());
        self.shift = self.shift.checked_add(&by).unwrap_or(self.shift);
    }

    /// The time now; never earlier than what was answered before.
    #[expect(
        clippy::disallowed_methods,
        reason = "the stand-in's one look at the clock"
    )]
    pub fn now(&mut self) -> DateTime<Utc> {
        let now = self.base.unwrap_or_else(Utc::now);
        let now = now.checked_add_signed(self.shift).unwrap_or(now);
        self.latest = self.latest.max(now);
        self.latest
    }
}
